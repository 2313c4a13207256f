"""Choice of a model: against loops, and where the answer is known."""

from itertools import product

import numpy as np
import pytest

from tests.evaluation.made_up import make_population, make_scores
from workflow_scripts.evaluation.candidate_scores import candidate_scores
from workflow_scripts.evaluation.metric import METRICS, Random, Scores
from workflow_scripts.evaluation.metrics.model_choice import CARD, measure

POPULATION = make_population("simulated", n_candidates=3)
NOTHING = Random(0, 0)


def made_up(seed=0):
    return make_scores(POPULATION, CARD.comparisons, seed)


def rows_of(scores):
    table = measure(scores, POPULATION, NOTHING)
    return table.set_index(["method", "direction", "area", "candidate"]).sort_index()


@pytest.mark.parametrize("seed", range(3))
def test_margin_share_and_score_are_those_of_plain_loops(seed):
    scores = made_up(seed)
    found = rows_of(scores)
    for (method, direction), splits in scores.splits.groupby(["method", "comparison"]):
        values = candidate_scores(splits, direction, POPULATION.candidates, POPULATION.parts)
        chosen = values.of_best_layer()
        for i, area in enumerate(POPULATION.parts):
            margins, shares, own = [], [], []
            for subject, split in product(*map(range, chosen.shape[2:])):
                of_all = chosen[i, :, subject, split]
                if np.isnan(of_all).any():
                    continue
                margins.append([of_all[k] - max(np.delete(of_all, k)) for k in range(len(of_all))])
                shares.append(of_all == of_all.max())
                own.append(of_all)
            for k, candidate in enumerate(POPULATION.candidates):
                row = found.loc[(method, direction, area, candidate)]
                expected = [np.mean(values, axis=0)[k] for values in (margins, shares, own)]
                np.testing.assert_allclose(row[list(CARD.values)].to_numpy(float), expected)


def test_one_candidate_at_most_has_a_positive_margin_and_shares_add_up_to_one():
    areas = rows_of(made_up()).drop(index="overall", level="area").groupby(level=[0, 1, 2])
    assert (areas["margin"].agg(lambda values: (values > 0).sum()) <= 1).all()
    np.testing.assert_allclose(areas["share"].sum(), 1)


def test_it_chooses_what_recovery_chooses_where_the_brain_is_simulated():
    """The two say the same of the models; recovery adds which of them is right."""
    scores = made_up()
    recovery = METRICS.load("recovery").measure(scores, POPULATION, NOTHING)
    recovery = recovery[recovery["level"] == "model"].rename(columns={"chosen": "candidate"})
    keys = ["method", "direction", "area", "candidate"]
    both = recovery.merge(measure(scores, POPULATION, NOTHING), on=keys, suffixes=("", "_here"))
    assert len(both) == len(recovery)
    for name in ("margin", "share"):
        np.testing.assert_array_equal(both[name], both[f"{name}_here"])


def test_a_candidate_that_is_better_by_a_known_amount_leads_by_that_amount():
    scores = made_up()
    splits = scores.splits.copy()
    splits["split_score"] = splits["selection_score"] = 0.25
    best = POPULATION.candidates[1]
    is_best = (splits["source_subject"] == best) | (splits["target_subject"] == best)
    splits.loc[is_best, ["split_score", "selection_score"]] = 0.75
    found = rows_of(Scores(scores.cells, splits)).xs(best, level="candidate")
    np.testing.assert_allclose(found["margin"], 0.5)
    np.testing.assert_allclose(found["share"], 1)
    np.testing.assert_allclose(found["score"], 0.75)
