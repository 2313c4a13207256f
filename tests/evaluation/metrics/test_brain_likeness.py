"""Brain likeness: against loops over cells, and tests whose p is known."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from tests.evaluation.made_up import N_SPLITS, make_population, make_scores
from workflow_scripts.alignment.scoring import mean_of_known
from workflow_scripts.common.profile import POOL
from workflow_scripts.evaluation.metric import Random, Scores
from workflow_scripts.evaluation.metrics.brain_likeness import CARD, measure, rank, sign_flips

ANIMALS = ("007", "8", "NA", "b", "c")
POPULATION = make_population("brain")
KEYS = ["method", "direction", "candidate", "area"]


def given(in_pairs, animals=ANIMALS):
    """Scores of a brain of five animals, whose sources have different numbers of units."""
    scores = make_scores(POPULATION, CARD.comparisons, animals=animals, in_pairs=in_pairs)
    units = np.random.default_rng(1).integers(5, 50, len(scores.cells))
    return Scores(scores.cells.assign(n_source_units=units), scores.splits, scores.without)


def measured(scores, n_draws=100):
    return measure(scores, POPULATION, Random(0, n_draws)).set_index(KEYS)


def by_loops(scores, method, direction, candidate, area):
    """Score and units of the candidate, and of the brain, of every subject that has both."""
    pair = ["source_subject", "source_part", "target_subject", "target_part"]

    def look_up(table, column, *more):
        own = table[table["method"] == method].set_index(["comparison", *pair, *more])
        return own[column].to_dict()

    score = look_up(scores.splits, "split_score", "split")
    selection = look_up(scores.splits, "selection_score", "split")
    units = look_up(scores.cells, "n_source_units")
    forward = direction == "model_to_brain"

    def cell(layer, animal):
        ends = [(candidate, layer), (animal if forward else POOL, area)]
        (source, source_part), (target, target_part) = ends if forward else ends[::-1]
        return direction, source, source_part, target, target_part

    subjects = ANIMALS if forward else (POOL,)
    models = {}
    for animal in subjects:
        values = []
        for split in range(N_SPLITS):
            of_layer = {
                layer: mean_of_known(
                    np.array([selection[(*cell(layer, s), split)] for s in subjects]), axis=0
                )
                for layer in ("conv1", "conv2")
            }
            chosen = cell(max(of_layer, key=of_layer.get), animal)
            if not np.isnan(score[(*chosen, split)]):
                values.append((score[(*chosen, split)], units[chosen]))
        models[animal] = np.mean(values, axis=0) if values else (np.nan, np.nan)
    brains = {}
    for animal in ANIMALS:
        cells = [
            ("brain", source, area, animal, area)
            for source in (POOL, *ANIMALS)
            if source != animal and ("brain", source, area, animal, area) in units
        ]
        values = [
            (score[(*one, split)], units[one])
            for one, split in product(cells, range(N_SPLITS))
            if not np.isnan(score.get((*one, split), np.nan))
        ]
        brains[animal] = np.mean(values, axis=0) if values else (np.nan, np.nan)
    both = [(models[animal if forward else POOL], brains[animal]) for animal in ANIMALS]
    return np.array([one for one in both if not np.isnan(one).any()]).reshape(-1, 2, 2)


@pytest.mark.parametrize("in_pairs", [False, True])
def test_loops_give_the_same_rows(in_pairs):
    scores = given(in_pairs)
    # In one direction an animal has no target in an area.
    gone = (scores.splits["target_subject"] == "8") & (scores.splits["target_part"] == "p2")
    scores.splits.loc[gone, ["split_score", "selection_score"]] = np.nan
    table = measured(scores)
    methods, directions = ["ridge", "null", "rsa"], ["model_to_brain", "brain_to_model"]
    expected = set(product(methods, directions, POPULATION.candidates, POPULATION.parts))
    assert set(table.index) == expected
    for key in expected:
        pairs, row = by_loops(scores, *key), table.loc[key]
        model, brain = pairs[:, 0].mean(axis=0), pairs[:, 1].mean(axis=0)
        np.testing.assert_allclose(row["ratio"], model[0] / brain[0], err_msg=key)
        np.testing.assert_allclose([row["score"], row["n_source_units"]], model)
        np.testing.assert_allclose([row["brain_score"], row["n_brain_source_units"]], brain)
        assert row["n_subjects"] == len(pairs)
    assert {3, 4, 5} & set(table["n_subjects"]) == set(table["n_subjects"])


def test_from_model_to_brain_p_is_that_of_all_signs():
    differences = np.array([0.3, 0.1, -0.05, 0.2, 0.4, 0.15])
    expected = stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=np.inf
    )
    assert sign_flips(differences, Random(0, 1)) == pytest.approx(expected.pvalue)
    assert sign_flips(np.abs(differences), Random(0, 1)) == 2 / 2**6
    assert sign_flips(np.zeros(6), Random(0, 1)) == 1


def test_with_many_subjects_signs_are_drawn():
    differences = np.random.default_rng(0).normal(0.4, 1, 13)
    drawn = sign_flips(differences, Random(0, 20_000))
    every = stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=np.inf
    )
    assert drawn == pytest.approx(every.pvalue, abs=0.01)
    assert sign_flips(np.full(13, 0.5), Random(0, 50)) == pytest.approx(1 / 51)


def test_from_brain_to_model_p_is_the_rank_of_the_distance_from_the_mean():
    others = np.array([0.5, 0.52, 0.48, 0.51])
    for score, p in ((0.9, 1 / 5), (0.1, 1 / 5), (0.5025, 1.0), (0.485, 3 / 5)):
        assert rank(np.full(4, score), others) == pytest.approx(p)
    # The mean is 1, with the score: as far from 0 as from 2.
    assert rank(np.full(2, 2.0), np.array([0.0, 1.0])) == pytest.approx(2 / 3)


def test_a_model_that_is_a_subject_is_not_told_apart():
    """Its scores are those between subjects: the ratio is 1, and so is p."""
    scores = given(in_pairs=False)
    forward = scores.splits["comparison"] == "model_to_brain"
    equal = scores.splits["source_part"] == scores.splits["target_part"]
    among = (scores.splits["comparison"] == "brain") & equal
    scores.splits.loc[forward | among, "split_score"] = 0.5
    table = measured(scores).xs("model_to_brain", level="direction")
    assert set(table["ratio"]) == {1} and set(table["p"]) == {1}


def test_a_ratio_needs_subjects_that_predict_each_other():
    scores = given(in_pairs=False)
    scores.splits.loc[scores.splits["comparison"] == "brain", "split_score"] = -0.1
    table = measured(scores)
    assert table["ratio"].isna().all() and table["score"].notna().all()


def test_replicates_have_no_p_of_permutations():
    table = measured(given(in_pairs=False), n_draws=0)
    assert table.xs("model_to_brain", level="direction")["p"].isna().all()


def test_one_subject_has_no_score_between_subjects():
    scores = given(in_pairs=False)
    keep = scores.splits["comparison"] != "brain"
    assert measured(Scores(scores.cells, scores.splits[keep])).empty
