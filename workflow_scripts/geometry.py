"""Representational geometry: dissimilarities of stimuli, and how alike two sets of them are."""

import numpy as np

from workflow_scripts.errors import InputError, NotComparable

COMPARISONS = ("pearson", "spearman")


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
    return 1 - (patterns @ patterns.T)[np.triu_indices(len(X), 1)]


def geometry_correlation(X, Y, comparison="pearson"):
    """Correlation of the dissimilarities of two profiles with the same stimuli.

    Parameters
    ----------
    X, Y : numpy.ndarray, shape (n_stimuli, n_units)
        The number of units may differ.
    comparison : {"pearson", "spearman"}
        Of the dissimilarities, or of their ranks.

    Returns
    -------
    float

    Raises
    ------
    InputError
        If the comparison is another one.
    NotComparable
        See `dissimilarities`.
    """
    if comparison not in COMPARISONS:
        raise InputError(
            f"method parameter comparison: found {comparison!r}, expected one of "
            f"{', '.join(COMPARISONS)}"
        )
    pair = dissimilarities(X), dissimilarities(Y)
    if comparison == "spearman":
        from scipy.stats import rankdata

        pair = [rankdata(values) for values in pair]
    return float(np.corrcoef(*pair)[0, 1])
