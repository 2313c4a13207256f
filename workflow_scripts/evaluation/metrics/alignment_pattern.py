"""Alignment patterns: are areas related to a model's layer as they are to the brain's own area?

The alignment pattern of a source is the vector of its scores with all areas of a subject: of a
candidate's layer, or of an area, pooled over the other subjects (or from each of them, and the mean
taken). The ``pattern_score`` of a candidate and an area is the correlation over areas of two
patterns, that of the layer and that of the area. Unlike a mean score, it does not rise with how
well a source predicts all areas; it asks which of them it predicts better than others.

The two patterns are always of different subjects, and the mean is over all pairs of them. Scores of
one subject have the noise of its units in common, which makes the patterns of all sources alike:
within subjects, a layer can come out more like an area than the same area of another subject does.
``reference`` is the correlation of the area's own patterns of two subjects, which a perfect model
would have as well; ``floor`` is that of the layer's pattern with those of all other areas. A
pattern score is read between these two and not against 0: some areas are predicted better by
anything, so that even shuffled responses have patterns that are alike.

The layer that stands for a candidate and an area is the one that predicts the area best inside the
training stimuli of the split, as for other metrics: neither test stimuli nor the pattern have a
say in it. A correlation is over the areas that both subjects have, of which it needs three.
Reference: Höfling et al. 2026, ICLR, arXiv:2604.21780.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from workflow_scripts.alignment.scoring import mean_of_known
from workflow_scripts.evaluation.candidate_scores import (
    CandidateScores,
    candidate_scores,
)
from workflow_scripts.evaluation.metric import Card, Population, Random, Scores

CARD = Card(
    label="Alignment patterns of candidate models",
    populations=("brain", "pairs"),
    comparisons=("brain", "model_to_brain"),
    columns={
        "method": "name of the method",
        "candidate": "network that is compared with the brain",
        "area": "area of the brain; mean: mean over areas",
        "pattern_score": "correlation of the patterns of the candidate's layer and of the area",
        "reference": "correlation of the patterns of the area in two subjects",
        "floor": "correlation of the patterns of the candidate's layer and of other areas",
    },
    reference="Höfling et al. 2026, arXiv:2604.21780",
    values=("pattern_score", "reference", "floor"),
    needs=("brain",),
    by_split=True,
    min_candidates=1,
    min_parts=3,
)

FEWEST = 3
"""Areas that a correlation needs: over two it is 1 or -1."""

ROUNDING = 1e-12
"""Power up to which a pattern is constant, because rounding leaves as much: for scores around 1,
and as a share of their sum of squares where that is larger."""


def measure(scores: Scores, population: Population, random: Random) -> pd.DataFrame:
    """Pattern score, reference and floor by method, candidate and area."""
    rows = []
    areas = population.parts
    for method, splits in scores.splits.groupby("method", sort=False):
        forward = splits[splits["comparison"] == "model_to_brain"]
        among = splits[splits["comparison"] == "brain"]
        if forward.empty or among.empty:  # as in a brain of one subject
            continue
        found = candidate_scores(forward, "model_to_brain", population.candidates, areas)
        subjects = list(dict.fromkeys(forward["target_subject"]))
        of_areas = area_patterns(among, areas, subjects)
        references = paired(correlations(of_areas, of_areas))
        for number, candidate in enumerate(population.candidates):
            alike = correlations(layer_patterns(found, number), of_areas)
            values = np.array([paired(alike), references, unpaired(alike)]).T
            values = np.vstack([values, mean_of_known(values, axis=0)])
            rows += [
                {
                    "method": method,
                    "candidate": candidate,
                    "area": area,
                    **dict(zip(CARD.values, of_area, strict=True)),
                }
                for area, of_area in zip([*areas, "mean"], values, strict=True)
            ]
    return pd.DataFrame(rows, columns=list(CARD.columns))


def layer_patterns(found: CandidateScores, candidate: int) -> np.ndarray:
    """Patterns of the layers that stand for one candidate, mean over splits.

    Returns
    -------
    numpy.ndarray, shape (n_areas, n_subjects, n_areas)
        By the area that the layer stands for, the subject, and the area that it predicts.
    """
    # The number of a layer in place of its score, so that the best one tells its number.
    is_known = ~np.isnan(found.score)
    numbers = np.where(is_known, np.arange(len(found.layers))[:, None, None], np.nan)
    best = np.fmax.reduce(replace(found, score=numbers).of_best_layer()[:, candidate], axis=1)
    n_splits = best.shape[1]
    by_layer = found.score[:, candidate].transpose(1, 3, 2, 0)
    chosen = by_layer[np.nan_to_num(best).astype(int), np.arange(n_splits)]
    return mean_of_known(np.where(np.isnan(best)[..., None, None], np.nan, chosen), axis=1)


def area_patterns(splits: pd.DataFrame, areas: list[str], subjects: list[str]) -> np.ndarray:
    """Patterns of the same areas of other subjects, mean over splits, as `layer_patterns`."""
    other = splits[splits["source_subject"] != splits["target_subject"]]
    keys = ["source_part", "target_subject", "target_part"]
    index = pd.MultiIndex.from_product([areas, subjects, areas])
    values = other.groupby(keys)["split_score"].mean().reindex(index)
    return values.to_numpy().reshape(len(areas), len(subjects), len(areas))


def correlations(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Correlation of each pattern with each other one of a different subject.

    Parameters
    ----------
    first, second : numpy.ndarray, shape (n_areas, n_subjects, n_areas)

    Returns
    -------
    numpy.ndarray, shape (n_areas, n_areas, n_subjects, n_subjects)
        NaN for one subject, for fewer than `FEWEST` common areas, and for a constant pattern.
    """
    n_areas, n_subjects, _ = first.shape
    centred = (
        (values - mean_of_known(values, axis=-1)[..., None]).reshape(-1, n_areas)
        for values in (first, second)
    )
    # Sums over the areas that both patterns have, of all pairs at once.
    (x, has_x), (y, has_y) = ((np.nan_to_num(c), (~np.isnan(c)).astype(float)) for c in centred)
    n = has_x @ has_y.T
    sum_x, sum_y = x @ has_y.T, has_x @ y.T
    squares = x**2 @ has_y.T, has_x @ (y**2).T
    least = np.maximum(n, 1)
    powers = squares[0] - sum_x**2 / least, squares[1] - sum_y**2 / least
    known = n >= FEWEST
    for power, square in zip(powers, squares, strict=True):
        known &= power > ROUNDING * np.maximum(square, 1)
    product = x @ y.T - sum_x * sum_y / least
    alike = np.where(known, product / np.sqrt(np.where(known, powers[0] * powers[1], 1)), np.nan)
    by_pair = alike.reshape(n_areas, n_subjects, n_areas, n_subjects).transpose(0, 2, 1, 3)
    return np.where(np.eye(n_subjects, dtype=bool), np.nan, by_pair)


def paired(alike: np.ndarray) -> np.ndarray:
    """Mean over subjects of the correlations of patterns of the same area, shape (n_areas,)."""
    return mean_of_known(np.diagonal(alike), axis=(0, 1))


def unpaired(alike: np.ndarray) -> np.ndarray:
    """Mean over subjects and other areas of the correlations, shape (n_areas,)."""
    same = np.eye(len(alike), dtype=bool)[..., None, None]
    return mean_of_known(np.where(same, np.nan, alike), axis=(1, 2, 3))
