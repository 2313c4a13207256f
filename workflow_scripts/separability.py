"""Separability: how far apart a method puts candidate models by their similarity to the brain.

Differences of held-out scores grow with the scores themselves, so two versions without that unit
stand beside the separability: divided by the mean similarity, and in standard deviations over
splits (d', after Green & Swets 1966).
"""

from itertools import combinations

import numpy as np

from workflow_scripts.bootstrap import split_weights, subject_weights, weighted_mean

DIRECTIONS = ("model_to_mouse", "mouse_to_model")


def candidate_scores(scores, mouse_weights, layer_rule="best_cv"):
    """Score of each candidate in each area and split, in every draw of the mice.

    Parameters
    ----------
    scores : numpy.ndarray, shape (candidate, layer, mouse, area, split)
        NaN where there is no such layer or the cell was skipped.
    mouse_weights : numpy.ndarray, shape (n, mouse)
    layer_rule : {"best_cv", "mean"}
        ``best_cv`` takes, in each split, the layer that is best on average over the other splits,
        after the mean over mice; with a single split, the best on that one. ``mean`` averages
        over layers.

    Returns
    -------
    numpy.ndarray, shape (n, candidate, area, split)
    """
    by_layer = np.stack(
        [weighted_mean(scores, weight[:, None, None], axis=2) for weight in mouse_weights]
    )
    if layer_rule == "mean":
        return weighted_mean(by_layer, np.ones(1), axis=2)
    n_splits = scores.shape[-1]
    if n_splits == 1:
        elsewhere = by_layer
    else:
        elsewhere = np.stack(
            [
                weighted_mean(by_layer, np.arange(n_splits) != split, axis=-1)
                for split in range(n_splits)
            ],
            axis=-1,
        )
    best = np.where(np.isnan(elsewhere), -np.inf, elsewhere).argmax(axis=2)
    return np.take_along_axis(by_layer, best[:, :, None], axis=2)[:, :, 0]


def pairwise_difference(similarity):
    """Mean absolute difference over pairs of candidates.

    Parameters
    ----------
    similarity : numpy.ndarray, shape (n, candidate, area)

    Returns
    -------
    numpy.ndarray, shape (n, area)
        NaN where fewer than two candidates have a similarity.
    """
    gaps = [
        np.abs(similarity[:, one] - similarity[:, other])
        for one, other in combinations(range(similarity.shape[1]), 2)
    ]
    return weighted_mean(np.stack(gaps), np.ones(1), axis=0)


def d_prime(by_split):
    """Mean over pairs of candidates of their difference in standard deviations over splits.

    Parameters
    ----------
    by_split : numpy.ndarray, shape (candidate, area, split)

    Returns
    -------
    numpy.ndarray, shape (area,)
        NaN with a single split, as for geometries, or without variation over splits.
    """
    n_splits = by_split.shape[-1]
    if n_splits == 1:
        return np.full(by_split.shape[1], np.nan)
    mean, variance = by_split.mean(axis=-1), by_split.var(axis=-1, ddof=1)
    ratios = []
    for one, other in combinations(range(len(by_split)), 2):
        deviation = np.sqrt((variance[one] + variance[other]) / 2)
        gap = np.abs(mean[one] - mean[other])
        ratios.append(np.where(deviation > 0, gap / np.where(deviation > 0, deviation, 1), np.nan))
    return weighted_mean(np.stack(ratios), np.ones(1), axis=0)


def similarities(scores, direction, method, areas, layer_rule):
    """Similarity of each candidate to each area in one direction.

    Parameters
    ----------
    scores : workflow_scripts.tables.Scores
    direction : {"model_to_mouse", "mouse_to_model"}
    method : str
    areas : list of str
    layer_rule : {"best_cv", "mean"}

    Returns
    -------
    numpy.ndarray, shape (n_draws + 1, candidate, area)
        In every draw of mice, where mice are targets, and of splits.
    numpy.ndarray, shape (candidate, area, split)
        As observed, by split.
    """
    candidates = scores.subjects("model_to_mouse", "source_subject")
    by_cell = scores.candidates(direction, method, candidates, areas)
    n_mice, _, n_splits = by_cell.shape[2:]
    if direction == "model_to_mouse":
        mice = subject_weights(scores.seed, "mouse", scores.n_draws, n_mice)
    else:
        mice = np.ones((1, 1))  # one pool: there is nothing to resample but splits
    by_split = candidate_scores(by_cell, mice, layer_rule)
    splits = split_weights(scores.seed, "mouse", scores.n_draws, n_splits)
    return weighted_mean(by_split, splits[:, None, None, :], axis=-1), by_split[0]


def method_separability(scores, method, areas, layer_rule, combine):
    """Separability of one method in both directions and in their combination.

    Parameters
    ----------
    scores : workflow_scripts.tables.Scores
    method : str
    areas : list of str
    layer_rule : {"best_cv", "mean"}
    combine : {"separabilities", "similarities"}
        Whether ``both`` is the mean of the two directions' separabilities, or the separability of
        the mean of their similarities.

    Returns
    -------
    dict of str to dict
        For ``model_to_mouse``, ``mouse_to_model`` and ``both``: ``separability`` (n_draws + 1,
        area), ``similarity`` (area,), the mean over candidates, and ``d_prime`` (area,).
    """
    found, similarity = {}, {}
    for direction in DIRECTIONS:
        similarity[direction], by_split = similarities(scores, direction, method, areas, layer_rule)
        found[direction] = {
            "separability": pairwise_difference(similarity[direction]),
            "d_prime": d_prime(by_split),
        }
    similarity["both"] = (similarity[DIRECTIONS[0]] + similarity[DIRECTIONS[1]]) / 2
    if combine == "similarities":
        separability = pairwise_difference(similarity["both"])
    else:
        separability = sum(found[direction]["separability"] for direction in DIRECTIONS) / 2
    found["both"] = {
        "separability": separability,
        "d_prime": sum(found[direction]["d_prime"] for direction in DIRECTIONS) / 2,
    }
    for direction, values in found.items():
        values["similarity"] = weighted_mean(similarity[direction][0], np.ones(1), axis=0)
    return found
