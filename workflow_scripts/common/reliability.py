"""Reliability of units: how well the responses to the same stimuli agree between two halves.

A half is one of the trials of a recording, or of the noisy passes of a network.
"""

import numpy as np


def spearman_brown(r: np.ndarray) -> np.ndarray:
    """Reliability of a mean over all trials, from the correlation of two halves of the trials.

    ``2 r / (1 + r)`` (Spearman 1910, Brown 1910).
    """
    return 2 * r / (1 + r)


def reliability_of_halves(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Correlation over stimuli between two halves, corrected by `spearman_brown`.

    Averaged over several divisions into halves. Divisions for which the correlation is not defined
    are left out, and so are stimuli of which a unit has no half.

    Parameters
    ----------
    first, second : numpy.ndarray, shape (n_stimuli, n_halves, n_units)
        Means or sums of the responses over each half; NaN where a unit has none.

    Returns
    -------
    numpy.ndarray, shape (n_units,)
        NaN where the correlation is not defined for any division, as for a silent unit.
    """
    known = np.isfinite(first) & np.isfinite(second)
    number = known.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        first, second = (
            np.where(known, half - np.where(known, half, 0).sum(axis=0) / number, 0)
            for half in (first, second)
        )
        r = (first * second).sum(0) / np.sqrt((first**2).sum(0) * (second**2).sum(0))
        corrected = spearman_brown(r)
        defined = np.isfinite(corrected)
        mean: np.ndarray = np.where(defined, corrected, 0).sum(axis=0) / defined.sum(axis=0)
    return mean
