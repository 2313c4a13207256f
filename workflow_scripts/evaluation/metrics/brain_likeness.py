"""Brain likeness: do a model and a brain predict each other as subjects of the brain do?

The score of a candidate with an area is set against the score of the same area between subjects of
the brain, under the same method. From model to brain, both are scores of one target, a subject's
area, from the candidate's layer and from that area of the other subjects. From brain to model, both
have the area, pooled over subjects, as their source; the targets are the candidate's layer and the
area of each subject. A candidate's layer is the one with the best score inside the training stimuli
of the split. ``ratio`` is the quotient of the two means over subjects: 1 means that the candidate
is as good as a subject.

Two things differ between the two scores, and ``ratio`` does not correct for them. The sources have
different numbers of units, which the table tells; and from brain to model, the mean responses of a
model's units are targets with less noise than those of neurons, so that the ratio can be above 1.
Geometries compare a candidate on the test stimuli of each split and subjects on all stimuli.

``p`` is the two-sided probability of such a difference between the two if the model were one more
subject. From model to brain it is a permutation test over subjects: in each, the two scores change
places, in all 2^n ways for n subjects, or a random choice of these from 13 subjects on. The
smallest p is 2/2^n, which is below .05 from six subjects on. From brain to model there is one
score, that of the pool of all subjects, whose distance from the mean of all n + 1 scores is ranked
among those of the n subjects; the smallest p is 1/(n + 1), below .05 from 20 subjects on. (The pool
has one subject more than those that predict a subject, which is in the model's favour.) A large p
thus says little where subjects are few, and never that model and brain are equivalent. A small one
is about this one network, and takes the differences of subjects to be independent, though pools
share members.
Reference: Feather et al. 2025, arXiv:2502.16238 (the comparison; this test and ratio are ours).
"""

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd

from workflow_scripts.alignment.scoring import mean_of_known
from workflow_scripts.evaluation.candidate_scores import (
    DIRECTIONS,
    candidate_scores,
)
from workflow_scripts.evaluation.metric import Card, Population, Random, Scores

CARD = Card(
    label="Brain likeness of candidate models",
    populations=("brain", "pairs"),
    comparisons=("brain", "model_to_brain", "brain_to_model"),
    columns={
        "method": "name of the method",
        "direction": "of the map: model_to_brain or brain_to_model",
        "candidate": "network that is compared with the brain",
        "area": "area of the brain",
        "ratio": "score divided by brain_score, where that is positive",
        "score": "score of the candidate's best layer, mean over subjects and splits",
        "brain_score": "score of the area between subjects, mean over subjects and splits",
        "n_source_units": "units of the sources of score, mean over subjects and splits",
        "n_brain_source_units": "units of the sources of brain_score, mean over the same",
        "n_subjects": "number of subjects that both scores are of",
        "p": "probability of such a difference if the model were one more subject",
    },
    reference="Feather et al. 2025, arXiv:2502.16238",
    values=("ratio", "score", "brain_score"),
    by_split=True,
    min_candidates=1,
)

CELL = ["comparison", "method", "source_subject", "source_part", "target_subject", "target_part"]
"""What tells cells of a brain apart."""

MOST_ENUMERATED = 12
"""Number of subjects up to which all signs are tried, 4,096 for this many."""

ROUNDING = 1e-9
"""Difference up to which two statistics are the same: their sums differ in the last digits."""


def measure(scores: Scores, population: Population, random: Random) -> pd.DataFrame:
    """Ratio, both scores and the test by method, direction, candidate and area."""
    splits = scores.splits.merge(scores.cells[[*CELL, "n_source_units"]], on=CELL)
    units = splits["n_source_units"].where(splits["split_score"].notna())
    of_values = {"scores": splits, "units": splits.assign(split_score=units)}
    rows = []
    for (method, direction), own in splits.groupby(["method", "comparison"], sort=False):
        among = splits[(splits["comparison"] == "brain") & (splits["method"] == method)]
        if direction not in DIRECTIONS or among.empty:  # as in a brain of one subject
            continue
        forward = direction == "model_to_brain"
        subjects = list(dict.fromkeys((own if forward else among)["target_subject"]))
        # Scores of the candidates and of the brain, then their numbers of units, each of shape
        # (n_areas, n_candidates, n_subjects). From brain to model, the one score of the pool is
        # set against those of all subjects.
        values = [
            side
            for table in of_values.values()
            for side in np.broadcast_arrays(
                of_candidates(table.loc[own.index], str(direction), population),
                between_subjects(table.loc[among.index], population.parts, subjects)[:, None],
            )
        ]
        for (i, area), (k, candidate) in product(
            enumerate(population.parts), enumerate(population.candidates)
        ):
            of_pair = np.array([side[i, k] for side in values])
            of_pair = of_pair[:, ~np.isnan(of_pair).any(axis=0)]
            score, brain_score, n_units, n_brain_units = mean_of_known(of_pair, axis=1)
            p = sign_flips(of_pair[0] - of_pair[1], random) if forward else rank(*of_pair[:2])
            rows.append(
                {
                    "method": method,
                    "direction": direction,
                    "candidate": candidate,
                    "area": area,
                    "ratio": score / brain_score if brain_score > 0 else np.nan,
                    "score": score,
                    "brain_score": brain_score,
                    "n_source_units": n_units,
                    "n_brain_source_units": n_brain_units,
                    "n_subjects": of_pair.shape[1],
                    "p": p,
                }
            )
    return pd.DataFrame(rows, columns=list(CARD.columns))


def of_candidates(splits: pd.DataFrame, direction: str, population: Population) -> np.ndarray:
    """Values of the candidates' best layers, shape (n_areas, n_candidates, n_subjects)."""
    found = candidate_scores(splits, direction, population.candidates, population.parts)
    return mean_of_known(found.of_best_layer(), axis=3)


def between_subjects(
    splits: pd.DataFrame, areas: Sequence[str], subjects: Sequence[str]
) -> np.ndarray:
    """Values of each area from the same area of other subjects, shape (n_areas, n_subjects)."""
    same = splits["source_part"] == splits["target_part"]
    values = splits[same].groupby(["target_part", "target_subject"])["split_score"].mean()
    return (
        values.reindex(pd.MultiIndex.from_product([areas, subjects]))
        .to_numpy()
        .reshape(len(areas), -1)
    )


def sign_flips(differences: np.ndarray, random: Random) -> float:
    """Two-sided p of the mean of paired differences, each of which may have either sign."""
    n = len(differences)
    if n == 0 or random.n_draws == 0:
        return np.nan
    if n <= MOST_ENUMERATED:
        signs = np.array(list(product([1, -1], repeat=n)))
    else:
        generator = random.generator("permutations", "brain_likeness", n)
        signs = np.vstack([np.ones(n), generator.choice([1, -1], (random.n_draws, n))])
    sums = np.abs(signs @ differences)
    return float(np.mean(sums >= sums[0] - ROUNDING))


def rank(score: np.ndarray, others: np.ndarray) -> float:
    """Two-sided p of one score, which is repeated, among n others."""
    values = np.append(others, score[:1])
    distances = np.abs(values - mean_of_known(values, axis=0))
    return float(np.mean(distances >= distances[-1] - ROUNDING)) if len(score) else np.nan
