"""Collect all shards of scores in two tables, one row a cell and one row a cell and split."""

import logging

import numpy as np
import pandas as pd
import xarray as xr

from workflow_scripts.errors import InputError
from workflow_scripts.files import write_table
from workflow_scripts.jobs import logged
from workflow_scripts.tables import CELL

ORDER = ["comparison", "method", *CELL]
COUNTS = ["n_source_units", "n_target_units", "n_dropped_units", "seconds"]
# Below this, one exploding prediction would decide the mean over units.
FLOOR = -1.0


def read_shard(path):
    """Tables of one shard.

    Parameters
    ----------
    path : str or path-like
        File of one of the ``align_*`` rules.

    Returns
    -------
    tuple of pandas.DataFrame
        One row a cell, with the median over target units and the mean over target units floored
        at -1; one row a scored cell and split.

    Raises
    ------
    InputError
        If the file has no verdicts or unknown ones, or lacks anything else of a shard.
    """
    try:
        with xr.open_dataset(path, engine="h5netcdf") as opened:
            data = opened.load()
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: is not a file of scores: {error}") from error
    needed = ["verdict", "reason", "score", "score_unit", *CELL, *COUNTS]
    missing = [name for name in needed if name not in data.variables]
    missing += [name for name in ("comparison", "method", "data_kind") if name not in data.attrs]
    if missing:
        raise InputError(f"{path}: lacks {', '.join(missing)}, expected of every file of scores")
    unknown = set(data["verdict"].values) - {"ok", "skipped"}
    if unknown:
        raise InputError(f"{path}: found the verdict {min(unknown)!r}, expected ok or skipped")
    scored = data["verdict"].values == "ok"
    units = data["score_unit"].transpose("cell", "target_unit").values[scored]
    by_split = data["score"].transpose("cell", "split").values[scored]
    if np.isnan(units).all(axis=1).any():
        raise InputError(f"{path}: a cell with the verdict ok has no score in any unit")
    names = {column: data[column].values.astype(str) for column in CELL}
    cells = pd.DataFrame({"comparison": data.attrs["comparison"], "method": data.attrs["method"]} | names)
    cells["verdict"] = data["verdict"].values
    cells["reason"] = data["reason"].values
    cells.loc[scored, "score"] = np.nanmedian(units, axis=1)
    cells.loc[scored, "score_mean"] = np.nanmean(np.maximum(units, FLOOR), axis=1)
    for column in COUNTS:
        cells[column] = data[column].values
    cells["data_kind"] = data.attrs["data_kind"]
    splits = cells.loc[scored, ORDER].loc[lambda table: table.index.repeat(by_split.shape[1])]
    splits["split"] = np.tile(np.arange(by_split.shape[1]), len(by_split))
    splits["score"] = by_split.ravel()
    return cells, splits


def collect(paths):
    """Both tables of all shards, in an order that does not depend on the order of the files.

    Raises
    ------
    InputError
        If two files hold the same cell.
    """
    shards = [read_shard(path) for path in paths]
    cells = pd.concat([cells for cells, _ in shards]).sort_values(ORDER, ignore_index=True)
    splits = pd.concat([splits for _, splits in shards])
    twice = cells.duplicated(ORDER)
    if twice.any():
        first = ", ".join(cells.loc[twice, ORDER].iloc[0])
        raise InputError(f"the files of scores hold one cell twice ({first}), expected it once")
    return cells, splits.sort_values([*ORDER, "split"], ignore_index=True)


def main(shards, output_cells, output_splits):
    """Write both tables, and log what was left out."""
    cells, splits = collect(shards)
    skipped = cells[cells.verdict == "skipped"]
    logging.info("%d cells, of which %d without a score", len(cells), len(skipped))
    for (comparison, method, reason), group in skipped.groupby(["comparison", "method", "reason"]):
        logging.warning("%s, %s: %d cells skipped: %s", comparison, method, len(group), reason)
    write_table(cells, output_cells)
    write_table(splits, output_splits)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(snakemake.input.shards, snakemake.output.scores, snakemake.output.split_scores)
