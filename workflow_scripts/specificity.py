"""Specificity of a method in a population of models: silhouette and map of its profiles.

A profile is one layer of one network. A method is specific if profiles of the same layer in
different networks are close and profiles of different layers are far apart.

References
----------
Rousseeuw 1987, Silhouettes: a graphical aid to the interpretation and validation of cluster
analysis (equations 1 to 3).
"""

import numpy as np

from workflow_scripts.bootstrap import weighted_mean

# Similarity of a source (first) to a target (second) into one number for the pair. The directed
# ones keep the direction: each profile is judged as a source, or as a target, of the others.
SYMMETRISATIONS = {
    "mean": lambda forth, back: (forth + back) / 2,
    "min": np.minimum,
    "max": np.maximum,
    "directed_source": lambda forth, back: forth,
    "directed_target": lambda forth, back: back,
}


def distances(similarity, symmetrisation="mean", clip=True):
    """Distances between profiles: one minus their similarity.

    Parameters
    ----------
    similarity : numpy.ndarray, shape (..., S, L, S, L)
        Score from each source (subject, layer) to each target (subject, layer).
    symmetrisation : {"mean", "min", "max", "directed_source", "directed_target"}
        What becomes of the two directions.
    clip : bool
        Whether similarities are limited to 0 to 1 first; a strongly negative coefficient of
        determination would otherwise make a distance of any size.

    Returns
    -------
    numpy.ndarray, shape (..., S, L, S, L)
        0 from a profile to itself; NaN where a score is missing.
    """
    limited = np.clip(similarity, 0, 1) if clip else similarity
    back = np.moveaxis(limited, (-2, -1), (-4, -3))
    distance = 1 - SYMMETRISATIONS[symmetrisation](limited, back)
    subjects, layers = np.ogrid[: similarity.shape[-2], : similarity.shape[-1]]
    distance[..., subjects, layers, subjects, layers] = 0
    return distance


def silhouette(distance, weights, exclude_same_subject=False):
    """Silhouette of each profile, with layers as clusters, in every draw.

    ``a`` is the mean distance to the profiles of the same layer in other subjects, ``b`` the
    smallest, over the other layers, of the mean distance to the profiles of that layer, and the
    silhouette is ``(b - a) / max(a, b)``. Subjects that a draw repeats count as often as drawn, but
    never as partners of themselves in ``a``.

    Parameters
    ----------
    distance : numpy.ndarray, shape (n, S, L, S, L)
    weights : numpy.ndarray, shape (n, S)
        How often each subject was drawn; ones for the plain silhouette, which then equals
        `sklearn.metrics.silhouette_samples` with ``metric="precomputed"``.
    exclude_same_subject : bool
        Whether other layers of the profile's own subject are left out of ``b``.

    Returns
    -------
    tuple of numpy.ndarray, shape (n, S, L)
        ``a``, ``b`` and the silhouette of each profile; NaN where a mean has no member.
    """
    n, n_subjects, n_layers = distance.shape[:3]
    partners = np.repeat(weights[:, None, :], n_subjects, axis=1)
    others = partners.copy()
    others[:, np.eye(n_subjects, dtype=bool)] = 0
    to_layers = weighted_mean(
        distance,
        (others if exclude_same_subject else partners)[:, :, None, :, None],
        axis=3,
    )
    to_layers[:, :, np.eye(n_layers, dtype=bool)] = np.inf
    b = np.where(np.isnan(to_layers), np.inf, to_layers).min(axis=3)
    b[np.isinf(b)] = np.nan
    same_layer = np.diagonal(distance, axis1=2, axis2=4)  # (n, subject, subject, layer)
    a = weighted_mean(same_layer, others[:, :, :, None], axis=2)
    larger = np.maximum(a, b)
    # Profiles that coincide with everything belong nowhere in particular: 0, as in scikit-learn.
    score = np.where(larger == 0, 0.0, (b - a) / np.where(larger == 0, 1, larger))
    return a, b, score


def mean_over_profiles(values, weights):
    """Mean over profiles, each subject counted as often as drawn, without missing ones.

    Parameters
    ----------
    values : numpy.ndarray, shape (n, S, L)
    weights : numpy.ndarray, shape (n, S)

    Returns
    -------
    numpy.ndarray, shape (n,)
    """
    return weighted_mean(values, weights[:, :, None], axis=(1, 2))
