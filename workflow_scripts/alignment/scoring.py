"""Scores of predictions."""

import numpy as np

from workflow_scripts.brains.reliability import spearman_brown


def _median(values, axis):
    """Median that ignores NaN and is NaN, without a warning, where there is nothing else."""
    empty = np.isnan(values).all(axis=axis, keepdims=True)
    return np.where(
        empty.squeeze(axis), np.nan, np.nanmedian(np.where(empty, 0, values), axis=axis)
    )


def _mean(values, axis):
    """Mean that ignores NaN and is NaN, without a warning, where there is nothing else."""
    count = (~np.isnan(values)).sum(axis=axis)
    return np.where(count, np.nansum(values, axis=axis) / np.maximum(count, 1), np.nan)


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


def pearson_per_unit(first, second):
    """Pearson correlation over stimuli of each unit.

    Parameters
    ----------
    first, second : numpy.ndarray, shape (n_stimuli, n_units)

    Returns
    -------
    numpy.ndarray, shape (n_units,)
        NaN for units that are constant in one of both.
    """
    constant = (np.ptp(first, axis=0) == 0) | (np.ptp(second, axis=0) == 0)
    first, second = first - first.mean(axis=0), second - second.mean(axis=0)
    norm = np.sqrt((first**2).sum(axis=0) * (second**2).sum(axis=0))
    return np.where(constant, np.nan, (first * second).sum(axis=0) / np.where(constant, 1, norm))


def ceiling_per_unit(observed, predicted):
    """Largest correlation of predictions and responses that their noise allows, of each unit.

    ``sqrt(SB(r(predicted halves)) SB(r(observed halves)))`` with SB as in `spearman_brown`: the
    correlation of predictions and responses divided by it is that of their noise-free means (the
    correction of the lab behind Nayebi et al. 2023, PLoS Comput Biol 19: e1011506).

    Parameters
    ----------
    observed, predicted : tuple of two numpy.ndarray, each of shape (n_stimuli, n_units)
        Means over each half of the trials, and what maps fitted to that half alone predict.

    Returns
    -------
    numpy.ndarray, shape (n_units,)
        NaN where one of both reliabilities is not positive: the responses say nothing on the noise.
    """
    product = 1
    for halves in (observed, predicted):
        r = pearson_per_unit(*halves)
        product = product * spearman_brown(np.where(r > 0, r, np.nan))
    return np.sqrt(product)
