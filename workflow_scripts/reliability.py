"""Reliability of units: how well the responses to the same stimuli agree between trials."""

import numpy as np


def split_half_reliability(counts, n_halves, random):
    """Reliability of the trial means over stimuli, as the Spearman-Brown corrected correlation.

    With r the Pearson correlation over stimuli between the means of two random halves of the
    trials, the reliability of the mean of all trials is 2 r / (1 + r) (Spearman 1910, Brown 1910),
    averaged over random halves. Halves in which r is not defined are left out.

    Parameters
    ----------
    counts : numpy.ndarray
        Stimulus x trial x unit, NaN where a trial is missing.
    n_halves : int
        Number of random halves.
    random : numpy.random.Generator
        Source of the halves.

    Returns
    -------
    numpy.ndarray
        One value per unit; NaN where r is not defined in any half, as for a silent unit.
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
        corrected = 2 * r / (1 + r)
        defined = np.isfinite(corrected)
        return np.where(defined, corrected, 0).sum(axis=0) / defined.sum(axis=0)
