"""Collect all shards into two tables: one row per cell, and one row per cell and split."""

import logging
from collections.abc import Sequence

import pandas as pd

from workflow_scripts.alignment.shard_rows import PAIR, read_shard
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike, write_table
from workflow_scripts.common.job import job


def main(shards: Sequence[PathLike], scores_path: PathLike, splits_path: PathLike) -> None:
    """Write both tables, and log how many cells were left out and why.

    Raises
    ------
    InputError
        If two shards hold the same cell.
    """
    tables = [read_shard(path) for path in shards]
    cells = pd.concat([of_cells for of_cells, _ in tables], keys=range(len(shards)))
    key = ["comparison", "brain", "method", *PAIR]
    twice = cells[cells.duplicated(key)]
    if len(twice):
        shard, _ = twice.index[0]
        cell = " ".join(name for name in twice.iloc[0][key] if name)
        raise InputError(shards[shard], f"the cell {cell!r} again", "each cell in one shard, once")
    skipped = cells[cells["verdict"] == "skipped"]
    logging.info("%d of %d cells were left out", len(skipped), len(cells))
    for reason, count in skipped["reason"].value_counts().items():
        logging.info("%d cells: %s", count, reason)
    write_table(cells, scores_path)
    write_table(pd.concat([of_splits for _, of_splits in tables]), splits_path)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(snakemake.input.shards, snakemake.output.scores, snakemake.output.splits)
