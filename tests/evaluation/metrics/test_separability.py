"""Separability: layers chosen without the split that is scored, gaps by hand."""

import numpy as np
import pytest

from workflow_scripts.evaluation.metrics.separability import (
    candidate_similarity,
    discriminability,
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
