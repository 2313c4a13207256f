"""Rows of the tables of scores, read from the file of a shard.

This is not in `shard_file`, which writes the file, so that a new column of a table does not run
every fit again.
"""

import numpy as np
import pandas as pd
import xarray as xr

from workflow_scripts.alignment.scoring import cell_mean, cell_score
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike

PAIR = ["source_subject", "source_part", "target_subject", "target_part"]
"""What tells the cells of one method apart."""

CORRELATIONS = ["correlation", "correlation_ceiling", "correlation_corrected"]
"""Variables of a shard with a noise correction."""

COUNTS = ["n_source_units", "n_target_units", "n_dropped_units", "n_unconverged_fits", "seconds"]
"""Variables of a shard that its rows in scores.csv repeat as they are."""


def read_shard(path: PathLike) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of one shard.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    cells : pandas.DataFrame
        One row per cell. ``score`` and ``score_mean`` are the score of the cell and the mean over
        units next to it (see `workflow_scripts.alignment.scoring`); correlations are medians over
        units, NaN without a noise correction, and ``n_above_ceiling`` is the number of units whose
        corrected correlation is above 1. ``brain`` is empty for networks.
    splits : pandas.DataFrame
        One row per cell and split. ``split_score`` is the median over units in that split.

    Raises
    ------
    InputError
        If a cell has no verdict.
    """
    with xr.open_dataset(path, engine="h5netcdf") as opened:
        data = opened.load()
    verdicts = set(data["verdict"].values.astype(str)) if "verdict" in data else {"none"}
    if not verdicts <= {"ok", "skipped"}:
        raise InputError(
            path, f"the verdicts {', '.join(sorted(verdicts))}", "ok or skipped for every cell"
        )
    of_units = data["unit_score"].values
    empty = np.full(of_units.shape, np.nan)
    correlations = {name: data[name].values if name in data else empty for name in CORRELATIONS}
    cells = pd.DataFrame(
        {
            **{name: data.attrs[name] for name in ("comparison", "brain", "method")},
            **{name: data[name].values for name in PAIR},
            "verdict": data["verdict"].values,
            "reason": data["reason"].values,
            "score": cell_score(of_units),
            "score_mean": cell_mean(of_units),
            **{name: cell_score(values) for name, values in correlations.items()},
            "n_above_ceiling": (correlations["correlation_corrected"] > 1).sum(axis=1),
            **{name: data[name].values for name in COUNTS},
            "data_kind": data.attrs["data_kind"],
        }
    )
    n_splits = data.sizes["split"]
    known = ["comparison", "brain", "method", *PAIR, "data_kind"]
    splits = cells[known].loc[np.repeat(cells.index, n_splits)]
    # The kind of the data stands last, as in every table.
    splits.insert(len(known) - 1, "split", np.tile(np.arange(n_splits), len(cells)))
    splits.insert(len(known), "split_score", data["split_score"].values.ravel())
    return cells, splits
