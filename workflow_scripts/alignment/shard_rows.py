"""Rows of the tables of scores, read from the file of a shard.

This is not in `shard_file`, which writes the file, so that a new column of a table does not run
every fit again.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
import xarray as xr

from workflow_scripts.alignment.scoring import cell_mean, cell_score
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike
from workflow_scripts.common.netcdf import read_variables

PAIR = ["source_subject", "source_part", "target_subject", "target_part"]
"""What tells the cells of one method apart."""

CORRELATIONS = ["correlation", "correlation_ceiling", "correlation_corrected"]
"""Variables of a shard with a noise correction."""

SCORES, KINDS = ("score", "score_mean", "split_score"), ("stimuli", "subjects")
"""Scores that a shard also has without groups, and of what these groups are."""

COUNTS = [
    *("n_source_units", "n_target_units", "n_dropped_units"),
    *("n_unconverged_fits", "n_penalties", "n_penalty_ends", "seconds"),
]
"""Variables of a shard that its rows in scores.csv repeat as they are."""


@dataclass(frozen=True, eq=False)
class ShardRows:
    """Rows of one shard.

    Attributes
    ----------
    cells : pandas.DataFrame
        One row per cell. ``score`` and ``score_mean`` are the score of the cell and the mean over
        units next to it (see `workflow_scripts.alignment.scoring`); correlations are medians over
        units, NaN without a noise correction, and ``n_above_ceiling`` is the number of units whose
        corrected correlation is above 1. ``brain`` is empty for networks.
    splits : pandas.DataFrame
        One row per cell and split. ``split_score`` is the median over units in that split, and
        ``selection_score`` the median inside its training stimuli, NaN where no choice is made.
    without : dict of str to numpy.ndarray, each of shape (n_rows, n_groups)
        ``<score>_without_<kind>`` for each of `SCORES` and `KINDS`: ``score`` and ``score_mean`` of
        each row of `cells`, and ``split_score`` of each row of `splits`, without the test stimuli
        of each jackknife group, or from a pool without each group of subjects.
    subject_groups : list of list of str
        Names of the subjects of each group; none for networks.
    """

    cells: pd.DataFrame
    splits: pd.DataFrame
    without: dict[str, np.ndarray]
    subject_groups: list[list[str]]


def read_shard(path: PathLike) -> ShardRows:
    """Rows of one shard.

    Parameters
    ----------
    path : str or path-like

    Raises
    ------
    InputError
        If a cell has no verdict.
    """
    data, attributes = read_variables(path)
    verdicts = set(data.get("verdict", ["none"]))
    if not verdicts <= {"ok", "skipped"}:
        raise InputError(
            path, f"the verdicts {', '.join(sorted(verdicts))}", "ok or skipped for every cell"
        )
    of_units = data["unit_score"]
    empty = np.full(of_units.shape, np.nan)
    correlations = {name: data.get(name, empty) for name in CORRELATIONS}
    cells = pd.DataFrame(
        {
            **{name: attributes[name] for name in ("comparison", "brain", "method")},
            **{name: data[name] for name in (*PAIR, "verdict", "reason")},
            "score": cell_score(of_units),
            "score_mean": cell_mean(of_units),
            **{name: cell_score(values) for name, values in correlations.items()},
            "n_above_ceiling": (correlations["correlation_corrected"] > 1).sum(axis=1),
            **{name: data[name] for name in COUNTS},
            "data_kind": attributes["data_kind"],
        }
    )
    n_splits = data["split_score"].shape[1]
    known = ["comparison", "brain", "method", *PAIR, "data_kind"]
    splits = cells[known].loc[np.repeat(cells.index, n_splits)]
    # The kind of the data stands last, as in every table.
    splits.insert(len(known) - 1, "split", np.tile(np.arange(n_splits), len(cells)))
    for place, name in enumerate(("split_score", "selection_score")):
        splits.insert(len(known) + place, name, data[name].ravel())
    without = {}
    for score, kind in product(SCORES, KINDS):
        name = f"{score}_without_{kind}"
        n_rows = len(splits if score == "split_score" else cells)
        values = data.get(name, np.empty((n_rows, 0)))
        without[name] = values.reshape(n_rows, values.shape[-1])
    return ShardRows(cells, splits, without, json.loads(attributes["subject_groups"]))


def stack_replicates(shards: Sequence[Mapping[str, np.ndarray]]) -> xr.Dataset:
    """Scores of all rows without each group; NaN where a population has fewer groups."""
    found = {}
    for name in shards[0]:
        n_groups = max(of_shard[name].shape[1] for of_shard in shards)
        padded = [
            np.pad(
                of_shard[name],
                ((0, 0), (0, n_groups - of_shard[name].shape[1])),
                constant_values=np.nan,
            )
            for of_shard in shards
        ]
        score, kind = name.split("_without_")
        rows = "cell_and_split" if score == "split_score" else "cell"
        found[name] = ((rows, f"{kind}_group"), np.vstack(padded))
    return xr.Dataset(found)
