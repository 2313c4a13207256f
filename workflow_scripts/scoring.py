"""Scores of predictions."""

import numpy as np


def r2_per_unit(observed, predicted):
    """Coefficient of determination of each unit.

    ``1 - SSE / SST`` with SST about the mean of the observed test responses, so that it is
    negative where the prediction is worse than that mean.

    Parameters
    ----------
    observed, predicted : numpy.ndarray, shape (n_stimuli, n_units)

    Returns
    -------
    numpy.ndarray, shape (n_units,)
        NaN for units without variance over these stimuli.
    """
    residual = ((observed - predicted) ** 2).sum(axis=0)
    total = ((observed - observed.mean(axis=0)) ** 2).sum(axis=0)
    constant = np.ptp(observed, axis=0) == 0
    return np.where(constant, np.nan, 1 - residual / np.where(constant, 1, total))
