"""Similarities and distances between all profiles of a population."""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
import pandas as pd

from workflow_scripts.common.profile import POOL
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
        Subject and part: all of the networks that have scores; of a brain those that are a target,
        as some subjects have too few units in some areas.
    """
    subjects = scores["target_subject"].unique().tolist()
    if population.subjects:
        kept = [subject for subject in population.subjects if subject in subjects]
        return list(product(kept, population.parts))
    scored = scores.loc[scores["verdict"] == "ok", ["target_subject", "target_part"]]
    targets = set(scored.drop_duplicates().itertuples(index=False, name=None))
    n_subjects = Counter(part for _, part in targets)
    profiles = [
        (subject, part)
        for subject, part in product(subjects, population.parts)
        if (subject, part) in targets and n_subjects[part] > 1
    ]
    return profiles if len({part for _, part in profiles}) > 1 else []


def with_pool(scores: pd.DataFrame, profiles: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Profiles, after those of the pool where they are compared with the pool of the others."""
    if not (scores["source_subject"] == POOL).any():
        return list(profiles)
    return [(POOL, part) for part in dict.fromkeys(part for _, part in profiles)] + list(profiles)


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

    def numbers(side: str) -> np.ndarray:
        # Lists, as single values of a column of texts are slow to read.
        subjects, parts = (scores[f"{side}_{what}"].tolist() for what in ("subject", "part"))
        return np.array([index.get(item, -1) for item in zip(subjects, parts, strict=True)])

    source, target = numbers("source"), numbers("target")
    known = (source >= 0) & (target >= 0)
    matrix = np.full((len(profiles), len(profiles)), np.nan)
    matrix[source[known], target[known]] = scores["score"].to_numpy(float)[known]
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


def between_subjects(similarity: np.ndarray, subjects: Sequence[str]) -> np.ndarray:
    """Similarities with NaN between profiles of the same subject."""
    of_subject = np.asarray(subjects)
    return np.where(of_subject[:, None] != of_subject, similarity, np.nan)


def choices(similarity: np.ndarray, subjects: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The profile of each other subject from which the score of a target is the highest.

    Parameters
    ----------
    similarity : numpy.ndarray, shape (n, n)
        From the profile of the row to that of the column; NaN where there is no score.
    subjects : sequence of str, length n

    Returns
    -------
    chosen : numpy.ndarray, shape (n, n)
        1 for the profile of the row that is chosen for the target of the column; profiles with the
        same score share it.
    possible : numpy.ndarray of bool, shape (n, n)
        Whether the target can choose this profile. There is no choice where the target has one
        score only from a subject.
    """
    similarity = between_subjects(similarity, subjects)
    chosen = np.zeros(similarity.shape)
    possible = np.zeros(similarity.shape, bool)
    of_subject = np.asarray(subjects)
    for subject in dict.fromkeys(subjects):
        rows = of_subject == subject
        own = similarity[rows]
        known = np.isfinite(own)
        known &= known.sum(axis=0) > 1
        best = known & (own == np.where(known, own, -np.inf).max(axis=0))
        chosen[rows] = best / np.maximum(best.sum(axis=0), 1)
        possible[rows] = known
    return chosen, possible
