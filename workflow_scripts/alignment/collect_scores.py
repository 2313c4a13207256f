"""Collect all shards into two tables: one row a cell, and one row a cell and split."""

import logging

import pandas as pd

from workflow_scripts.alignment.shard_file import PAIR, read_shard
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import write_table
from workflow_scripts.common.job import job


def main(shards, scores_path, splits_path):
    """Write both tables."""
    cells, splits = zip(*map(read_shard, shards), strict=True)
    cells = pd.concat(cells, ignore_index=True)
    twice = cells[cells.duplicated(["comparison", "method", *PAIR])]
    if len(twice):
        cell = " ".join(twice.iloc[0][["comparison", "method", *PAIR]])
        raise InputError(f"the shards hold the cell {cell!r} more than once, expected once")
    skipped = cells[cells["verdict"] == "skipped"]
    logging.info("%d of %d cells were left out", len(skipped), len(cells))
    for reason, count in skipped["reason"].value_counts().items():
        logging.info("%d cells: %s", count, reason)
    write_table(cells, scores_path)
    write_table(pd.concat(splits, ignore_index=True), splits_path)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(snakemake.input.shards, snakemake.output.scores, snakemake.output.splits)
