"""Separability: how far apart a method places candidate models that are compared with a brain.

The similarity of a candidate to an area is the score of its best layer, averaged over the subjects
of the brain. The separability of an area is the mean absolute difference of the similarities, mean
over splits, of all pairs of candidates. ``relative`` divides it by the mean similarity; ``d_prime``
is the mean over pairs of d', the difference over its deviation between splits. The 95 % interval
of the mean over areas is a bootstrap over areas.
Reference: Thobani et al. 2025, CCN (separability); Green and Swets 1966, Signal Detection Theory
and Psychophysics (d').
"""

from collections.abc import Sequence
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd

from workflow_scripts.evaluation.bootstrap import draw_counts, interval, weighted_mean
from workflow_scripts.evaluation.metric import Card, Population, Random, Scores

CARD = Card(
    label="Separability of candidate models",
    populations=("brain",),
    comparisons=("model_to_brain", "brain_to_model"),
    columns={
        "method": "name of the method",
        "direction": "of the map: model_to_brain, brain_to_model, or both",
        "area": "area of the brain; mean: mean over areas",
        "separability": "mean absolute difference of similarity over pairs of candidates",
        "ci_low": "lower end of the 95 % bootstrap interval over areas, of the mean only",
        "ci_high": "upper end of it",
        "relative": "separability over the mean similarity, where that is positive",
        "d_prime": "mean over pairs of the difference over its deviation between splits",
    },
    reference="Thobani et al. 2025, CCN",
    by_split=True,
    min_candidates=2,
)

DIRECTIONS = {
    "model_to_brain": ("source", "target"),
    "brain_to_model": ("target", "source"),
}
"""Which side of a cell is the model, and which the brain."""


def measure(
    scores: Scores,
    population: Population,
    random: Random,
    *,
    layer_rule: Literal["best_cv", "mean"] = "best_cv",
    combine: Literal["separabilities", "similarities"] = "separabilities",
) -> pd.DataFrame:
    """Separability by method, direction and area.

    Direction ``both`` is the mean of the two separabilities, or, if `combine` says so, the
    separability of the mean of the two similarities.
    """
    areas = population.parts
    generator = random.generator("bootstrap", "separability")
    counts = draw_counts(len(areas), random.n_draws, generator)
    rows = []
    for method, of_method in scores.splits.groupby("method", sort=False):
        by_direction = {
            direction: similarities(
                of_method[of_method["comparison"] == direction],
                direction,
                population.candidates,
                areas,
                layer_rule,
            )
            for direction in DIRECTIONS
        }
        results = {
            direction: [separations(by_split) for by_split in values]
            for direction, values in by_direction.items()
        }
        if combine == "similarities":
            both = np.mean(list(by_direction.values()), axis=0)
            results["both"] = [separations(by_split) for by_split in both]
        else:
            results["both"] = [
                {key: float(np.mean([one[key], other[key]])) for key in one}
                for one, other in zip(*results.values(), strict=True)
            ]
        for direction, per_area in results.items():
            table = pd.DataFrame(per_area, index=areas)
            low, high = interval(weighted_mean(table["separability"].to_numpy(), counts))
            mean = {**table.mean(), "ci_low": low, "ci_high": high}
            rows += [
                {"method": method, "direction": direction, "area": area, **values}
                for area, values in zip((*areas, "mean"), (*per_area, mean), strict=True)
            ]
    return pd.DataFrame(rows, columns=list(CARD.columns))


def similarities(
    cells: pd.DataFrame,
    direction: str,
    candidates: Sequence[str],
    areas: Sequence[str],
    layer_rule: str,
) -> np.ndarray:
    """Similarity of every candidate to every area in every split.

    Parameters
    ----------
    cells : pandas.DataFrame
        Split scores of one method and direction.
    direction : str
        One of `DIRECTIONS`.
    candidates, areas : list of str
    layer_rule : str
        See `candidate_similarity`.

    Returns
    -------
    numpy.ndarray, shape (n_areas, n_candidates, n_splits)
    """
    model, brain = DIRECTIONS[direction]
    keys = [f"{brain}_part", f"{model}_subject", f"{model}_part", "split"]
    table = cells.groupby(keys)["split_score"].mean().unstack("split")
    n_splits = table.shape[1]
    known = {(area, candidate) for area, candidate, _ in table.index}
    result = np.full((len(areas), len(candidates), n_splits), np.nan)
    for i, area in enumerate(areas):
        for k, candidate in enumerate(candidates):
            if (area, candidate) in known:
                layers = np.asarray(table.loc[(area, candidate)])
                result[i, k] = candidate_similarity(layers, layer_rule)
    return result


def separations(by_split: np.ndarray) -> dict[str, float]:
    """Separability of one area from similarities (n_candidates, n_splits), on three scales.

    ``relative`` is NaN where the mean similarity is not positive.
    """
    mean = by_split.mean(axis=1)
    gap = separability(mean)
    overall = mean.mean()
    return {
        "separability": gap,
        "relative": gap / overall if overall > 0 else np.nan,
        "d_prime": discriminability(by_split),
    }


def candidate_similarity(scores: np.ndarray, layer_rule: str = "best_cv") -> np.ndarray:
    """Similarity of one candidate to one area.

    Parameters
    ----------
    scores : numpy.ndarray, shape (n_layers, n_splits)
        Score of each layer in each split.
    layer_rule : {"best_cv", "mean"}
        ``best_cv`` takes, in each split, the layer that scores best in the other splits (with one
        split, as for a geometry, which fits nothing, the best layer); ``mean`` takes all layers.

    Returns
    -------
    numpy.ndarray, shape (n_splits,)
        NaN in splits where no layer has a score.
    """
    scores = scores[~np.isnan(scores).all(axis=1)]
    if not len(scores):
        return np.full(scores.shape[1], np.nan)
    if layer_rule == "mean":
        return np.nanmean(scores, axis=0)
    n_splits = scores.shape[1]
    if n_splits == 1:
        return np.nanmax(scores, axis=0)
    chosen = np.empty(n_splits)
    for split in range(n_splits):
        others = np.delete(scores, split, axis=1)
        mean = np.nansum(others, axis=1) / np.maximum((~np.isnan(others)).sum(axis=1), 1)
        chosen[split] = scores[np.argmax(mean), split]
    return chosen


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


def discriminability(similarities: np.ndarray) -> float:
    """Mean over the pairs of candidates of d', with the deviation over splits.

    Parameters
    ----------
    similarities : numpy.ndarray, shape (n_candidates, n_splits)

    Returns
    -------
    float
        ``|mean_k - mean_l| / sqrt((var_k + var_l) / 2)``; NaN with one split.
    """
    if similarities.shape[1] < 2:
        return np.nan
    mean, variance = similarities.mean(axis=1), similarities.var(axis=1, ddof=1)
    pairs = combinations(range(len(mean)), 2)
    return float(
        np.mean(
            [abs(mean[k] - mean[m]) / np.sqrt((variance[k] + variance[m]) / 2) for k, m in pairs]
        )
    )
