"""Separability: how far apart a method places candidate models that are compared with a brain.

The similarity of a candidate to an area is the score of its best layer, averaged over the subjects
of the brain and over splits. The separability of an area is the mean absolute difference of the
similarities of all pairs of candidates; on the scale ``relative``, it is divided by their mean. It
has no sign: it is large as well where a wrong model wins, which `recovery` tells apart.
Reference: Thobani et al. 2025, CCN.
"""

from collections.abc import Sequence
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd

from workflow_scripts.alignment.scoring import mean_of_known
from workflow_scripts.evaluation.candidate_scores import (
    DIRECTIONS,
    CandidateScores,
    candidate_scores,
)
from workflow_scripts.evaluation.metric import Card, Population, Random, Scores

CARD = Card(
    label="Separability of candidate models",
    populations=("brain",),
    comparisons=("model_to_brain", "brain_to_model"),
    columns={
        "method": "name of the method",
        "direction": "of the map: model_to_brain, brain_to_model, or both",
        "area": "area of the brain; mean: mean over areas",
        "scale": "raw: difference of scores; relative: divided by the mean score, where positive",
        "separability": "mean absolute difference of similarity over pairs of candidates",
    },
    reference="Thobani et al. 2025, CCN",
    values=("separability",),
    by_split=True,
    min_candidates=2,
)


def measure(
    scores: Scores,
    population: Population,
    random: Random,
    *,
    layer_rule: Literal["best_cv", "mean"] = "best_cv",
    combine: Literal["separabilities", "similarities"] = "separabilities",
) -> pd.DataFrame:
    """Separability by method, direction, area and scale.

    A candidate's layer is the one with the best score inside the training stimuli of the split
    (``best_cv``), or all its layers count (``mean``). Direction ``both`` is the mean of the two
    separabilities, or, if `combine` says so, the separability of the mean of the two similarities.
    """
    areas = population.parts
    rows = []
    for method, splits in scores.splits.groupby("method", sort=False):
        similar = {
            str(direction): similarities(
                candidate_scores(of_direction, str(direction), population.candidates, areas),
                layer_rule,
            )
            for direction, of_direction in splits.groupby("comparison", sort=False)
        }
        gaps = {direction: separabilities(values) for direction, values in similar.items()}
        if set(similar) == set(DIRECTIONS):
            gaps["both"] = (
                separabilities(np.mean(list(similar.values()), axis=0))
                if combine == "similarities"
                else np.mean(list(gaps.values()), axis=0)
            )
        rows += [
            {
                "method": method,
                "direction": direction,
                "area": area,
                "scale": scale,
                "separability": value,
            }
            for direction, by_scale in gaps.items()
            for scale, by_area in zip(("raw", "relative"), by_scale, strict=True)
            for area, value in zip(
                (*areas, "mean"), (*by_area, float(mean_of_known(by_area, 0))), strict=True
            )
        ]
    return pd.DataFrame(rows, columns=list(CARD.columns))


def similarities(found: CandidateScores, layer_rule: str) -> np.ndarray:
    """Similarity of every candidate to every area, shape (n_areas, n_candidates)."""
    if layer_rule == "mean":
        return mean_of_known(found.score, axis=(2, 3, 4))
    return mean_of_known(mean_of_known(found.of_best_layer(), axis=2), axis=2)


def separabilities(similarity: np.ndarray) -> np.ndarray:
    """Separability of every area on both scales.

    Parameters
    ----------
    similarity : numpy.ndarray, shape (n_areas, n_candidates)

    Returns
    -------
    numpy.ndarray, shape (2, n_areas)
        Raw, and relative: NaN where the mean similarity is not positive.
    """
    raw = np.array([separability(of_area) for of_area in similarity])
    mean = similarity.mean(axis=1)
    return np.stack([raw, np.where(mean > 0, raw / np.where(mean > 0, mean, 1), np.nan)])


def separability(similarities: Sequence[float] | np.ndarray) -> float:
    """Mean absolute difference over the pairs of candidates.

    Parameters
    ----------
    similarities : numpy.ndarray, shape (n_candidates,)

    Returns
    -------
    float
    """
    return float(np.mean([abs(a - b) for a, b in combinations(similarities, 2)]))
