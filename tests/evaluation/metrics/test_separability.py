"""Separability: layers chosen without the split that is scored, gaps by hand."""

import numpy as np
import pytest

from tests.evaluation.made_up import make_population, make_scores
from workflow_scripts.evaluation.metric import Random
from workflow_scripts.evaluation.metrics.separability import (
    candidate_similarity,
    discriminability,
    measure,
    separability,
)


def test_the_best_layer_is_chosen_on_the_other_splits():
    scores = np.array([[0.9, 0.1, 0.1], [0.2, 0.3, 0.4]])
    # Split 0 is scored with layer 1, best in splits 1 and 2, although layer 0 would score higher.
    np.testing.assert_allclose(candidate_similarity(scores), [0.2, 0.1, 0.1])


def test_a_geometry_has_one_split_and_takes_its_best_layer():
    assert candidate_similarity(np.array([[0.2], [0.5], [np.nan]])) == [0.5]


def test_mean_rule_takes_all_layers():
    scores = np.array([[0.2, 0.4], [0.4, 0.8]])
    np.testing.assert_allclose(candidate_similarity(scores, "mean"), [0.3, 0.6])


def test_a_layer_without_scores_is_left_out_and_none_at_all_is_nan():
    scores = np.array([[np.nan, np.nan], [0.1, 0.2]])
    np.testing.assert_allclose(candidate_similarity(scores), [0.1, 0.2])
    assert np.isnan(candidate_similarity(scores[:1])).all()


def test_separability_is_the_mean_gap_of_pairs():
    assert separability([0.1, 0.4, 0.2]) == pytest.approx((0.3 + 0.1 + 0.2) / 3)


def test_discriminability_grows_as_splits_agree():
    noise = np.random.default_rng(0).normal(size=(2, 50))
    means = np.array([[0.0], [1.0]])
    loose, tight = (discriminability(means + sd * noise) for sd in (1.0, 0.1))
    assert tight > 5 * loose
    assert np.isnan(discriminability(means))


COMPARISONS = ("model_to_brain", "brain_to_model")


def rows(**parameters):
    """Rows of one method on a made-up brain with two candidates, by direction and area."""
    population = make_population("brain")
    table = measure(make_scores(population, COMPARISONS), population, Random(0, 50), **parameters)
    return table[table["method"] == "ridge"].set_index(["direction", "area"])


def test_a_gap_is_found_again_in_the_scores():
    """With the mean over layers and two candidates, it is the difference of two means."""
    population = make_population("brain")
    splits = make_scores(population, COMPARISONS).splits
    splits = splits[(splits["method"] == "ridge") & (splits["comparison"] == "brain_to_model")]
    of_area = splits[splits["source_part"] == "p2"].groupby("target_subject")["split_score"].mean()
    found = rows(layer_rule="mean").loc[("brain_to_model", "p2"), "separability"]
    assert found == pytest.approx(abs(of_area.iloc[0] - of_area.iloc[1]))


def test_the_mean_over_areas_has_an_interval_and_areas_have_none():
    table = rows()
    means = table.xs("mean", level="area")
    areas = table.drop("mean", level="area")
    assert means["ci_low"].notna().all() and areas["ci_low"].isna().all()
    for direction in (*COMPARISONS, "both"):
        expected = areas.loc[direction, "separability"].mean()
        assert means.loc[direction, "separability"] == pytest.approx(expected)


def test_both_directions_are_combined_as_parameters_say():
    separabilities, similarities = rows(), rows(combine="similarities")
    one, other = (separabilities.loc[direction, "separability"] for direction in COMPARISONS)
    both = separabilities.loc["both", "separability"]
    np.testing.assert_allclose(both, (one + other) / 2)
    assert not np.allclose(similarities.loc["both", "separability"], both)
    for direction in COMPARISONS:
        np.testing.assert_array_equal(
            similarities.loc[direction, "separability"],
            separabilities.loc[direction, "separability"],
        )
