"""The score of a unit, of a cell and of a split, by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import pearsonr
from sklearn.metrics import r2_score

from workflow_scripts.alignment.scoring import (
    cell_mean,
    cell_score,
    median_of_known,
    pearson_per_unit,
    r2_per_unit,
    r2_without_groups,
    split_score,
    unit_score,
)

BY_SPLIT = np.array([[0.2, 0.5, np.nan, np.nan], [0.4, 0.9, 0.8, np.nan]])


@pytest.mark.filterwarnings("error")
def test_a_unit_scores_its_mean_over_the_splits_in_which_it_has_a_score():
    np.testing.assert_allclose(unit_score(BY_SPLIT), [0.3, 0.7, 0.8, np.nan])


@pytest.mark.filterwarnings("error")
def test_a_split_scores_the_median_over_units():
    np.testing.assert_allclose(split_score(BY_SPLIT), [0.35, 0.8])
    assert np.isnan(split_score(np.full((1, 3), np.nan))).all()


@pytest.mark.filterwarnings("ignore:All-NaN slice")
@given(
    arrays(float, st.tuples(*[st.integers(1, 6)] * 3), elements=st.floats(-5, 5) | st.just(np.nan))
)
def test_the_median_leaves_out_what_is_missing(values):
    """As NumPy's, which warns where there is nothing else."""
    for axis in (0, 1, -1):
        np.testing.assert_array_equal(
            median_of_known(values, axis), np.nanmedian(values, axis=axis)
        )


def test_a_cell_scores_the_median_over_units():
    np.testing.assert_allclose(cell_score(np.array([[0.3, 0.7, np.nan, -5.0]])), [0.3])
    assert np.isnan(cell_score(np.full((1, 3), np.nan))).all()


def test_a_single_exploding_unit_does_not_decide_the_mean():
    np.testing.assert_allclose(cell_mean(np.array([[0.5, np.nan, -1e9]])), [(0.5 - 1) / 2])


def test_r2_and_correlation_equal_those_of_scikit_learn_and_scipy():
    random = np.random.default_rng(0)
    observed, predicted = random.normal(size=(2, 30, 4))
    for unit in range(4):
        one, other = observed[:, unit], predicted[:, unit]
        assert r2_per_unit(observed, predicted)[unit] == pytest.approx(r2_score(one, other))
        assert pearson_per_unit(observed, predicted)[unit] == pytest.approx(pearsonr(one, other)[0])


def test_a_unit_without_variance_has_no_score():
    observed = np.column_stack([np.arange(4.0), np.ones(4)])
    np.testing.assert_allclose(r2_per_unit(observed, observed), [1, np.nan])
    np.testing.assert_allclose(pearson_per_unit(observed, observed), [1, np.nan])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_unit_that_rounding_alone_makes_vary_has_no_score(dtype):
    """Means of equal trials may differ in their last digit."""
    random = np.random.default_rng(0)
    one = dtype(1000.1)
    constant = np.where(np.arange(20) % 3, one, np.nextafter(one, dtype(np.inf)))
    varying = one * (1 + 1e-5 * random.normal(size=20))
    observed = np.column_stack([constant, varying, -constant]).astype(float)
    predicted = observed + random.normal(size=observed.shape)
    for score in (r2_per_unit, pearson_per_unit):
        np.testing.assert_array_equal(np.isnan(score(observed, predicted)), [True, False, True])


def weighted_r2(observed, predicted, weights, mean):
    """R2 of one unit with a weight for each stimulus."""
    residual = (weights * (observed - predicted) ** 2).sum()
    return 1 - residual / (weights * (observed - mean) ** 2).sum()


@pytest.mark.filterwarnings("error")
@given(st.integers(0, 1000), st.floats(-100, 100))
def test_r2_without_a_group_goes_on_as_it_begins_when_a_group_loses_weight(seed, offset):
    random = np.random.default_rng(seed)
    observed, predicted = offset + random.normal(size=(2, 30, 3))
    groups = np.arange(30) % 4
    found = r2_without_groups(observed, predicted, groups, 6)
    small = 1e-5
    for unit, (one, other) in enumerate(zip(observed.T, predicted.T, strict=True)):
        whole = r2_score(one, other)
        for group in range(4):
            weights = np.where(groups == group, 1 - small, 1)
            slope = (weighted_r2(one, other, weights, one.mean()) - whole) / small
            assert found[group, unit] == pytest.approx(whole + 4 / 3 * slope, rel=1e-3, abs=1e-3)
        # Groups that these stimuli are not in change nothing.
        np.testing.assert_allclose(found[4:, unit], whole, rtol=1e-9)


def test_of_many_groups_it_is_nearly_r2_of_the_other_stimuli():
    random = np.random.default_rng(0)
    observed = random.normal(size=(2000, 1))
    predicted = observed + random.normal(size=(2000, 1)) / 2
    groups = np.arange(2000) % 20
    found = r2_without_groups(observed, predicted, groups, 20)[:, 0]
    exact = [r2_score(observed[groups != group], predicted[groups != group]) for group in range(20)]
    deviation = found - r2_score(observed, predicted)
    np.testing.assert_allclose(found, exact, atol=0.05 * np.abs(deviation).max())


def test_its_jackknife_covers_r2_with_three_unequal_groups():
    """As of crops of three photographs: the deviation of R2 over such sets of stimuli, and ours."""
    random = np.random.default_rng(1)
    groups = np.repeat([0, 1, 2], 40)
    values, errors = [], []
    for _ in range(400):
        observed = random.normal(size=3)[groups, None] + 0.5 * random.normal(size=(120, 1))
        gain = 1 + 0.3 * random.normal(size=3)[groups, None]
        predicted = gain * observed + 0.3 * random.normal(size=(120, 1))
        values.append(r2_per_unit(observed, predicted)[0])
        left = r2_without_groups(observed, predicted, groups, 3)[:, 0]
        errors.append(np.sqrt(2 / 3 * ((left - left.mean()) ** 2).sum()))
    assert 0.7 < np.sqrt(np.mean(np.square(errors))) / np.std(values) < 1.6


@pytest.mark.filterwarnings("error")
def test_a_group_that_holds_all_test_stimuli_leaves_no_score():
    observed = np.array([[0.0], [1.0]])
    found = r2_without_groups(observed, observed, np.zeros(2, int), 2)
    assert np.isnan(found[0]).all() and (found[1] == 1).all()


@pytest.mark.filterwarnings("error")
def test_a_unit_without_variance_has_no_score_without_any_group():
    observed = np.column_stack([np.arange(4.0), np.ones(4)])
    found = r2_without_groups(observed, observed, np.array([0, 0, 1, 1]), 2)
    np.testing.assert_allclose(found, [[1, np.nan]] * 2)
