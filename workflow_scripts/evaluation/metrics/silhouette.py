"""Silhouette of the profiles of a population, with their parts as the clusters.

The silhouette of a profile is ``(b - a) / max(a, b)`` with ``a`` its mean distance to the profiles
of the same part of other subjects, and ``b`` the smallest, over the other parts, of its mean
distance to the profiles of that part. It is 1 where a method recognises the same part in every
subject, and 0 for profiles that are all the same. The distance is 1 less the score. All
combinations of the parameters are computed, and the configured one is marked ``default``.
Reference: Rousseeuw 1987, J Comput Appl Math 20: 53-65.
"""

from collections.abc import Sequence
from itertools import product
from typing import Literal

import numpy as np
import pandas as pd

from workflow_scripts.evaluation.metric import Card, Population, Random, Scores
from workflow_scripts.evaluation.similarity import (
    SYMMETRISATIONS,
    distance_matrix,
    scored_profiles,
    similarity_matrix,
)

CARD = Card(
    label="Silhouette",
    populations=("networks", "pairs"),
    comparisons=("networks", "brain"),
    columns={
        "method": "name of the method",
        "symmetrisation": "how the similarities of the two directions become one",
        "clip": "whether similarities are clipped to 0-1 before they become distances",
        "exclude_same_subject": "whether other parts of the same subject are left out of b",
        "default": "whether these options are the configured ones",
        "silhouette": "mean over profiles, from -1 to 1",
        "mean_a": "mean distance to the same part of other subjects",
        "mean_b": "mean distance to the nearest other part",
    },
    values=("silhouette", "mean_a", "mean_b"),
    reference="Rousseeuw 1987, J Comput Appl Math 20: 53-65",
    min_parts=2,
)


def measure(
    scores: Scores,
    population: Population,
    random: Random,
    *,
    symmetrisation: Literal["mean", "min", "max"] = "mean",
    clip: bool = True,
    exclude_same_subject: bool = False,
) -> pd.DataFrame:
    """Mean silhouette of all profiles for each method and combination of options."""
    configured = (symmetrisation, clip, exclude_same_subject)
    rows = []
    for method, cells in scores.cells.groupby("method", sort=False):
        profiles = scored_profiles(cells, population)
        if not profiles:
            continue
        subjects, parts = zip(*profiles, strict=True)
        similarity = similarity_matrix(cells, profiles)
        for options in product(SYMMETRISATIONS, (True, False), (False, True)):
            how, clipped, excluded = options
            distance = distance_matrix(similarity, how, clipped)
            a, b, values = silhouette(distance, subjects, parts, excluded)
            rows.append(
                {
                    "method": method,
                    "symmetrisation": how,
                    "clip": clipped,
                    "exclude_same_subject": excluded,
                    "default": options == configured,
                    "silhouette": values.mean(),
                    "mean_a": a.mean(),
                    "mean_b": b.mean(),
                }
            )
    return pd.DataFrame(rows, columns=list(CARD.columns))


def silhouette(
    distance: np.ndarray,
    subjects: Sequence[str],
    parts: Sequence[str] | np.ndarray,
    exclude_same_subject: bool = False,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Silhouette of every profile with its part as the cluster.

    Parameters
    ----------
    distance : numpy.ndarray, shape (n, n)
        Zero on the diagonal.
    subjects : sequence of str, length n
        No subject has a part twice.
    parts : array-like, shape (n,) or (n, n_labellings)
        Parts of the profiles, or several ways to label them, each of which has a silhouette.
    exclude_same_subject : bool
        Whether other parts of the same subject are left out of ``b``.

    Returns
    -------
    a, b, s : numpy.ndarray, each of the shape of `parts`
        NaN for a profile that has no other profile of its part, or none of another part; ``s`` is
        0 where both distances are.
    """
    of_subject, of_part = np.asarray(subjects), np.asarray(parts)
    labels = np.unique(of_part)
    own = of_part[..., None] == labels
    other_subject = of_subject[:, None] != of_subject
    to_others = _mean_distances(distance, other_subject, own)
    a = to_others[own].reshape(of_part.shape)
    if exclude_same_subject:
        rivals = to_others
    else:
        rivals = _mean_distances(distance, ~np.eye(len(distance), dtype=bool), own)
    b = np.where(own, np.inf, rivals).min(axis=-1)
    a, b = (np.where(np.isinf(side), np.nan, side) for side in (a, b))
    larger = np.maximum(a, b)
    return a, b, np.divide(b - a, larger, out=np.zeros_like(larger), where=larger != 0)


def _mean_distances(distance: np.ndarray, taken: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Mean distance of every profile to those of each part, infinite where there are none.

    `taken` (n, n) are the pairs that are counted, `own` (n, ..., n_parts) the part of a profile.
    """
    indicators = own.astype(float)
    sums = np.tensordot(np.where(taken, distance, 0), indicators, 1)
    counts = np.tensordot(taken.astype(float), indicators, 1)
    return np.divide(sums, counts, out=np.full(sums.shape, np.inf), where=counts > 0)
