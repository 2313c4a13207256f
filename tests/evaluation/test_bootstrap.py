"""Bootstrap over subjects: right coverage on known data, reproducible, no degenerate draws."""

import numpy as np

from workflow_scripts.evaluation.bootstrap import draw_counts, interval, weighted_mean


def test_draws_have_the_right_size_and_enough_different_subjects():
    counts = draw_counts(3, 500, np.random.default_rng(0), least_different=2)
    assert (counts.sum(axis=1) == 3).all()
    assert ((counts > 0).sum(axis=1) >= 2).all()
    # Of the 27 equally likely draws, 3 are of a single subject.
    assert abs(len(counts) / 500 - 24 / 27) < 0.06


def test_interval_covers_the_mean_about_as_often_as_it_says():
    random = np.random.default_rng(1)
    covered = 0
    for _ in range(200):
        values = random.normal(size=30)
        low, high = interval(weighted_mean(values, draw_counts(30, 300, random)))
        covered += low < 0 < high
    assert 0.88 < covered / 200 < 0.99


def test_missing_values_have_no_weight():
    weights = np.array([[1, 1, 1], [0, 2, 1], [0, 3, 0]])
    np.testing.assert_allclose(weighted_mean(np.array([1.0, np.nan, 3.0]), weights), [2, 3, np.nan])


def test_no_values_have_no_interval():
    assert np.isnan(interval([np.nan, np.nan])).all()
