"""What a score is, in three sentences that hold everywhere in the workflow.

The score of a unit is its coefficient of determination on held-out stimuli, mean over splits
(`r2_per_unit`, `unit_score`); for a geometry it is what the method's ``compare`` returns. The score
of a cell is the median over its units (`cell_score`), and next to it stands the mean over units,
each floored at `FLOOR` (`cell_mean`). Predictivity is the mean of cell scores over pairs of
subjects, and is defined in `workflow_scripts.evaluation.metrics.predictivity`.
"""

import numpy as np

from workflow_scripts.solvers.arrays import varying

FLOOR = -1.0
"""Lowest score with which a unit enters the mean over units. The coefficient of determination has
no lower bound, and a single unit with an exploding prediction would otherwise decide the mean."""


def unit_score(by_split: np.ndarray) -> np.ndarray:
    """Score of each unit: mean over splits.

    Parameters
    ----------
    by_split : numpy.ndarray, shape (..., n_splits, n_units)

    Returns
    -------
    numpy.ndarray, shape (..., n_units)
        NaN for units without a score in any split.
    """
    return mean_of_known(by_split, axis=-2)


def split_score(by_split: np.ndarray) -> np.ndarray:
    """Score in each split: median over units of (..., n_splits, n_units)."""
    return median_of_known(by_split, axis=-1)


def cell_score(of_units: np.ndarray) -> np.ndarray:
    """Median over units, NaN left out, for each row of (n_cells, n_units)."""
    return median_of_known(of_units, axis=-1)


def cell_mean(of_units: np.ndarray) -> np.ndarray:
    """Mean over units, NaN left out and floored at `FLOOR`, for each row of (n_cells, n_units)."""
    return mean_of_known(np.maximum(of_units, FLOOR), axis=-1)


def r2_per_unit(observed: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Coefficient of determination of each unit.

    ``1 - SSE / SST`` with SST about the mean of the observed test responses, so that it is
    negative where the prediction is worse than that mean.

    Parameters
    ----------
    observed, predicted : numpy.ndarray, shape (n_stimuli, n_units)

    Returns
    -------
    numpy.ndarray, shape (n_units,)
        NaN for units that are constant over these stimuli but for rounding.
    """
    residual = _power(observed - predicted)
    total = _power(observed - observed.mean(axis=0))
    varies = varying(observed)
    return np.where(varies, 1 - residual / np.where(varies, total, 1), np.nan)


def r2_without_groups(
    observed: np.ndarray, predicted: np.ndarray, groups: np.ndarray, n_groups: int
) -> np.ndarray:
    """Coefficient of determination of each unit without the stimuli of each group in turn.

    The change is linearised, as in the infinitesimal jackknife of a ratio (Efron 1982, The
    Jackknife, the Bootstrap and Other Resampling Plans, chapter 6): that of a group of which a
    small part is left out, times the number of groups over that number less 1. Where a few groups
    make up the test stimuli, and one of them most of the variance, R2 of the others is another
    quantity, and how much it differs says little about how sure R2 is.

    Parameters
    ----------
    observed, predicted : numpy.ndarray, shape (n_stimuli, n_units)
    groups : numpy.ndarray of int, shape (n_stimuli,)
        Group of each stimulus, from 0.
    n_groups : int
        Number of groups of all stimuli. Without one that is not among these, R2 is the same.

    Returns
    -------
    numpy.ndarray, shape (n_groups, n_units)
        NaN for units that are constant, and for a group that all these stimuli are in.
    """
    r2 = r2_per_unit(observed, predicted)
    is_member = (groups == np.arange(n_groups)[:, None]).astype(float)
    centred = observed - observed.mean(axis=0)
    total = np.where(np.isnan(r2), np.nan, _power(centred))
    residual = is_member @ (observed - predicted) ** 2
    change = (residual - (1 - r2) * (is_member @ centred**2)) / total
    is_there = is_member.any(axis=1)
    n = is_there.sum()
    factor = n / (n - 1) if n > 1 else np.nan
    return np.where(is_there[:, None], r2 + factor * change, r2)


def pearson_per_unit(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Pearson correlation over stimuli of each unit.

    Parameters
    ----------
    first, second : numpy.ndarray, shape (n_stimuli, n_units)

    Returns
    -------
    numpy.ndarray, shape (n_units,)
        NaN for units that are constant in `first` or in `second` but for rounding.
    """
    varies = varying(first) & varying(second)
    first, second = first - first.mean(axis=0), second - second.mean(axis=0)
    norm = np.sqrt(_power(first) * _power(second))
    return np.where(varies, (first * second).sum(axis=0) / np.where(varies, norm, 1), np.nan)


def _power(values: np.ndarray) -> np.ndarray:
    """Sum of the squares of each column."""
    return np.einsum("ij,ij->j", values, values)


def median_of_known(values: np.ndarray, axis: int) -> np.ndarray:
    """Median that leaves out NaN, and is NaN, without a warning, where there is nothing else."""
    ordered = np.sort(values, axis=axis)  # NaN come last
    count = (~np.isnan(values)).sum(axis=axis, keepdims=True)
    middle = [
        np.take_along_axis(ordered, number, axis)
        for number in (np.maximum(count - 1, 0) // 2, count // 2)
    ]
    return np.mean(middle, axis=0).squeeze(axis)


def mean_of_known(values: np.ndarray, axis: int | tuple[int, ...]) -> np.ndarray:
    """Mean that leaves out NaN, and is NaN, without a warning, where there is nothing else."""
    count = (~np.isnan(values)).sum(axis=axis)
    return np.where(count, np.nansum(values, axis=axis) / np.maximum(count, 1), np.nan)
