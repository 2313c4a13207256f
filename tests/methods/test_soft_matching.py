"""Soft matching: the weights of matched units; test_matching.py tests the plans."""

import numpy as np

from workflow_scripts.methods.soft_matching import Estimator


def test_permuted_units_are_found():
    X = np.random.default_rng(1).normal(size=(50, 12))
    order = np.random.default_rng(2).permutation(12)
    for scaling in ("corr", "zscore", "ols"):
        fitted = Estimator(scaling).fit(X, 3 * X[:, order] + 1)
        np.testing.assert_allclose(fitted.predict(X), 3 * X[:, order] + 1, atol=1e-10)


def test_weights_of_more_sources_than_targets_sum_to_one():
    """With scaling zscore, each target is the average over its share of the sources."""
    random = np.random.default_rng(3)
    X, Y = random.normal(size=(50, 20)), random.normal(size=(50, 5))
    fitted = Estimator("zscore").fit(X, Y)
    np.testing.assert_allclose((fitted.coef_ / Y.std(axis=0)).sum(axis=0), 1)


def test_ols_slopes_are_least_squares_of_the_transported_prediction():
    random = np.random.default_rng(4)
    X, Y = random.normal(size=(50, 20)), random.normal(size=(50, 5))
    transported = Estimator("zscore").fit(X, Y).predict(X)
    fitted = Estimator("ols").fit(X, Y).predict(X)
    for unit in range(5):
        slope, intercept = np.polyfit(transported[:, unit], Y[:, unit], 1)
        np.testing.assert_allclose(fitted[:, unit], slope * transported[:, unit] + intercept)
