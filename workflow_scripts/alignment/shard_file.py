"""The file of a shard: scores of cells as a Dataset. Its rows in tables: `shard_rows`."""

from collections.abc import Callable, Sequence

import numpy as np
import xarray as xr

from workflow_scripts.alignment.cells import Cell
from workflow_scripts.alignment.result import Result, Scored, Skipped
from workflow_scripts.alignment.scoring import (
    mean_of_known,
    split_score,
    unit_score,
)
from workflow_scripts.alignment.splits import Split


def shard_dataset(
    cells: Sequence[Cell], results: Sequence[Result], splits: Sequence[Split]
) -> xr.Dataset:
    """Content of a shard's file, without its attributes.

    Parameters
    ----------
    cells : list of tuple of Profile
    results : list of Scored or Skipped
        Result of each cell.
    splits : list of tuple of numpy.ndarray
        Training and test indices.

    Returns
    -------
    xarray.Dataset
        With the dimensions cell, split and target_unit. A cell with fewer units than others has NaN
        in the last ones.
    """
    scored = {index: r for index, r in enumerate(results) if isinstance(r, Scored)}
    n_units = max([r.by_split.shape[1] for r in scored.values()], default=1)

    def rows(width: int, values_of: Callable[[Scored], np.ndarray | None]) -> np.ndarray:
        filled = np.full((len(cells), width), np.nan)
        for index, result in scored.items():
            values = values_of(result)
            if values is not None:
                filled[index, : len(values)] = values
        return filled

    def numbers(value_of: Callable[[Scored], int]) -> np.ndarray:
        return np.array([value_of(r) if isinstance(r, Scored) else 0 for r in results], np.int64)

    def reported(name: str) -> np.ndarray:
        return rows(len(splits), lambda r: r.extras.get(name))

    def correlation(name: str) -> np.ndarray:
        return rows(n_units, lambda r: mean_of_known(r.correlations[name], axis=0))

    extras = dict.fromkeys(name for r in scored.values() for name in r.extras)
    correlations = dict.fromkeys(name for r in scored.values() for name in r.correlations)
    reasons = [result.reason if isinstance(result, Skipped) else "" for result in results]
    n_train, n_test = map(len, splits[0])
    seconds = rows(1, lambda r: np.array([r.seconds]))[:, 0]
    return xr.Dataset(
        {
            "split_score": (
                ("cell", "split"),
                rows(len(splits), lambda r: split_score(r.by_split)),
            ),
            "unit_score": (
                ("cell", "target_unit"),
                rows(n_units, lambda r: unit_score(r.by_split)),
            ),
            "verdict": ("cell", ["skipped" if reason else "ok" for reason in reasons]),
            "reason": ("cell", reasons),
            "n_source_units": ("cell", [source.values.shape[1] for source, _ in cells]),
            "n_target_units": ("cell", [target.values.shape[1] for _, target in cells]),
            "n_dropped_units": ("cell", numbers(lambda r: np.isnan(unit_score(r.by_split)).sum())),
            "n_unconverged_fits": ("cell", numbers(lambda r: r.n_unconverged)),
            "n_train": ("cell", [n_train] * len(cells)),
            "n_test": ("cell", [n_test] * len(cells)),
            "alpha": (("cell", "split"), rows(len(splits), lambda r: r.alpha)),
            "seconds": ("cell", seconds, {"units": "s"}),
            **{name: (("cell", "split"), reported(name)) for name in extras},
            **{name: (("cell", "target_unit"), correlation(name)) for name in correlations},
        },
        coords={
            "source_subject": ("cell", [source.subject for source, _ in cells]),
            "source_part": ("cell", [source.part for source, _ in cells]),
            "target_subject": ("cell", [target.subject for _, target in cells]),
            "target_part": ("cell", [target.part for _, target in cells]),
        },
    )
