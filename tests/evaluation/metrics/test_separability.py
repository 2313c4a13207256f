"""Separability: gaps between candidates, by hand."""

import numpy as np
import pytest

from tests.evaluation.made_up import make_population, make_scores
from workflow_scripts.evaluation.metric import Random
from workflow_scripts.evaluation.metrics.separability import (
    measure,
    separability,
)


def test_separability_is_the_mean_gap_of_pairs():
    assert separability([0.1, 0.4, 0.2]) == pytest.approx((0.3 + 0.1 + 0.2) / 3)


COMPARISONS = ("model_to_brain", "brain_to_model")


def rows(scale="raw", **parameters):
    """Rows of one method on a made-up brain with two candidates, by direction and area."""
    population = make_population("brain")
    table = measure(make_scores(population, COMPARISONS), population, Random(0, 50), **parameters)
    table = table[(table["method"] == "ridge") & (table["scale"] == scale)]
    return table.set_index(["direction", "area"])


def test_a_gap_is_found_again_in_the_scores():
    """With the mean over layers and two candidates, it is the difference of two means."""
    population = make_population("brain")
    splits = make_scores(population, COMPARISONS).splits
    splits = splits[(splits["method"] == "ridge") & (splits["comparison"] == "brain_to_model")]
    of_area = splits[splits["source_part"] == "p2"].groupby("target_subject")["split_score"].mean()
    found = rows(layer_rule="mean").loc[("brain_to_model", "p2"), "separability"]
    assert found == pytest.approx(abs(of_area.iloc[0] - of_area.iloc[1]))


def test_the_relative_gap_is_divided_by_the_mean_similarity():
    """With two candidates, of which the mean rule takes all layers."""
    splits = make_scores(make_population("brain"), COMPARISONS).splits
    splits = splits[(splits["method"] == "ridge") & (splits["comparison"] == "brain_to_model")]
    of_area = splits[splits["source_part"] == "p2"].groupby("target_subject")["split_score"].mean()
    found = rows("relative", layer_rule="mean").loc[("brain_to_model", "p2"), "separability"]
    assert found == pytest.approx(abs(of_area.iloc[0] - of_area.iloc[1]) / of_area.mean())


def test_the_mean_is_over_areas():
    table = rows()
    areas = table.drop("mean", level="area")
    for direction in (*COMPARISONS, "both"):
        expected = areas.loc[direction, "separability"].mean()
        assert table.loc[(direction, "mean"), "separability"] == pytest.approx(expected)


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
