"""The file of a shard: scores of cells as a Dataset. Its rows in tables: `shard_rows`."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import xarray as xr

from workflow_scripts.alignment.cells import Cell
from workflow_scripts.alignment.result import Result, Scored, Skipped
from workflow_scripts.alignment.scoring import (
    cell_mean,
    cell_score,
    median_of_known,
    split_score,
    unit_score,
)
from workflow_scripts.alignment.splits import Split


def shard_dataset(
    cells: Sequence[Cell],
    results: Sequence[Result],
    splits: Sequence[Split],
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

    def table(shape: tuple[int, ...], values_of: Callable[[Scored], Any]) -> np.ndarray:
        """Values of each cell, NaN where it has none, or fewer units than others."""
        filled = np.full((len(cells), *shape), np.nan)
        for index, result in scored.items():
            values = np.asarray(values_of(result))
            corner: tuple[int | slice, ...] = (index, *map(slice, values.shape))
            filled[corner] = values
        return filled

    def numbers(value_of: Callable[[Scored], int]) -> np.ndarray:
        return np.array([value_of(r) if isinstance(r, Scored) else 0 for r in results], np.int64)

    def reported(name: str) -> np.ndarray:
        return table((len(splits),), lambda r: r.extras.get(name, np.nan))

    def correlation(name: str) -> np.ndarray:
        return unit_score(table(each, lambda r: r.correlations[name]))

    each = len(splits), n_units
    by_split = table(each, lambda r: r.by_split)
    of_units = unit_score(by_split)
    n_scored = np.count_nonzero(~np.isnan(of_units), axis=1)
    extras = dict.fromkeys(name for r in scored.values() for name in r.extras)
    correlations = dict.fromkeys(name for r in scored.values() for name in r.correlations)
    reasons = [result.reason if isinstance(result, Skipped) else "" for result in results]
    n_train, n_test = ([len(stimuli) for stimuli in part] for part in zip(*splits, strict=True))
    seconds = table((), lambda r: r.seconds)
    alphas = table(each, lambda r: r.alpha)
    return xr.Dataset(
        {
            "split_score": (("cell", "split"), split_score(by_split)),
            "selection_score": (
                ("cell", "split"),
                split_score(table(each, lambda r: r.selection)),
            ),
            "unit_score": (("cell", "target_unit"), of_units),
            "verdict": ("cell", ["skipped" if reason else "ok" for reason in reasons]),
            "reason": ("cell", reasons),
            "n_source_units": ("cell", [source.n_units for source, _ in cells]),
            "n_target_units": ("cell", [target.n_units for _, target in cells]),
            "n_dropped_units": ("cell", numbers(lambda r: r.by_split.shape[1]) - n_scored),
            "n_unconverged_fits": ("cell", numbers(lambda r: r.n_unconverged)),
            "n_penalties": ("cell", (~np.isnan(alphas)).sum(axis=(1, 2))),
            "n_penalty_ends": ("cell", numbers(lambda r: r.n_penalty_ends)),
            "n_train": ("split", n_train),
            "n_test": ("split", n_test),
            "alpha": (("cell", "split"), median_of_known(alphas, axis=-1)),
            "seconds": ("cell", seconds, {"units": "s"}),
            **_replicates(table, scored, len(splits)),
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


def _replicates(
    table: Callable[[tuple[int, ...], Callable[[Scored], Any]], np.ndarray],
    scored: dict[int, Scored],
    n_splits: int,
) -> dict[str, Any]:
    """Scores of all cells and splits without each group of stimuli, and of subjects in a pool."""
    found: dict[str, Any] = {}
    for kind in ("stimuli", "subjects"):
        n = next((r.without[kind].shape[1] for r in scored.values()), 0)
        if n:
            of_cells, of_splits = ("cell", f"{kind}_group"), ("cell", "split", f"{kind}_group")
            for name, summary in (("score", cell_score), ("score_mean", cell_mean)):
                values = table((n,), partial(_of_cell, kind, summary))
                found[f"{name}_without_{kind}"] = of_cells, values
            values = table((n_splits, n), partial(_of_splits, kind))
            found[f"split_score_without_{kind}"] = of_splits, values
    # Single precision is plenty for differences of scores, and half the size.
    return {name: (axes, values.astype(np.float32)) for name, (axes, values) in found.items()}


def _of_cell(kind: str, summary: Callable[[np.ndarray], np.ndarray], result: Scored) -> np.ndarray:
    """Score of a cell without each group, shape (n_groups,)."""
    return summary(unit_score(np.moveaxis(result.without[kind], 0, 1)))


def _of_splits(kind: str, result: Scored) -> np.ndarray:
    """Score of a cell without each group in each split, shape (n_splits, n_groups)."""
    return split_score(result.without[kind])
