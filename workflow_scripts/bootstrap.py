"""Hierarchical bootstrap: subjects (networks or mice) are resampled, then splits.

Every function works on all draws at once, along a leading axis whose first entry is the sample as
it was observed and whose others are draws. A statistic computed along that axis therefore gives
its value and its interval together, and two methods that saw the same draws can be subtracted.

Splits are shared by all cells, so one draw of splits holds for all of them.

References
----------
Efron & Tibshirani 1993, An Introduction to the Bootstrap (percentile interval, chapter 13);
Saravanan, Berman & Sober 2020, Application of the hierarchical bootstrap to multi-level data in
neuroscience.
"""

import numpy as np

from workflow_scripts.seeds import generator


def draw_weights(n_draws, n_items, stream, least=1):
    """How often each item is drawn, with replacement, in each draw.

    Parameters
    ----------
    n_draws, n_items : int
    stream : numpy.random.Generator
    least : int
        Fewest different items in a draw. A statistic of pairs of different subjects needs two; a
        draw that repeats one subject throughout has no such pair and is drawn again.

    Returns
    -------
    numpy.ndarray of float, shape (n_draws + 1, n_items)
        The first row is all ones: the sample itself.

    Raises
    ------
    ValueError
        If there are fewer than `least` items.
    """
    if n_items < least:
        raise ValueError(f"found {n_items} items to resample, expected at least {least}")
    shares = np.full(n_items, 1 / n_items)
    weights = stream.multinomial(n_items, shares, size=n_draws)
    while (poor := (weights > 0).sum(axis=1) < least).any():
        weights[poor] = stream.multinomial(n_items, shares, size=poor.sum())
    return np.vstack([np.ones(n_items), weights])


def subject_weights(seed, population, n_draws, n_subjects):
    """Draws of the subjects of one population, the same for every method and table.

    Networks are compared in pairs, so that each draw holds two different ones at least.

    Parameters
    ----------
    seed : int
        Master seed.
    population : {"models", "mouse"}
    n_draws, n_subjects : int

    Returns
    -------
    numpy.ndarray of float, shape (n_draws + 1, n_subjects)
    """
    stream = generator(seed, "bootstrap", population, "subjects")
    return draw_weights(n_draws, n_subjects, stream, least=2 if population == "models" else 1)


def split_weights(seed, population, n_draws, n_splits):
    """Draws of the splits of one population, the same for every method and table.

    Returns
    -------
    numpy.ndarray of float, shape (n_draws + 1, n_splits)
    """
    return draw_weights(n_draws, n_splits, generator(seed, "bootstrap", population, "splits"))


def weighted_mean(values, weights, axis):
    """Weighted mean over `axis` that leaves NaN out.

    Parameters
    ----------
    values, weights : numpy.ndarray
        Broadcast against each other.
    axis : int or tuple of int

    Returns
    -------
    numpy.ndarray
        NaN where nothing is left.
    """
    there = ~np.isnan(values)
    total = (weights * np.where(there, values, 0)).sum(axis=axis)
    weight = (weights * there).sum(axis=axis)
    return np.where(weight > 0, total / np.where(weight > 0, weight, 1), np.nan)


def resample_splits(values, per_split, weights):
    """Values of cells as other splits would have given them.

    A cell's value is not the mean of its splits' values (the median over units follows the mean
    over splits), so a draw moves it by the mean deviation of the drawn splits from all splits.

    Parameters
    ----------
    values : numpy.ndarray, shape (...)
        Value of each cell.
    per_split : numpy.ndarray, shape (..., n_splits)
    weights : numpy.ndarray, shape (n_draws + 1, n_splits)

    Returns
    -------
    numpy.ndarray, shape (n_draws + 1, ...)
        The first entry equals `values`.
    """
    n_splits = per_split.shape[-1]
    flat = per_split.reshape(-1, n_splits)
    there = ~np.isnan(flat)
    centred = flat - weighted_mean(flat, np.ones(n_splits), axis=1)[:, None]
    weight = weights @ there.T
    total = weights @ np.where(there, centred, 0).T
    shifts = np.where(weight > 0, total / np.where(weight > 0, weight, 1), np.nan)
    replicates = values + shifts.reshape(-1, *values.shape)
    replicates[0] = values
    return replicates


def interval(replicates):
    """95 % percentile interval of the draws.

    Parameters
    ----------
    replicates : numpy.ndarray, shape (n_draws + 1,)
        The observed value first; draws in which the statistic is undefined are NaN and left out.

    Returns
    -------
    tuple of float
        Lower and upper end; NaN if the statistic is undefined in every draw.
    """
    draws = replicates[1:][~np.isnan(replicates[1:])]
    if len(draws) == 0:
        return np.nan, np.nan
    low, high = np.percentile(draws, [2.5, 97.5])
    return float(low), float(high)
