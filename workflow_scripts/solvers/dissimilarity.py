"""Representational geometry: dissimilarities of stimuli, and how alike two sets of them are."""

import numpy as np

from workflow_scripts.common.errors import InputError, NotComparable

COMPARISONS = ("pearson", "spearman")


def upper_triangle(matrix):
    """Elements right of the diagonal, row by row: a tenth of the time of a mask."""
    return np.concatenate([row[number:] for number, row in enumerate(matrix, start=1)])


def dissimilarities(X):
    """Upper triangle of the representational dissimilarity matrix.

    ``1 - r`` with Pearson's r of the patterns of two stimuli across units (Kriegeskorte et al.
    2008, Front Syst Neurosci 2:4).

    Parameters
    ----------
    X : numpy.ndarray, shape (n_stimuli, n_units)

    Returns
    -------
    numpy.ndarray, shape (n_stimuli * (n_stimuli - 1) / 2,)

    Raises
    ------
    NotComparable
        With fewer than two units, or a stimulus to which all units respond equally.
    """
    if X.shape[1] < 2:
        raise NotComparable(f"a pattern of {X.shape[1]} units has no correlation, 2 are needed")
    centred = X - X.mean(axis=1, keepdims=True)
    norm = np.linalg.norm(centred, axis=1, keepdims=True)
    if (np.ptp(X, axis=1) == 0).any():
        raise NotComparable("all units respond equally to a stimulus, so it has no pattern")
    patterns = centred / norm
    return 1 - upper_triangle(patterns @ patterns.T)


def geometry_vector(X, comparison):
    """Dissimilarities as a vector of mean 0 and length 1, so that a product correlates two.

    Parameters
    ----------
    X : numpy.ndarray, shape (n_stimuli, n_units)
    comparison : {"pearson", "spearman"}
        Of the dissimilarities, or of their ranks.

    Returns
    -------
    numpy.ndarray, shape (n_stimuli * (n_stimuli - 1) / 2,)

    Raises
    ------
    InputError
        If the comparison is another one.
    NotComparable
        See `dissimilarities`; or if all dissimilarities are equal.
    """
    if comparison not in COMPARISONS:
        raise InputError(
            f"method parameter comparison: found {comparison!r}, expected one of "
            f"{', '.join(COMPARISONS)}"
        )
    values = dissimilarities(X)
    if comparison == "spearman":
        from scipy.stats import rankdata

        values = rankdata(values)
    if not np.ptp(values) > 0:
        raise NotComparable("all pairs of stimuli are equally dissimilar")
    values -= values.mean()
    values /= np.linalg.norm(values)
    return values
