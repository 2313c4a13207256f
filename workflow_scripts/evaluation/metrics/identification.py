"""Identification: which part of another subject has the highest score with a part?

Where every subject has every part, a target chooses once from each other subject: the part from
which its score is the highest. Where some subjects lack parts, as where most have only one, a
target chooses once: the part with the highest mean score over the other subjects that have it. If
subjects are compared with the pool of the others, a target chooses once, among the parts of the
pool. Parts with equal scores share a choice. Targets whose own part no other subject has are not
counted, as their choice could not be right.

The table is the confusion matrix: for the targets of each part, the share of each chosen part.
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
        "chosen": "layer or area of other subjects from which the score is the highest",
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
        labels = np.array([[names.index(part)] for _, part in profiles])
        subjects = [subject for subject, _ in profiles]
        counts = choices(similarity_matrix(cells, profiles), subjects, labels)[..., 0]
        totals = counts.sum(axis=1, keepdims=True)
        shares = np.divide(counts, totals, out=np.full(counts.shape, np.nan), where=totals > 0)
        rows += [
            {"method": method, "part": part, "chosen": chosen, "share": share}
            for (part, chosen), share in zip(product(names, repeat=2), shares.flat, strict=True)
        ]
    return pd.DataFrame(rows, columns=list(CARD.columns))
