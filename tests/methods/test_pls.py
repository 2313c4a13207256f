"""Partial least squares: its two ends, one component and all of them, and low rank."""

import numpy as np
import pytest

from workflow_scripts.common.errors import NotComparable
from workflow_scripts.methods.pls import Estimator


@pytest.fixture
def responses():
    random = np.random.default_rng(0)
    X = random.normal(1, 1, size=(60, 8))
    return X, X @ random.normal(size=(8, 5)) + random.normal(size=(60, 5))


def test_one_component_is_the_direction_of_greatest_covariance(responses):
    X, Y = responses
    X, Y = X - X.mean(axis=0), Y - Y.mean(axis=0)
    scores = X @ np.linalg.svd(X.T @ Y)[0][:, 0]
    expected = np.outer(scores, scores @ Y / (scores @ scores))
    # scikit-learn iterates to this direction until the squared step is below 1e-6.
    np.testing.assert_allclose(Estimator(1).fit(X, Y).predict(X), expected, atol=1e-2)


def test_all_components_are_least_squares(responses):
    """Twenty-five are asked for; eight units have eight."""
    X, Y = responses
    design = np.column_stack([X, np.ones(60)])
    expected = design @ np.linalg.lstsq(design, Y, rcond=None)[0]
    for scale in (False, True):
        np.testing.assert_allclose(Estimator(scale=scale).fit(X, Y).predict(X), expected, atol=1e-6)


def test_low_rank_gets_as_many_components(responses):
    """Three dimensions in forty units: predictions on new stimuli stay those of three."""
    random = np.random.default_rng(1)
    latent, mixing = random.normal(size=(80, 3)), random.normal(size=(3, 40))
    X, Y = latent @ mixing, latent @ random.normal(size=(3, 5)) + random.normal(size=(80, 5))
    fitted = Estimator().fit(X[:60], Y[:60])
    design = np.column_stack([latent, np.ones(80)])
    expected = design[60:] @ np.linalg.lstsq(design[:60], Y[:60], rcond=None)[0]
    np.testing.assert_allclose(fitted.predict(X[60:]), expected, atol=1e-6)
    assert fitted.regression.n_components == 3


def test_what_cannot_be_fitted_is_refused(responses):
    X, Y = responses
    with pytest.raises(NotComparable, match="no source unit varies"):
        Estimator().fit(np.ones_like(X), Y)
    with pytest.raises(NotComparable, match="the target has no units"):
        Estimator().fit(X, Y[:, :0])
