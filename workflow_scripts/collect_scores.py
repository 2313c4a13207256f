"""Collect all shards into two tables: one row a cell, and one row a cell and split."""

import logging

import numpy as np
import pandas as pd
import xarray as xr

from workflow_scripts.errors import InputError
from workflow_scripts.files import write_table
from workflow_scripts.jobs import job

PAIR = ["source_subject", "source_part", "target_subject", "target_part"]
CORRELATIONS = ["correlation", "correlation_ceiling", "correlation_corrected"]
FLOOR = -1.0  # of the mean over units, which a single exploding prediction would otherwise decide


def read_shard(path):
    """Rows of one shard.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    cells : pandas.DataFrame
        ``score`` is the median over units, ``score_mean`` their mean, floored at -1; correlations
        are medians over units, NaN without a noise correction, and ``n_above_ceiling`` is how many
        corrected ones are above 1.
    splits : pandas.DataFrame
        ``score`` is the median over units in that split.

    Raises
    ------
    InputError
        If a cell has no verdict.
    """
    with xr.open_dataset(path, engine="h5netcdf") as opened:
        data = opened.load()
    verdicts = set(data["verdict"].values.astype(str)) if "verdict" in data else {"none"}
    if not verdicts <= {"ok", "skipped"}:
        raise InputError(f"{path}: found verdicts {sorted(verdicts)}, expected ok or skipped")
    units = pd.DataFrame(data["score_unit"].values)
    empty = np.full(units.shape, np.nan)
    correlations = {name: data[name].values if name in data else empty for name in CORRELATIONS}
    cells = pd.DataFrame(
        {
            "comparison": data.attrs["comparison"],
            "method": data.attrs["method"],
            **{name: data[name].values for name in PAIR},
            "verdict": data["verdict"].values,
            "reason": data["reason"].values,
            "score": units.median(axis=1),
            "score_mean": units.clip(lower=FLOOR).mean(axis=1),
            **{name: pd.DataFrame(values).median(axis=1) for name, values in correlations.items()},
            "n_above_ceiling": (correlations["correlation_corrected"] > 1).sum(axis=1),
            **{
                name: data[name].values
                for name in (
                    "n_source_units",
                    "n_target_units",
                    "n_dropped_units",
                    "n_unconverged_fits",
                    "seconds",
                )
            },
            "data_kind": data.attrs["data_kind"],
        }
    )
    n_splits = data.sizes["split"]
    splits = cells[["comparison", "method", *PAIR]].loc[np.repeat(cells.index, n_splits)]
    splits["split"] = np.tile(np.arange(n_splits), len(cells))
    splits["score"] = data["score"].values.ravel()
    return cells, splits


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
