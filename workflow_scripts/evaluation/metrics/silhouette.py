"""Silhouette of the profiles of a population, with their parts as the clusters.

The silhouette of a profile is ``(b - a) / max(a, b)`` with ``a`` its mean distance to the profiles
of the same part of other subjects, and ``b`` the smallest, over the other parts, of its mean
distance to the profiles of that part. It is 1 where a method recognises the same part in every
subject, 0 where it cannot tell parts apart. The distance is 1 less the score. All combinations of
the parameters are computed, and the configured one is marked ``default``. The 95 % interval is
over the subjects whose profiles are judged, always against the whole population.
Reference: Rousseeuw 1987, J Comput Appl Math 20: 53-65.
"""

from collections.abc import Sequence
from itertools import product
from typing import Literal

import numpy as np
import pandas as pd

from workflow_scripts.evaluation.bootstrap import draw_counts, interval, weighted_mean
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
        "ci_low": "lower end of the 95 % bootstrap interval over subjects",
        "ci_high": "upper end of it",
        "mean_a": "mean distance to the same part of other subjects",
        "mean_b": "mean distance to the nearest other part",
    },
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
        generator = random.generator("bootstrap", "silhouette")
        counts = draw_counts(len(set(subjects)), random.n_draws, generator)
        similarity = similarity_matrix(cells, profiles)
        for options in product(SYMMETRISATIONS, (True, False), (False, True)):
            how, clipped, excluded = options
            distance = distance_matrix(similarity, how, clipped)
            a, b, values = silhouette(distance, subjects, parts, excluded)
            # Only the judged subjects are drawn. A draw of the whole population would pair copies
            # of one subject, or leave fewer others than there are.
            by_subject = pd.Series(values).groupby(list(subjects), sort=False).mean().to_numpy()
            low, high = interval(weighted_mean(by_subject, counts))
            rows.append(
                {
                    "method": method,
                    "symmetrisation": how,
                    "clip": clipped,
                    "exclude_same_subject": excluded,
                    "default": options == configured,
                    "silhouette": values.mean(),
                    "ci_low": low,
                    "ci_high": high,
                    "mean_a": a.mean(),
                    "mean_b": b.mean(),
                }
            )
    return pd.DataFrame(rows, columns=list(CARD.columns))


def silhouette(
    distance: np.ndarray,
    subjects: Sequence[str],
    parts: Sequence[str],
    exclude_same_subject: bool = False,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Silhouette of every profile with its part as the cluster.

    Parameters
    ----------
    distance : numpy.ndarray, shape (n, n)
    subjects, parts : sequence of str, length n
    exclude_same_subject : bool
        Whether other parts of the same subject are left out of ``b``.

    Returns
    -------
    a, b, s : numpy.ndarray, each of shape (n,)
        NaN for a profile that has no other profile of its part, or none of another part.
    """
    of_subject, of_part = np.asarray(subjects), np.asarray(parts)

    def mean_distance(i: int, chosen: np.ndarray) -> float:
        return distance[i, chosen].mean() if chosen.any() else np.nan

    a, b = np.full(len(of_part), np.nan), np.full(len(of_part), np.nan)
    for i in range(len(of_part)):
        others = np.arange(len(of_part)) != i
        a[i] = mean_distance(i, others & (of_part == of_part[i]) & (of_subject != of_subject[i]))
        if exclude_same_subject:
            others &= of_subject != of_subject[i]
        rivals = [
            mean_distance(i, others & (of_part == part)) for part in set(of_part) - {of_part[i]}
        ]
        b[i] = np.min(rivals) if rivals else np.nan
    return a, b, (b - a) / np.maximum(a, b)
