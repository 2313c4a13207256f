"""Bootstrap intervals over subjects."""

import numpy as np

COVERAGE = 0.95
"""Share of the bootstrapped values inside an interval: the usual 95 %."""


def draw_counts(
    n_subjects: int, n_draws: int, generator: np.random.Generator, least_different: int = 1
) -> np.ndarray:
    """Number of times that each subject is drawn, in each of many draws with replacement.

    Every draw takes as many subjects as there are.

    Parameters
    ----------
    n_subjects, n_draws : int
    generator : numpy.random.Generator
    least_different : int
        Draws with fewer different subjects are left out: a statistic of pairs needs two.

    Returns
    -------
    numpy.ndarray of int, shape (at most n_draws, n_subjects)
    """
    counts = generator.multinomial(n_subjects, np.full(n_subjects, 1 / n_subjects), n_draws)
    return counts[(counts > 0).sum(axis=1) >= least_different]


def interval(values: np.ndarray) -> tuple[float, float]:
    """Limits of the central 95 % of bootstrapped values, ignoring NaN; NaN without any."""
    values = np.asarray(values, float)
    values = values[~np.isnan(values)]
    if not len(values):
        return np.nan, np.nan
    tail = (1 - COVERAGE) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)


def weighted_mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean of `values`, NaN left out, for each row of `weights`.

    Parameters
    ----------
    values : numpy.ndarray, shape (n,)
    weights : numpy.ndarray, shape (n_draws, n)

    Returns
    -------
    numpy.ndarray, shape (n_draws,)
        NaN where all weight is on missing values.
    """
    known = ~np.isnan(values)
    total = weights[:, known].sum(axis=1)
    summed = weights[:, known] @ values[known]
    return np.divide(summed, total, out=np.full(len(weights), np.nan), where=total > 0)
