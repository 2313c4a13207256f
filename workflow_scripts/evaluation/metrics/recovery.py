"""Recovery: how often a method finds the network that a brain was simulated from.

The subjects of a simulated brain read out the layers of a network whose variant, but not whose
seed, is among the candidates. In each subject and split the method chooses the candidate with the
highest score, each with the layer that has the highest score inside the training stimuli. The
``share`` of a candidate is how often it is chosen; that of the true variant is the recovery. Its
``margin`` is its score less the best score of the others, mean over subjects and splits: unlike a
separability, it is negative where a wrong network wins. The layers of the candidate of the true
variant are compared in the same way, in areas whose true layer is one of them. Ties are shared
equally, and subjects and splits count in which all candidates, or all layers, have a score. From
brain to model there is one subject, the pool.
Reference: Avitan and Golan 2025, NeurIPS, arXiv:2510.23321; this definition of it is ours.
"""

import numpy as np
import pandas as pd

from workflow_scripts.alignment.scoring import mean_of_known
from workflow_scripts.evaluation.candidate_scores import (
    CandidateScores,
    candidate_scores,
)
from workflow_scripts.evaluation.metric import Card, Population, Random, Scores

CARD = Card(
    label="Recovery of the true model",
    populations=("simulated",),
    comparisons=("model_to_brain", "brain_to_model"),
    columns={
        "method": "name of the method",
        "direction": "of the map: model_to_brain or brain_to_model",
        "level": "what is chosen: model (one of the candidates) or layer (of the true variant)",
        "area": "area of the brain; overall: mean over areas",
        "chosen": "candidate or layer; true layer: in each area its own, for the mean over areas",
        "is_truth": "whether the brain was simulated from this variant, the area from this layer",
        "chance": "share if the choice were random",
        "share": "share of subjects and splits in which it has the highest score",
        "margin": "its score less the highest score of the others, mean over subjects and splits",
    },
    reference="Avitan and Golan 2025, arXiv:2510.23321",
    values=("share", "margin"),
    by_split=True,
    min_candidates=2,
)

TRUE_LAYER = "true layer"
"""What is chosen, in the mean over areas, whose true layers differ."""


def measure(scores: Scores, population: Population, random: Random) -> pd.DataFrame:
    """Share and margin by method, direction, level, area and what is chosen."""
    rows: list[dict[str, object]] = []
    for (method, direction), splits in scores.splits.groupby(["method", "comparison"], sort=False):
        found = candidate_scores(splits, str(direction), population.candidates, population.parts)
        keys = {"method": method, "direction": direction}
        rows += [{**keys, **row} for row in models(found, population) + layers(found, population)]
    return pd.DataFrame(rows, columns=list(CARD.columns))


def models(found: CandidateScores, population: Population) -> list[dict[str, object]]:
    """Rows of the candidates."""
    assert population.truth
    candidates = population.candidates
    is_truth = [variant_of(candidate) == population.truth["variant"] for candidate in candidates]
    outcome = outcomes(found.of_best_layer())
    by_area = np.concatenate([outcome, mean_of_known(outcome, axis=1)[:, None]], axis=1)
    return [
        _row("model", area, candidate, is_truth[k], len(candidates), by_area[:, i, k])
        for i, area in enumerate([*population.parts, "overall"])
        for k, candidate in enumerate(candidates)
    ]


def layers(found: CandidateScores, population: Population) -> list[dict[str, object]]:
    """Rows of the layers of the first candidate of the true variant."""
    assert population.truth
    true_layers = population.truth["layers"]
    variants = [variant_of(candidate) for candidate in population.candidates]
    scores = found.score[:, variants.index(population.truth["variant"])]
    has_score = ~np.isnan(scores).all(axis=(0, 2, 3))
    names = [layer for layer, is_there in zip(found.layers, has_score, strict=True) if is_there]
    areas = [area for area in population.parts if true_layers[area] in names]
    if len(names) < 2 or not areas:
        return []
    places = [population.parts.index(area) for area in areas]
    outcome = outcomes(scores[places][:, has_score])
    rows = [
        _row("layer", area, layer, layer == true_layers[area], len(names), outcome[:, i, k])
        for i, area in enumerate(areas)
        for k, layer in enumerate(names)
    ]
    truths = [names.index(true_layers[area]) for area in areas]
    overall = mean_of_known(outcome[:, np.arange(len(areas)), truths], axis=1)
    return [*rows, _row("layer", "overall", TRUE_LAYER, True, len(names), overall)]


def outcomes(scores: np.ndarray) -> np.ndarray:
    """Share and margin of each choice.

    Parameters
    ----------
    scores : numpy.ndarray, shape (n_areas, n_choices, n_subjects, n_splits)

    Returns
    -------
    numpy.ndarray, shape (2, n_areas, n_choices)
        NaN in areas without a subject and split in which all choices have a score.
    """
    ordered = np.sort(scores, axis=1)
    first, second = ordered[:, -1:], ordered[:, -2:-1]
    is_best = scores == first
    share = is_best / np.maximum(is_best.sum(axis=1, keepdims=True), 1)
    margin = scores - np.where(is_best, second, first)
    # A missing score is sorted to the end, so that it is the first.
    by_choice = np.where(np.isnan(first), np.nan, [share, margin])
    return mean_of_known(by_choice, axis=(3, 4))


def variant_of(candidate: str) -> str:
    """Variant of a network ``variant/seed``."""
    return candidate.rpartition("/")[0]


def _row(
    level: str, area: str, chosen: str, is_truth: bool, n_choices: int, outcome: np.ndarray
) -> dict[str, object]:
    return {
        "level": level,
        "area": area,
        "chosen": chosen,
        "is_truth": is_truth,
        "chance": 1 / n_choices,
        **dict(zip(CARD.values, outcome, strict=True)),
    }
