"""Intervals over subjects and stimuli from jackknife replicates, and Holm's correction.

A replicate is the statistic without one subject or group of subjects, or without one group of
stimuli. Both factors have
the same variance: ``(n - 1) / n`` times the sum of squared deviations of the replicates from their
mean, with ``n - 1`` degrees of freedom. For statistics of pairs of subjects its expectation is at
least the variance of the statistic with one subject fewer. A bootstrap over subjects falls short: a
draw with replacement pairs a subject with its own copy, or leaves fewer different pairs.

References: Efron & Stein 1981, Annals of Statistics 9: 586-596 (pairs); Satterthwaite 1946,
Biometrics Bulletin 2: 110-114 (degrees of freedom of a sum of variances); Schütt et al. 2023,
eLife 12: e82566 (both factors); Holm 1979, Scandinavian Journal of Statistics 6: 65-70.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr, stdtrit

COVERAGE = 0.95
"""Share of populations whose true value should be inside the interval: the usual 95 %."""

FEWEST = 3
"""Replicates that a variance needs. Of two subjects a statistic of pairs has no replicate."""

ROUNDING = 1e-10
"""Relative size below which a difference between a replicate and the value is rounding."""


@dataclass(frozen=True)
class Intervals:
    """Intervals of one or many statistics.

    Attributes
    ----------
    estimate, low, high : numpy.ndarray of float, shape (n_rows,)
    standard_error, df : numpy.ndarray of float, shape (n_rows,)
        Of all resampled factors together, and its degrees of freedom.
    p : numpy.ndarray of float, shape (n_rows,)
        Of a two-sided test that the true value is zero. It is below ``1 - COVERAGE`` where the
        interval excludes zero.
    resampled : numpy.ndarray of str, shape (n_rows,)
        "subjects and stimuli", "subjects", "stimuli", or "" where no variance is known; all other
        fields but the estimate are NaN there.
    """

    estimate: np.ndarray
    low: np.ndarray
    high: np.ndarray
    standard_error: np.ndarray
    df: np.ndarray
    p: np.ndarray
    resampled: np.ndarray


def changes(value: ArrayLike, replicates: ArrayLike) -> np.ndarray:
    """Whether each replicate differs from the value by more than rounding.

    Parameters
    ----------
    value : array_like, shape (n_rows,) or ()
    replicates : array_like, shape (n, n_rows) or (n,)

    Returns
    -------
    numpy.ndarray of bool, of the shape of `replicates`
    """
    estimate = np.asarray(value, dtype=float)
    sizes = np.abs(np.asarray(replicates, dtype=float) - estimate)
    differs: np.ndarray = sizes > ROUNDING * np.maximum(
        np.abs(estimate), sizes.max(axis=0, initial=0)
    )
    return differs


def variance(
    value: ArrayLike, replicates: ArrayLike, counts: ArrayLike | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Jackknife variance of one factor, and its degrees of freedom.

    Replicates do not count whose subject or group has no part in the row, for example stimuli that
    are never tested. Counting them would only narrow the interval. A variance is not known (NaN)

    - where a replicate is NaN: the statistic needs that subject or group, so how it varies with
      others in its place cannot be told from those that are there;
    - where fewer than `FEWEST` replicates count, or all of them equal the value, as where nothing
      moves a rate of 1: that is a lack of information, not certainty.

    Parameters
    ----------
    value : array_like, shape (n_rows,) or ()
    replicates : array_like, shape (n, n_rows) or (n,)
        The value without each subject, or without each group of stimuli.
    counts : array_like of bool, of the shape of `replicates`, optional
        Which replicates count. Without it, those that differ from the value do.

    Returns
    -------
    variance, df : numpy.ndarray, shape (n_rows,) or ()
    """
    differs = changes(value, replicates)
    counted = differs if counts is None else np.asarray(counts)
    deviations = np.asarray(replicates, dtype=float) - np.asarray(value, dtype=float)
    n = counted.sum(axis=0)
    # Replicates that are all the same say as little as those that equal the value.
    known = (n >= FEWEST) & np.isfinite(deviations).all(axis=0) & differs.any(axis=0)
    known &= changes(deviations.max(axis=0, initial=-np.inf, where=counted), deviations).any(axis=0)
    n_known = np.where(known, n, np.nan)
    centred = deviations - np.where(counted, deviations, 0).sum(axis=0) / n_known
    squares = np.where(counted, centred, 0) ** 2
    return (n_known - 1) / n_known * squares.sum(axis=0), n_known - 1


def intervals(
    value: ArrayLike,
    without_subjects: ArrayLike,
    without_stimuli: ArrayLike,
    counts: tuple[ArrayLike | None, ArrayLike | None] = (None, None),
) -> Intervals:
    """Intervals of statistics over all factors whose variance is known.

    The variances of the factors are added, with Satterthwaite's degrees of freedom. As these can
    exceed those of a factor with few replicates, the interval is the widest of that of both and
    that of each alone: resampling one more factor never narrows it.

    Parameters
    ----------
    value : array_like, shape (n_rows,) or ()
    without_subjects : array_like, shape (n_subjects, n_rows) or (n_subjects,)
    without_stimuli : array_like, shape (n_groups, n_rows) or (n_groups,)
        Either may have no replicates: that factor is not resampled.
    counts : tuple of array_like of bool, or None
        Which replicates of each count; see `variance`.
    """
    estimate = np.asarray(value, dtype=float)
    parts, dfs = map(
        np.stack,
        zip(
            variance(estimate, without_subjects, counts[0]),
            variance(estimate, without_stimuli, counts[1]),
            strict=True,
        ),
    )
    known = np.isfinite(parts)
    total = np.where(known.any(axis=0), np.nansum(parts, axis=0), np.nan)
    df = total**2 / np.nansum(parts**2 / dfs, axis=0)
    errors, dfs = np.sqrt([*parts, total]), np.stack([*dfs, df])
    half = np.fmax.reduce(stdtrit(dfs, (1 + COVERAGE) / 2) * errors)
    p = np.fmax.reduce(2 * stdtr(dfs, -np.abs(estimate) / errors))
    words = np.array(["", "subjects", "stimuli", "subjects and stimuli"])
    return Intervals(
        estimate,
        estimate - half,
        estimate + half,
        errors[-1],
        df,
        p,
        words[known[0] + 2 * known[1]],
    )


def holm(p: ArrayLike) -> np.ndarray:
    """P-values after Holm's correction for their number; NaN stays NaN and does not count.

    Parameters
    ----------
    p : array_like, shape (n,)
    """
    adjusted = np.array(p, dtype=float)
    order = np.argsort(adjusted)[: np.isfinite(adjusted).sum()]
    steps = adjusted[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return adjusted
