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
