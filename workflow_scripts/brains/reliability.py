"""Reliability of units: how well the responses to the same stimuli agree between trials."""

import numpy as np


def spearman_brown(r: np.ndarray) -> np.ndarray:
    """Reliability of a mean over all trials, from the correlation of two halves of the trials.

    ``2 r / (1 + r)`` (Spearman 1910, Brown 1910).
    """
    return 2 * r / (1 + r)


def half_means(trials: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Mean responses over two random halves of the trials of each stimulus.

    Units with the same valid trials have the same halves, so that noise that they share in a trial
    is shared in a half as well.

    Parameters
    ----------
    trials : numpy.ndarray, shape (n_stimuli, n_trials, n_units)
        NaN where a trial is missing; every stimulus and unit has at least two valid trials.
    random : numpy.random.Generator
        Source of the halves.

    Returns
    -------
    first, second : numpy.ndarray of float64, shape (n_stimuli, n_units)
        The first is the mean over the smaller half if the number of trials is odd.
    """
    order = random.random(trials.shape[:2]).argsort(axis=1)
    shuffled = np.take_along_axis(trials, order[:, :, None], axis=1)
    present = np.isfinite(shuffled)
    rank = present.cumsum(axis=1)
    number = rank[:, -1]
    half = number // 2
    filled = np.where(present, shuffled, 0)
    total = filled.sum(axis=1, dtype=float)
    first = np.where(rank <= half[:, None], filled, 0).sum(axis=1, dtype=float)
    return first / half, (total - first) / (number - half)


def split_half_reliability(
    counts: np.ndarray, n_halves: int, random: np.random.Generator
) -> np.ndarray:
    """Reliability of the trial means over stimuli, as the Spearman-Brown corrected correlation.

    The Pearson correlation over stimuli between the means of two random halves of the trials,
    corrected by `spearman_brown` and averaged over random divisions into halves. Divisions for
    which it is not defined are left out.

    Parameters
    ----------
    counts : numpy.ndarray, shape (n_stimuli, n_trials, n_units)
        NaN where a trial is missing.
    n_halves : int
        Number of random divisions into halves.
    random : numpy.random.Generator
        Source of the halves.

    Returns
    -------
    numpy.ndarray, shape (n_units,)
        NaN where the correlation is not defined for any division, as for a silent unit.
    """
    n_stimuli, n_trials, _ = counts.shape
    present = np.isfinite(counts)
    filled, present_number = np.where(present, counts, 0), present.astype(float)
    shown = present.any(axis=2)[:, None]
    keys = np.where(shown, random.random((n_stimuli, n_halves, n_trials)), np.inf)
    ranks = keys.argsort(axis=2).argsort(axis=2)
    half = (ranks < shown.sum(axis=2, keepdims=True) // 2).astype(float)
    first_sum, first_number = half @ filled, half @ present_number
    second_sum = filled.sum(axis=1)[:, None] - first_sum
    second_number = present_number.sum(axis=1)[:, None] - first_number
    with np.errstate(divide="ignore", invalid="ignore"):
        first, second = first_sum / first_number, second_sum / second_number
        first -= first.mean(axis=0)
        second -= second.mean(axis=0)
        r = (first * second).sum(0) / np.sqrt((first**2).sum(0) * (second**2).sum(0))
        corrected = spearman_brown(r)
        defined = np.isfinite(corrected)
        return np.where(defined, corrected, 0).sum(axis=0) / defined.sum(axis=0)
