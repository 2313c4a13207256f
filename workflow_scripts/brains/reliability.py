"""Random halves of the trials of a recording, and the reliability of its units."""

import numpy as np

from workflow_scripts.common.reliability import reliability_of_halves

N_HALVES = 100
"""Random divisions of the trials into halves, for recordings whose extraction is not configured."""

CHUNK = 2**24
"""Most values (stimuli x halves x units) that are in memory at a time, in each of a few arrays."""


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
    return _means_of_halves(trials, random.random(trials.shape[:2]).argsort(axis=1))


def _means_of_halves(trials: np.ndarray, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means over each unit's first valid trials in this order, and over the others.

    Parameters
    ----------
    trials : numpy.ndarray, shape (n_stimuli, n_trials, n_units)
    order : numpy.ndarray of int, shape (n_stimuli, n_trials)
    """
    shuffled = np.take_along_axis(trials, order[:, :, None], axis=1)
    present = np.isfinite(shuffled)
    rank = present.cumsum(axis=1)
    number = rank[:, -1]
    half = number // 2
    filled = np.where(present, shuffled, 0)
    total = filled.sum(axis=1, dtype=float)
    first = np.where(rank <= half[:, None], filled, 0).sum(axis=1, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return first / half, (total - first) / (number - half)


def split_half_reliability(
    responses: np.ndarray, n_halves: int, random: np.random.Generator
) -> np.ndarray:
    """Reliability of the trial means over stimuli, as the Spearman-Brown corrected correlation.

    The Pearson correlation over stimuli between the means of two random halves of the trials,
    corrected by `workflow_scripts.common.reliability.spearman_brown` and averaged over random
    divisions into halves. Stimuli of which a unit has fewer than two trials are left out, and so
    are divisions for which the correlation is not defined.

    Parameters
    ----------
    responses : numpy.ndarray, shape (n_stimuli, n_trials, n_units)
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
    n_stimuli, n_trials, n_units = responses.shape
    keys = random.random((n_stimuli, n_halves, n_trials))
    present = np.isfinite(responses)
    # Where all units have the same trials, all divisions are one matrix product.
    shared = (present == present[..., :1]).all()
    correlate = _correlate_halves if shared else _correlate_ragged_halves
    width = max(1, CHUNK // (n_stimuli * (n_halves if shared else n_trials)))
    reliability = np.empty(n_units)
    for start in range(0, n_units, width):
        chunk = slice(start, start + width)
        reliability[chunk] = correlate(responses[..., chunk], keys)
    return reliability


def _correlate_halves(responses: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """`split_half_reliability` of units that have the same trials, whose order is that of keys."""
    present = np.isfinite(responses[..., 0])
    repeated = present.sum(axis=1) > 1
    responses, keys, present = responses[repeated], keys[repeated], present[repeated]
    filled = np.where(present[..., None], responses, 0)
    ranks = np.where(present[:, None], keys, np.inf).argsort(axis=2).argsort(axis=2)
    number = present.sum(axis=1)[:, None]
    half = (ranks < number[..., None] // 2).astype(float)
    first_sum, n_first = half @ filled, number // 2
    second_sum = filled.sum(axis=1)[:, None] - first_sum
    first, second = first_sum / n_first[..., None], second_sum / (number - n_first)[..., None]
    return reliability_of_halves(first, second)


def _correlate_ragged_halves(responses: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """`split_half_reliability` of units each of which has trials of its own."""
    total = np.zeros(responses.shape[2])
    n_defined = np.zeros(responses.shape[2])
    for number in range(keys.shape[1]):
        halves = _means_of_halves(responses, keys[:, number].argsort(axis=1))
        r = reliability_of_halves(*(half[:, None] for half in halves))
        total += np.nan_to_num(r)
        n_defined += np.isfinite(r)
    with np.errstate(invalid="ignore"):
        return total / n_defined
