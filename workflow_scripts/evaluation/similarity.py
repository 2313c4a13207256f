"""Similarities and distances between all profiles of a population."""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
import pandas as pd

from workflow_scripts.evaluation.metric import Population

SYMMETRISATIONS: dict[str, Callable[..., np.ndarray]] = {
    "mean": np.mean,
    "min": np.min,
    "max": np.max,
}
"""How the similarities of the two directions become one."""


def scored_profiles(scores: pd.DataFrame, population: Population) -> list[tuple[str, str]]:
    """Profiles that a method can compare: those of parts that at least two subjects have.

    Parameters
    ----------
    scores : pandas.DataFrame
        Rows of one method.
    population : Population

    Returns
    -------
    list of tuple of str
        Subject and part: all of the networks; of a brain those that are a target, as some subjects
        have too few units in some areas.
    """
    if population.subjects:
        return list(product(population.subjects, population.parts))
    scored = scores[scores["verdict"] == "ok"]
    targets = set(zip(scored["target_subject"], scored["target_part"], strict=True))
    subjects = list(dict.fromkeys(scores["target_subject"]))
    n_subjects = Counter(part for _, part in targets)
    profiles = [
        (subject, part)
        for subject, part in product(subjects, population.parts)
        if (subject, part) in targets and n_subjects[part] > 1
    ]
    if len(profiles) < len(subjects) * len(population.parts):
        method = scores["method"].iloc[0]
        logging.info(
            "%s: %d profiles are compared, the others have no score", method, len(profiles)
        )
    return profiles if len({part for _, part in profiles}) > 1 else []


def similarity_matrix(scores: pd.DataFrame, profiles: Sequence[tuple[str, str]]) -> np.ndarray:
    """Similarities of all profiles from the rows of a score table.

    Parameters
    ----------
    scores : pandas.DataFrame
        Rows of one method, with ``source_subject``, ``source_part``, ``target_subject``,
        ``target_part`` and ``score``.
    profiles : list of tuple of str
        Subject and part of each row and column of the result.

    Returns
    -------
    numpy.ndarray, shape (n, n)
        From the profile of the row to that of the column; NaN where there is no score, and on
        the diagonal.
    """
    index = {profile: number for number, profile in enumerate(profiles)}
    matrix = np.full((len(profiles), len(profiles)), np.nan)
    columns = ["source_subject", "source_part", "target_subject", "target_part", "score"]
    for *pair, score in scores[columns].itertuples(index=False):
        source, target = tuple(pair[:2]), tuple(pair[2:])
        if source in index and target in index:
            matrix[index[source], index[target]] = score
    return matrix


def distance_matrix(
    similarity: np.ndarray, symmetrisation: str = "mean", clip: bool = True
) -> np.ndarray:
    """Distance ``1 - similarity``, made symmetric.

    Parameters
    ----------
    similarity : numpy.ndarray, shape (n, n)
    symmetrisation : {"mean", "min", "max"}
        How the similarities of the two directions become one.
    clip : bool
        Whether similarities are clipped to 0-1 first. Negative coefficients of determination of
        distant parts would otherwise raise the silhouette.

    Returns
    -------
    numpy.ndarray, shape (n, n)
        Zero on the diagonal.
    """
    if clip:
        similarity = np.clip(similarity, 0, 1)
    both = np.stack([similarity, similarity.T])
    distance = 1 - SYMMETRISATIONS[symmetrisation](both, axis=0)
    np.fill_diagonal(distance, 0)
    return distance
