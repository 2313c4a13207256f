"""Specificity: does a method recognise a part in another subject, and tell it from other parts?

Readings of the same scores, which need not agree: each of them is one summary of how scores between
the same parts of two subjects (*same*) differ from those between different parts (*other*).

- ``silhouette``: silhouette of the profiles, with pairs of parts of one subject;
  ``silhouette_other_subjects``: without them. Neither is defined for a brain whose subjects are
  compared with the pool of the others.
- ``d_prime``: ``(mean same - mean other) / sqrt((var same + var other) / 2)``.
- ``auc``: how often a *same* score is higher than an *other* score, ties counted half: the area
  under the receiver operating characteristic.
- ``identification``: how often the part of another subject (or of the pool) that has the highest
  score with a target is the target's own part; parts with equal scores share the choice. Where some
  subjects lack parts, it is the part with the highest mean score over the other subjects.

Only silhouettes clip scores; the others take them as they are, so that a few very negative ones
widen the spread of d'. All readings are of the parts that at least two subjects have.

Where labels of parts mean nothing, readings are not all 0: a silhouette, for example, is negative.
Chance is therefore the mean over permutations of the labels, and ``p`` is the one-sided probability
of a value that is at least as high. Where every subject has every part, labels are permuted within
subjects. Where some subjects lack parts, labels are also exchanged between subjects: each subject
has as many parts as before, none of them twice, and all such labellings are equally probable. Then
whatever else differs between the subjects that have a part and those that do not, such as how they
were recorded, counts as a difference between parts. ``p`` cannot be small where subjects and parts
are few: with two subjects of three parts, one permutation in six only renames the parts.

Of a brain with ``sources: groups``, each random grouping of the subjects has readings of its
pseudo-subjects and permutations of their labels, and the table has their means. Groupings share all
subjects, so that their readings rise and fall together. Means over permutations that are drawn
anew for each grouping would vary too little, and ``p`` would be below .05 in a quarter of all cases
without any specificity (tests/benchmarks/groupings.py). The mean is therefore over values of equal
rank: of the highest of each grouping, of the second highest, and so on. ``p`` is then too large
rather than too small.
Reference: Rousseeuw 1987, J Comput Appl Math 20: 53-65; Green and Swets 1966, Signal Detection
Theory and Psychophysics; Phipson and Smyth 2010, Stat Appl Genet Mol Biol 9: 39 (p); Strona et
al. 2014, Nature Communications 5: 4114 (exchange between subjects).
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from workflow_scripts.common.profile import POOL
from workflow_scripts.evaluation.metric import Card, Population, Random, Scores
from workflow_scripts.evaluation.metrics.silhouette import silhouette
from workflow_scripts.evaluation.similarity import (
    ROUNDING,
    between_subjects,
    choices,
    distance_matrix,
    is_complete,
    scored_profiles,
    similarity_matrix,
    with_pool,
)

CARD = Card(
    label="Specificity in several readings",
    populations=("networks", "brain", "pairs"),
    comparisons=("networks", "brain", "groups"),
    columns={
        "method": "name of the method",
        "reading": "silhouette, silhouette_other_subjects, d_prime, auc or identification",
        "value": "the reading",
        "chance": "mean over permutations of the labels of parts",
        "null_low": "2.5 % quantile over the permutations",
        "null_high": "97.5 % quantile over them",
        "p": "share of the permutations, the true labels among them, with at least this value",
        "grouping_low": "lowest reading of a random grouping (`sources: groups` only)",
        "grouping_high": "highest reading of one",
    },
    values=("value",),
    reference="Green and Swets 1966, Signal Detection Theory and Psychophysics",
    min_parts=2,
)

BLOCK = 4_000_000
"""Most numbers in an array of sums for a block of permutations: 32 MB."""

N_ROUNDS = 50
"""Rounds of trades between subjects. Where subjects can trade with most others, each round halves
what is left of the true labels, so that nothing is after 20. More are for subjects that can trade
with few others. If two of sixty can trade, and with each other alone, they keep their true labels
too often, and ``p`` is too large."""


def measure(
    scores: Scores,
    population: Population,
    random: Random,
    *,
    symmetrisation: Literal["mean", "min", "max"] = "mean",
    clip: bool = True,
) -> pd.DataFrame:
    """Readings of each method; the parameters are those of the silhouettes."""
    rows = []
    for method, cells in scores.cells.groupby("method", sort=False):
        found = [
            readings(own, profiles, population, random, symmetrisation, clip)
            for _, own in cells.groupby(groupings(cells), sort=False)
            if (profiles := with_pool(own, scored_profiles(own, population)))
        ]
        for reading in found[0] if found else ():
            values = np.array([table[reading] for table in found])
            against = against_permutations(mean_of_ranks(values))
            low, high = np.nan, np.nan
            if is_grouped(cells) and np.isfinite(values[:, 0]).any():
                low, high = np.nanmin(values[:, 0]), np.nanmax(values[:, 0])
            row = {"method": method, "reading": reading, **against}
            rows.append({**row, "grouping_low": low, "grouping_high": high})
    return pd.DataFrame(rows, columns=list(CARD.columns))


def is_grouped(cells: pd.DataFrame) -> bool:
    """Whether cells are of pseudo-subjects, in several groupings."""
    return bool((cells["comparison"] == "groups").any())


def groupings(cells: pd.DataFrame) -> pd.Series:
    """Grouping that each cell is of; without groupings, all cells are of one."""
    if is_grouped(cells):
        return cells["target_subject"].str.partition("/")[0]
    return pd.Series("", cells.index)


def readings(
    cells: pd.DataFrame,
    profiles: Sequence[tuple[str, str]],
    population: Population,
    random: Random,
    symmetrisation: str,
    clip: bool,
) -> pd.DataFrame:
    """Readings of these profiles, one per column: with the true labels, then with permuted ones."""
    subjects, parts = zip(*profiles, strict=True)
    similarity = similarity_matrix(cells, profiles)
    # The same permutations for all methods that have the same profiles.
    generator = random.generator("permutations", "specificity", population.stream)
    labels = with_permutations(subjects, parts, random.n_draws, generator)
    blocks = []
    n_blocks = -(-labels.size * len(set(parts)) // BLOCK)
    for block in np.array_split(labels, n_blocks, axis=1):
        found = between_readings(similarity, subjects, block)
        if POOL not in subjects:
            distance = distance_matrix(similarity, symmetrisation, clip)
            found = {**silhouettes(distance, subjects, block), **found}
        blocks.append(pd.DataFrame(found))
    return pd.concat(blocks, ignore_index=True)


def mean_of_ranks(values: np.ndarray) -> np.ndarray:
    """Mean over groupings of their values, and of the permutations' values of equal rank.

    Parameters
    ----------
    values : numpy.ndarray, shape (n_groupings, 1 + n_draws)
        The first value of each is that of the true labels; NaN where a reading is not defined.

    Returns
    -------
    numpy.ndarray, shape (1 + n_draws,)
        Over the groupings that have a value with the true labels. One alone keeps its values.
    """
    values = values[np.isfinite(values[:, 0])]
    if len(values) < 2:
        return values[0] if len(values) else np.array([np.nan])
    places = np.linspace(0, 1, values.shape[1] - 1)
    ranked = [
        np.quantile(known, places)
        for null in values[:, 1:]
        if len(known := null[np.isfinite(null)])
    ]
    return np.append(values[:, 0].mean(), np.mean(ranked, axis=0) if ranked else [])


def with_permutations(
    subjects: Sequence[str], parts: Sequence[str], n_draws: int, generator: np.random.Generator
) -> np.ndarray:
    """Labels of parts as numbers: the true ones, then permutations of them.

    Where every subject has every part, labels are permuted within each subject. Otherwise those of
    different subjects are exchanged too, and every labelling is equally probable in which each
    subject has as many parts as it has, none of them twice, and as many subjects have each part.
    The pool then keeps its labels: a part of more subjects has a larger pool, which may predict
    anything better, and more targets of its own, and exchanged labels would separate the two.

    Parameters
    ----------
    subjects, parts : sequence of str, length n
    n_draws : int
    generator : numpy.random.Generator

    Returns
    -------
    numpy.ndarray of int, shape (n, 1 + n_draws)
    """
    names, true = np.unique(np.asarray(parts), return_inverse=True)
    labels = np.repeat(true[:, None], 1 + n_draws, axis=1)
    of_subject = np.asarray(subjects)
    rows_of = {subject: of_subject == subject for subject in dict.fromkeys(subjects)}
    if not is_complete(subjects, len(names)):
        rows_of.pop(POOL, None)
        has = np.zeros((n_draws, len(rows_of), len(names)), bool)
        for number, rows in enumerate(rows_of.values()):
            has[:, number, true[rows]] = True
        has = traded(has, generator)
        for number, rows in enumerate(rows_of.values()):
            labels[rows, 1:] = np.nonzero(has[:, number])[1].reshape(n_draws, rows.sum()).T
    for rows in rows_of.values():
        labels[rows, 1:] = generator.permuted(labels[rows, 1:], axis=0)
    return labels


def traded(has: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Parts of subjects after many trades between random pairs of them.

    In each round, subjects meet in pairs. The parts that one alone of a pair has are dealt to both
    at random, so that each has as many as before.

    Parameters
    ----------
    has : numpy.ndarray of bool, shape (n_draws, n_subjects, n_parts)
        Whether a subject has a part.
    generator : numpy.random.Generator

    Returns
    -------
    numpy.ndarray of bool, shape (n_draws, n_subjects, n_parts)
    """
    has = has.copy()
    n_draws, n_subjects, _ = has.shape
    n_pairs = n_subjects // 2
    draws = np.arange(n_draws)[:, None]
    order = np.tile(np.arange(n_subjects), (n_draws, 1))
    for _ in range(N_ROUNDS):
        order = generator.permuted(order, axis=1)
        one, other = order[:, :n_pairs], order[:, n_pairs : 2 * n_pairs]
        of_one, of_other = has[draws, one], has[draws, other]
        both, either = of_one & of_other, of_one ^ of_other
        # Parts that are dealt are those of the lowest ranks.
        keys = np.where(either, generator.random(either.shape), 1)
        ranks = keys.argsort(axis=-1).argsort(axis=-1)
        dealt = ranks < (of_one & either).sum(axis=-1, keepdims=True)
        has[draws, one] = both | dealt
        has[draws, other] = both | (either & ~dealt)
    return has


def silhouettes(
    distance: np.ndarray, subjects: Sequence[str], labels: np.ndarray
) -> dict[str, np.ndarray]:
    """Mean silhouette of all profiles with and without pairs of one subject, per labelling."""
    return {
        name: silhouette(distance, subjects, labels, excluded)[2].mean(axis=0)
        for name, excluded in (("silhouette", False), ("silhouette_other_subjects", True))
    }


def between_readings(
    similarity: np.ndarray, subjects: Sequence[str], labels: np.ndarray
) -> dict[str, np.ndarray]:
    """Readings of the scores between different subjects.

    Parameters
    ----------
    similarity : numpy.ndarray, shape (n, n)
        From the profile of the row to that of the column; NaN where there is no score.
    subjects : sequence of str, length n
    labels : numpy.ndarray of int, shape (n, n_labellings)

    Returns
    -------
    dict of str to numpy.ndarray, each of shape (n_labellings,)
        NaN where a reading is not defined: without scores of both kinds, for d' without two of each
        or where none of them differ within a kind, and for identification without a choice.
    """
    chosen = choices(similarity, subjects, labels)
    similarity = between_subjects(similarity, subjects)
    known = np.isfinite(similarity)
    values = similarity[known]
    # The mean is taken off, so that the variances of similar scores keep their digits.
    values = values - values.sum() / max(len(values), 1)
    ranks = pd.Series(values).rank().to_numpy()
    n_same, sums, squares, rank_sums = same_part_sums(
        np.array([known, *_filled(known, values, values**2, ranks)]), labels
    )
    n_other = len(values) - n_same
    mean_same = _ratio(sums, n_same)
    mean_other = _ratio(values.sum() - sums, n_other)
    var_same = _ratio(squares - n_same * mean_same**2, n_same - 1)
    var_other = _ratio((values**2).sum() - squares - n_other * mean_other**2, n_other - 1)
    variance = (var_same + var_other) / 2
    spread = np.sqrt(np.where(variance > ROUNDING, variance, 0))
    return {
        "d_prime": _ratio(mean_same - mean_other, spread),
        "auc": _ratio(rank_sums - n_same * (n_same + 1) / 2, n_same * n_other),
        "identification": _ratio(np.trace(chosen), chosen.sum(axis=(0, 1))),
    }


def same_part_sums(matrices: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Sum of each matrix over the pairs of profiles that have the same label.

    Parameters
    ----------
    matrices : numpy.ndarray, shape (n_matrices, n, n)
    labels : numpy.ndarray of int, shape (n, n_labellings)

    Returns
    -------
    numpy.ndarray, shape (n_matrices, n_labellings)
    """
    indicators = (labels[..., None] == np.unique(labels)).astype(float)
    return np.array(
        [
            np.einsum("nlk,nlk->l", np.tensordot(matrix, indicators, 1), indicators)
            for matrix in matrices
        ]
    )


def against_permutations(values: np.ndarray) -> dict[str, float]:
    """A value, the first, and where it lies among those of permutations, which are the others."""
    value, null = values[0], values[1:][np.isfinite(values[1:])]
    result = {"value": value, "chance": np.nan, "null_low": np.nan, "null_high": np.nan}
    if np.isnan(value) or not len(null):
        return {**result, "p": np.nan}
    low, high = np.quantile(null, [0.025, 0.975])
    n_higher = (null >= value - ROUNDING).sum()
    p = (1 + n_higher) / (1 + len(null))
    return {**result, "chance": null.mean(), "null_low": low, "null_high": high, "p": p}


def _filled(known: np.ndarray, *values: np.ndarray) -> list[np.ndarray]:
    """Matrices with these values where a score is known, and 0 elsewhere."""
    matrices = []
    for one in values:
        matrix = np.zeros(known.shape)
        matrix[known] = one
        matrices.append(matrix)
    return matrices


def _ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Quotient, NaN where the denominator is not positive."""
    return np.divide(
        numerator, denominator, out=np.full(len(denominator), np.nan), where=denominator > 0
    )
