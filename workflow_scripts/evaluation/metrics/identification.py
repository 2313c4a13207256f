"""Identification: which part of another subject has the highest score with a part?

Every target chooses, among the parts of each other subject (or of the pool of the other subjects),
the one from which its score is the highest; parts with equal scores share the choice. The table is
the confusion matrix: for the targets of each part, the share of each chosen part. Choices from
subjects without the target's own part are not counted, as none of them could be right.
Reference: Haxby et al. 2001, Science 293: 2425-2430 (identification by the highest correlation);
Kay et al. 2008, Nature 452: 352-355.
"""

from itertools import product

import numpy as np
import pandas as pd

from workflow_scripts.evaluation.metric import Card, Population, Random, Scores
from workflow_scripts.evaluation.similarity import (
    choices,
    scored_profiles,
    similarity_matrix,
    with_pool,
)

CARD = Card(
    label="Identification of parts",
    populations=("networks", "brain", "pairs"),
    comparisons=("networks", "brain"),
    columns={
        "method": "name of the method",
        "part": "layer or area of the targets",
        "chosen": "layer or area of another subject from which the score is the highest",
        "share": "share of the choices of these targets, from 0 to 1",
    },
    values=("share",),
    reference="Kay et al. 2008, Nature 452: 352-355",
    min_parts=2,
)


def measure(scores: Scores, population: Population, random: Random) -> pd.DataFrame:
    """Confusion matrix of each method."""
    rows = []
    for method, cells in scores.cells.groupby("method", sort=False):
        profiles = with_pool(cells, scored_profiles(cells, population))
        if not profiles:
            continue
        names = [part for part in population.parts if part in {part for _, part in profiles}]
        shares = confusion(similarity_matrix(cells, profiles), profiles, names)
        rows += [
            {"method": method, "part": part, "chosen": chosen, "share": share}
            for (part, chosen), share in zip(product(names, repeat=2), shares.flat, strict=True)
        ]
    return pd.DataFrame(rows, columns=list(CARD.columns))


def confusion(
    similarity: np.ndarray, profiles: list[tuple[str, str]], names: list[str]
) -> np.ndarray:
    """Shares of the chosen parts (columns) among the choices of each part's targets (rows).

    Parameters
    ----------
    similarity : numpy.ndarray, shape (n, n)
        From the profile of the row to that of the column; NaN where there is no score.
    profiles : list of tuple of str
        Subject and part of each row and column.
    names : list of str, length n_parts

    Returns
    -------
    numpy.ndarray, shape (n_parts, n_parts)
        Rows add up to 1; NaN for a part whose targets have no choice.
    """
    chosen, possible = choices(similarity, [subject for subject, _ in profiles])
    subjects, parts = map(np.array, zip(*profiles, strict=True))
    own = possible & (parts[:, None] == parts)
    counts = np.zeros((len(names), len(names)))
    for subject in dict.fromkeys(subjects):
        rows = subjects == subject
        counted = chosen[rows] * own[rows].any(axis=0)
        of_source, of_target = (
            (np.array(names)[:, None] == of).astype(float) for of in (parts[rows], parts)
        )
        counts += of_target @ counted.T @ of_source.T
    totals = counts.sum(axis=1, keepdims=True)
    return np.divide(counts, totals, out=np.full(counts.shape, np.nan), where=totals > 0)
