"""Predictivity: held-out scores between the same parts of different subjects."""

import numpy as np

from workflow_scripts.bootstrap import weighted_mean


def part_means(replicates, weights):
    """Mean score from each part to each part, over subjects, in every draw.

    Networks are averaged over ordered pairs of different networks, each pair weighted by how often
    both were drawn; mice, whose source is the pool of all others, over target mice.

    Parameters
    ----------
    replicates : numpy.ndarray
        As `workflow_scripts.tables.Scores.replicates` returns them, for models or mice.
    weights : numpy.ndarray, shape (n_draws + 1, n_subjects)

    Returns
    -------
    numpy.ndarray, shape (n_draws + 1, n_parts, n_parts)
        Source part by target part; NaN where no cell was scored.
    """
    if replicates.ndim == 4:
        return weighted_mean(replicates, weights[:, None, :, None], axis=2)
    pairs = weights[:, :, None] * weights[:, None, :]
    pairs[:, np.eye(weights.shape[1], dtype=bool)] = 0
    return weighted_mean(replicates, pairs[:, :, None, :, None], axis=(1, 3))


def same_part(means):
    """Score within each part.

    Parameters
    ----------
    means : numpy.ndarray, shape (n_draws + 1, n_parts, n_parts)

    Returns
    -------
    numpy.ndarray, shape (n_draws + 1, n_parts)
    """
    return np.diagonal(means, axis1=1, axis2=2)


def cross_part(means):
    """Score of each target part from the other parts, averaged over these.

    Parameters
    ----------
    means : numpy.ndarray, shape (n_draws + 1, n_parts, n_parts)

    Returns
    -------
    numpy.ndarray, shape (n_draws + 1, n_parts)
    """
    return weighted_mean(means, 1 - np.eye(means.shape[1]), axis=1)


def overall(by_part):
    """Mean over the parts that have a score in the observed sample.

    A draw in which one of these has none is NaN, rather than a mean over other parts.

    Parameters
    ----------
    by_part : numpy.ndarray, shape (n_draws + 1, n_parts)

    Returns
    -------
    numpy.ndarray, shape (n_draws + 1,)
    """
    measured = ~np.isnan(by_part[0])
    if not measured.any():
        return np.full(len(by_part), np.nan)
    return by_part[:, measured].mean(axis=1)
