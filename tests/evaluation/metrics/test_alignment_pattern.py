"""Alignment patterns: against loops over subjects, and patterns whose correlation is known."""

import numpy as np
import pytest

from tests.evaluation.made_up import N_SPLITS, make_population, make_scores
from workflow_scripts.common.profile import POOL
from workflow_scripts.evaluation.metric import Random, Scores
from workflow_scripts.evaluation.metrics.alignment_pattern import CARD, measure

ANIMALS = ("007", "8", "NA", "b")
AREAS = ["p1", "p2", "p3", "p4", "p5"]
POPULATION = make_population("brain", parts=AREAS)


def given(in_pairs=False):
    return make_scores(POPULATION, CARD.comparisons, animals=ANIMALS, in_pairs=in_pairs)


def measured(scores):
    table = measure(scores, POPULATION, Random(0, 50))
    return table.set_index(["method", "candidate", "area"]).sort_index()


def pattern_correlation(first, second):
    """Over the areas that both have; NaN for fewer than three."""
    known = [area for area in AREAS if not np.isnan(first[area] + second[area])]
    if len(known) < 3:
        return np.nan
    return np.corrcoef([first[area] for area in known], [second[area] for area in known])[0, 1]


def by_loops(scores, method, candidate, area):
    """Pattern score, reference and floor of one row."""
    splits = scores.splits[scores.splits["method"] == method]
    by_cell = splits.set_index(
        ["source_subject", "source_part", "target_subject", "target_part", "split"]
    )
    score, selection = (by_cell[column].to_dict() for column in ("split_score", "selection_score"))

    def mean(values):
        known = [value for value in values if not np.isnan(value)]
        return np.mean(known) if known else np.nan

    layers = []
    for split in range(N_SPLITS):
        inside = {
            layer: mean(selection[candidate, layer, animal, area, split] for animal in ANIMALS)
            for layer in ("conv1", "conv2")
        }
        layers.append(max(inside, key=inside.get))
    of_layer = {
        animal: {
            target: mean(
                score[candidate, layer, animal, target, split] for split, layer in enumerate(layers)
            )
            for target in AREAS
        }
        for animal in ANIMALS
    }
    of_areas = {
        (source, animal): {
            target: mean(
                score[other, source, animal, target, split]
                for other in (POOL, *ANIMALS)
                for split in range(N_SPLITS)
                if other != animal and (other, source, animal, target, split) in score
            )
            for target in AREAS
        }
        for source in AREAS
        for animal in ANIMALS
    }
    pairs = [(one, other) for one in ANIMALS for other in ANIMALS if one != other]
    return (
        mean(pattern_correlation(of_layer[one], of_areas[area, two]) for one, two in pairs),
        mean(pattern_correlation(of_areas[area, one], of_areas[area, two]) for one, two in pairs),
        mean(
            pattern_correlation(of_layer[one], of_areas[other, two])
            for one, two in pairs
            for other in AREAS
            if other != area
        ),
    )


@pytest.mark.parametrize("method", ["ridge", "rsa"])
@pytest.mark.parametrize("in_pairs", [False, True])
def test_loops_give_the_same_rows(method, in_pairs):
    scores = given(in_pairs)
    # One animal has three of the five areas, and another one two.
    for animal, missing in (("8", AREAS[:2]), ("b", AREAS[2:])):
        gone = (scores.splits["target_subject"] == animal) & (
            scores.splits["target_part"].isin(missing)
        )
        scores.splits.loc[gone, ["split_score", "selection_score"]] = np.nan
    table = measured(scores)
    for candidate in POPULATION.candidates:
        rows = table.loc[(method, candidate)]
        assert list(rows.index) == ["mean", *AREAS]
        for area in AREAS:
            np.testing.assert_allclose(rows.loc[area], by_loops(scores, method, candidate, area))
        np.testing.assert_allclose(rows.loc["mean"], rows.loc[AREAS].mean())


def test_a_layer_that_is_an_area_is_as_like_it_as_the_area_itself():
    """Every source has its own area's pattern, in all subjects; the second layer that of p2."""
    scores = given()
    pattern = {area: np.random.default_rng(i).normal(size=5) for i, area in enumerate(AREAS)}
    pattern |= {"conv1": pattern["p1"], "conv2": pattern["p2"]}
    for place, row in scores.splits.iterrows():
        value = pattern[row["source_part"]][AREAS.index(row["target_part"])]
        scores.splits.loc[place, "split_score"] = value
        is_own = (row["source_part"], row["target_part"]) in {("conv1", "p1"), ("conv2", "p2")}
        scores.splits.loc[place, "selection_score"] = float(is_own)
    table = measured(scores).loc[("ridge", POPULATION.candidates[0])]
    np.testing.assert_allclose(table["reference"], 1)
    np.testing.assert_allclose(table.loc[["p1", "p2"], "pattern_score"], 1)
    # All other areas take the first layer, as ties do.
    expected = np.corrcoef(pattern["p1"], pattern["p4"])[0, 1]
    assert table.loc["p4", "pattern_score"] == pytest.approx(expected)


def test_noise_of_a_subject_does_not_make_sources_alike():
    """Scores depend on the target alone, differently in every subject: no source has a pattern."""
    random = np.random.default_rng(0)
    scores = given()
    noise = {(animal, area): random.normal() for animal in ANIMALS for area in AREAS}
    scores.splits["split_score"] = [
        noise[place]
        for place in zip(scores.splits["target_subject"], scores.splits["target_part"], strict=True)
    ]
    table = measured(scores)
    np.testing.assert_allclose(table["pattern_score"], table["reference"])
    assert (table["pattern_score"] < 0.5).all()


def test_a_constant_pattern_has_no_correlation():
    """The mean of five numbers .11 is another one: what is left of them is rounding."""
    scores = given()
    scores.splits["split_score"] = 0.11
    assert measured(scores)[list(CARD.values)].isna().all(axis=None)


def test_one_subject_has_no_pattern_to_be_compared_with():
    scores = given()
    keep = scores.splits["comparison"] == "model_to_brain"
    assert measured(Scores(scores.cells, scores.splits[keep])).empty
