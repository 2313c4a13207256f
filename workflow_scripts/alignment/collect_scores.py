"""Collect all shards: a row per cell, one per cell and split, and both without each group."""

import json
import logging
from collections.abc import Sequence

import pandas as pd

from workflow_scripts.alignment.shard_rows import PAIR, read_shard, stack_replicates
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike, write_netcdf, write_table
from workflow_scripts.common.job import job


def main(
    shards: Sequence[PathLike],
    scores_path: PathLike,
    splits_path: PathLike,
    jackknife_path: PathLike,
) -> None:
    """Write both tables, and log how many cells were left out and why.

    Parameters
    ----------
    shards : list of str or path-like
    scores_path, splits_path : str or path-like
        The tables, CSV.
    jackknife_path : str or path-like
        netCDF file: scores of the rows of both tables without each jackknife group of stimuli, or
        from a pool without each group of subjects. The attribute ``subject_groups`` names the
        subjects of the groups of each comparison, as JSON.

    Raises
    ------
    InputError
        If two shards hold the same cell.
    """
    tables = [read_shard(path) for path in shards]
    cells = pd.concat([table.cells for table in tables], keys=range(len(shards)))
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
    write_table(pd.concat([table.splits for table in tables]), splits_path)
    data = stack_replicates([table.without for table in tables])
    groups = {
        table.cells["comparison"].iloc[0]: table.subject_groups
        for table in tables
        if table.subject_groups
    }
    write_netcdf(data.assign_attrs(subject_groups=json.dumps(groups)), jackknife_path)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(
            snakemake.input.shards,
            snakemake.output.scores,
            snakemake.output.splits,
            snakemake.output.jackknife,
        )
