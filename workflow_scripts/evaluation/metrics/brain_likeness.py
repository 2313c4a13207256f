"""Brain likeness: do a model and a brain predict each other as subjects of the brain do?

The score of a candidate with an area is set against the score of the same area between subjects of
the brain, under the same method. From model to brain, both are scores of one target, a subject's
area, from the candidate's layer and from that area of the other subjects. From brain to model, both
have the area, pooled over subjects, as their source; the targets are the candidate's layer and the
area of each subject. A candidate's layer is the one with the best score inside the training stimuli
of the split. ``ratio`` is the quotient of the two means over subjects: 1 means that the candidate
is as good as a subject.

Two things differ between the two scores, and ``ratio`` does not correct for them. The sources have
different numbers of units, which the table tells; a brain's key ``max_source_units`` takes at most
that many units of every source, and with no more than the smallest source has, the numbers are
equal. And from brain to model, the mean responses of a model's units are targets with less noise
than those of neurons, so that the ratio can be above 1. Geometries compare a candidate on the test
stimuli of each split and subjects on all stimuli.

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
from workflow_scripts.evaluation.candidate_scores import candidate_scores
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
    needs=("brain",),
    by_split=True,
    min_candidates=1,
)

CELL = ["comparison", "method", "source_subject", "source_part", "target_subject", "target_part"]
"""What tells cells of a brain apart."""

VALUES = ["split_score", "n_source_units"]
"""What is compared, and what the table tells of the sources."""

MOST_ENUMERATED = 12
"""Number of subjects up to which all signs are tried, 4,096 for this many."""

ROUNDING = 1e-9
"""Difference up to which two statistics are the same: their sums differ in the last digits."""


def measure(scores: Scores, population: Population, random: Random) -> pd.DataFrame:
    """Ratio, both scores and the test by method, direction, candidate and area."""
    splits = scores.splits.merge(scores.cells[[*CELL, "n_source_units"]], on=CELL)
    # Units of the sources of the scores that there are.
    splits.loc[splits["split_score"].isna(), "n_source_units"] = np.nan
    is_among = splits["comparison"] == "brain"
    same = splits[is_among & (splits["source_part"] == splits["target_part"])]
    among = same.groupby(["method", "target_part", "target_subject"], sort=False)[VALUES].mean()
    rows = []
    compared = set(same["method"])
    for key, own in splits[~is_among].groupby(["method", "comparison"], sort=False):
        method, direction = map(str, key)
        if method not in compared:  # as in a brain of one subject
            continue
        between = among.loc[[method]].droplevel("method")
        forward = direction == "model_to_brain"
        subjects = own["target_subject"] if forward else between.index.get_level_values(1)
        of_models = of_candidates(own, direction, population)
        of_brain = between_subjects(between, population.parts, subjects.unique().tolist())
        for (i, area), (k, candidate) in product(
            enumerate(population.parts), enumerate(population.candidates)
        ):
            # From brain to model, the one score of the pool is set against those of all subjects.
            pair = np.stack(np.broadcast_arrays(of_models[:, i, k], of_brain[:, i]))
            pair = pair[:, :, ~np.isnan(pair).any(axis=(0, 1))]
            (score, n_units), (brain_score, n_brain_units) = mean_of_known(pair, axis=2)
            model, brain = pair[:, 0]
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
                    "n_subjects": len(model),
                    "p": sign_flips(model - brain, random) if forward else rank(model, brain),
                }
            )
    return pd.DataFrame(rows, columns=list(CARD.columns))


def of_candidates(splits: pd.DataFrame, direction: str, population: Population) -> np.ndarray:
    """`VALUES` of the candidates' best layers, shape (2, n_areas, n_candidates, n_subjects)."""
    # The row of the best layer has both of its values.
    numbered = splits.assign(split_score=np.arange(len(splits)))
    found = candidate_scores(numbered, direction, population.candidates, population.parts)
    row = found.of_best_layer()
    values = splits[VALUES].to_numpy(float).T[:, np.nan_to_num(row).astype(int)]
    return mean_of_known(np.where(np.isnan(row), np.nan, values), axis=4)


def between_subjects(
    between: pd.DataFrame, areas: Sequence[str], subjects: Sequence[str]
) -> np.ndarray:
    """`VALUES` by area and subject as an array, shape (2, n_areas, n_subjects)."""
    found = between.reindex(pd.MultiIndex.from_product([areas, subjects]))
    return found.to_numpy().T.reshape(len(VALUES), len(areas), -1)


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
