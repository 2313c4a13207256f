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

ROUNDING = 1e-9
"""Difference up to which two numbers are the same: sums of many terms around 1 differ in their last
digits."""


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
    table = pd.DataFrame(profiles, columns=["subject", "part"], dtype=str)
    names = {what: pd.Index(table[what].unique()) for what in table}
    # The number of each profile; -1, also of a name that no profile has, which is the last one.
    number = np.full([len(index) + 1 for index in names.values()], -1)
    number[tuple(names[what].get_indexer(table[what]) for what in names)] = table.index
    source, target = (
        number[tuple(names[what].get_indexer(scores[f"{side}_{what}"]) for what in names)]
        for side in ("source", "target")
    )
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


def is_complete(subjects: Sequence[str], n_parts: int) -> bool:
    """Whether every subject has every part, where no subject has a part twice."""
    return len(subjects) == len(set(subjects)) * n_parts


def choices(similarity: np.ndarray, subjects: Sequence[str], labels: np.ndarray) -> np.ndarray:
    """How often the targets of each part choose each part of other subjects.

    Where every subject has every part, a target chooses once from each other subject: the part from
    which its score is the highest. Where some subjects lack parts, it chooses once: the part with
    the highest mean score over the other subjects that have it. Parts with equal scores share a
    choice. A choice is counted if the target's own part and at least one more are among the parts.

    Parameters
    ----------
    similarity : numpy.ndarray, shape (n, n)
        From the profile of the row to that of the column; NaN where there is no score.
    subjects : sequence of str, length n
    labels : numpy.ndarray of int, shape (n, n_labellings)
        Parts of the profiles, or several ways to label them. No subject has a part twice.

    Returns
    -------
    numpy.ndarray, shape (n_parts, n_parts, n_labellings)
        Counted choices, by part of the target and chosen part; parts are sorted.
    """
    similarity = between_subjects(similarity, subjects)
    known = np.isfinite(similarity)
    scores = np.where(known, similarity, 0)
    is_part = (labels == np.unique(labels)[:, None, None]).astype(float)
    of_subject = np.asarray(subjects)
    sources = [of_subject == subject for subject in dict.fromkeys(subjects)]
    if not is_complete(subjects, len(is_part)):
        sources = [np.ones(len(subjects), bool)]
    counts = np.zeros((len(is_part), len(is_part), labels.shape[1]))
    for rows in sources:
        # By part, target and labelling.
        n_scores = known[rows].T.astype(float) @ is_part[:, rows]
        sums = scores[rows].T @ is_part[:, rows]
        possible = n_scores > 0
        means = np.divide(sums, n_scores, out=np.full(sums.shape, -np.inf), where=possible)
        best = means >= means.max(axis=0) - ROUNDING
        own = is_part * (possible * is_part).any(axis=0) * (possible.sum(axis=0) > 1)
        counts += np.einsum("ptl,ctl->pcl", own, best / best.sum(axis=0))
    return counts
