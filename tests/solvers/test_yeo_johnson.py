"""Yeo-Johnson: scikit-learn's PowerTransformer, for all units at once, and sane at the edges."""

import numpy as np
import pytest
from scipy.stats import skew
from scipy.stats import yeojohnson as scipy_yeo_johnson
from sklearn.preprocessing import PowerTransformer

from workflow_scripts.common.errors import NotComparable
from workflow_scripts.solvers.yeo_johnson import YeoJohnson, fit_lambdas, references, yeo_johnson


@pytest.fixture(scope="module")
def skewed():
    random = np.random.default_rng(0)
    columns = [random.gamma(shape, size=200) for shape in (0.5, 1, 4)]
    columns += [random.normal(size=200), -random.gamma(2, size=200), random.normal(5, 2, 200) ** 2]
    return np.column_stack(columns)


def test_equals_scikit_learn(skewed):
    expected = PowerTransformer().fit(skewed)
    transformer = YeoJohnson()
    transformed = transformer.fit_transform(skewed)
    np.testing.assert_allclose(transformer.lambdas_, expected.lambdas_, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(transformed, expected.transform(skewed), rtol=1e-3, atol=1e-3)


def test_lambda_of_a_nearly_silent_unit_is_far_below_zero():
    """That needs a wide bracket; the likelihood is as high as anywhere on a fine grid."""
    random = np.random.default_rng(1)
    X = np.where(random.random((300, 1)) < 0.1, random.random((300, 1)) * 0.05, 0.001)
    X += 1e-4 * random.random(X.shape)
    best = fit_lambdas(X)

    def log_likelihood(value):
        """Up to a constant; without negative responses the reference cancels the Jacobian."""
        return -150 * np.log(yeo_johnson(X, np.array([value]), references(X)).var())

    assert best[0] < -100
    assert log_likelihood(best[0]) >= max(map(log_likelihood, np.arange(-1500.0, 5, 0.5))) - 1e-6


@pytest.mark.parametrize("response", [0.3, 1e-2, 1e-6])
def test_lambda_of_a_unit_with_one_response_is_known(response):
    """The likelihood of two values is ``n log(-l) + l log(1 + r)`` far below zero."""
    X = np.zeros((960, 1))
    X[0] = response
    assert fit_lambdas(X)[0] == pytest.approx(-960 / np.log1p(response), rel=1e-6)


@pytest.mark.parametrize("factor", [1e-12, 1e-30])
def test_lambdas_of_small_responses_are_inverse_to_them(skewed, factor):
    """Where ``log(1 + x)`` is ``x``, lambda times the responses does not depend on their unit."""
    expected = 1e-6 * fit_lambdas(1e-6 * skewed)
    np.testing.assert_allclose(factor * fit_lambdas(factor * skewed), expected, rtol=1e-4)


def test_transformation_keeps_the_order_of_responses_about_a_large_mean():
    """The plain formula rounds these 300 responses to a few values, far from the optimum."""
    responses = 8 + np.random.default_rng(2).exponential(0.05, (300, 1))
    transformer = YeoJohnson()
    transformed = transformer.fit_transform(responses)
    assert len(np.unique(transformed)) == 300
    assert transformer.lambdas_[0] < -50
    assert abs(skew(transformed[:, 0])) < 0.3 < skew(responses[:, 0])


def test_shifted_transformation_is_the_plain_one_up_to_offset_and_factor():
    X = np.linspace(-3, 3, 40)[:, None]
    for value in (-1.5, 0.0, 0.7, 2.0, 3.0):
        plain = yeo_johnson(X, np.array([value]), np.array([0.0]))
        np.testing.assert_allclose(plain[:, 0], scipy_yeo_johnson(X[:, 0], value), atol=1e-12)
        shifted = yeo_johnson(X, np.array([value]), np.array([0.4]))
        zero = yeo_johnson(np.array([[np.expm1(0.4)]]), np.array([value]), np.array([0.0]))
        np.testing.assert_allclose(shifted, np.exp(-0.4 * value) * (plain - zero), atol=1e-12)


def test_responses_beyond_the_training_range_are_clipped(skewed):
    transformer = YeoJohnson()
    trained = transformer.fit_transform(skewed)
    transformed = transformer.transform(skewed * 100)
    assert (transformed <= trained.max(axis=0) + 1 + 1e-12).all()
    assert transformer.n_clipped_ > 0
    np.testing.assert_allclose(transformer.transform(skewed), trained)
    assert transformer.n_clipped_ == 0


def test_constant_units_are_dropped(skewed):
    with_constant = np.column_stack([skewed[:, 0], np.ones(200)])
    assert YeoJohnson().fit_transform(with_constant).shape == (200, 1)
    with pytest.raises(NotComparable, match="no source unit varies"):
        YeoJohnson().fit_transform(np.ones((10, 2)))
