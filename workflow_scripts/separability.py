"""Separability of candidate models: how far apart do their similarities to a brain lie?"""

from itertools import combinations

import numpy as np


def candidate_similarity(scores, layer_rule="best_cv"):
    """Similarity of one candidate to one area.

    Parameters
    ----------
    scores : numpy.ndarray, shape (n_layers, n_splits)
        Score of each layer in each split.
    layer_rule : {"best_cv", "mean"}
        ``best_cv`` takes, in each split, the layer that scores best in the other splits (with one
        split, as for a geometry, which fits nothing, the best layer); ``mean`` takes all layers.

    Returns
    -------
    numpy.ndarray, shape (n_splits,)
        NaN in splits where no layer has a score.
    """
    scores = scores[~np.isnan(scores).all(axis=1)]
    if not len(scores):
        return np.full(scores.shape[1], np.nan)
    if layer_rule == "mean":
        return np.nanmean(scores, axis=0)
    n_splits = scores.shape[1]
    if n_splits == 1:
        return np.nanmax(scores, axis=0)
    chosen = np.empty(n_splits)
    for split in range(n_splits):
        others = np.delete(scores, split, axis=1)
        mean = np.nansum(others, axis=1) / np.maximum((~np.isnan(others)).sum(axis=1), 1)
        chosen[split] = scores[np.argmax(mean), split]
    return chosen


def separability(similarities):
    """Mean absolute difference over the pairs of candidates.

    Parameters
    ----------
    similarities : numpy.ndarray, shape (n_candidates,)

    Returns
    -------
    float
    """
    return float(np.mean([abs(a - b) for a, b in combinations(similarities, 2)]))


def discriminability(similarities):
    """Mean over the pairs of candidates of d', with the deviation over splits.

    Parameters
    ----------
    similarities : numpy.ndarray, shape (n_candidates, n_splits)

    Returns
    -------
    float
        ``|mean_k - mean_l| / sqrt((var_k + var_l) / 2)``; NaN with one split.
    """
    if similarities.shape[1] < 2:
        return np.nan
    mean, variance = similarities.mean(axis=1), similarities.var(axis=1, ddof=1)
    pairs = combinations(range(len(mean)), 2)
    return float(
        np.mean(
            [abs(mean[k] - mean[m]) / np.sqrt((variance[k] + variance[m]) / 2) for k, m in pairs]
        )
    )
