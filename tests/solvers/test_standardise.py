"""Standardised responses: those of the training stimuli, and limits for those of others."""

import numpy as np
import pytest
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from workflow_scripts.common.errors import NotComparable
from workflow_scripts.solvers.ridge import ALPHAS, Ridge
from workflow_scripts.solvers.standardise import Standardiser


def test_training_responses_have_mean_0_and_deviation_1_and_constant_units_are_dropped():
    X = np.random.default_rng(0).normal(3, 2, size=(40, 5))
    X[:, 2] = 1.7
    Z = Standardiser().fit_transform(X)
    np.testing.assert_allclose(Z, StandardScaler().fit_transform(np.delete(X, 2, axis=1)))
    with pytest.raises(NotComparable, match="no source unit varies"):
        Standardiser().fit(X[:, [2]])


def test_a_test_response_is_clipped_one_deviation_beyond_the_training_responses():
    scaler = Standardiser()
    Z = scaler.fit_transform(np.array([[0.0], [0.0], [0.0], [4.0]]))
    scaled = scaler.transform(np.array([[-100.0], [2.0], [4.0], [100.0]]))
    middle = (Z.min() + Z.max()) / 2
    np.testing.assert_allclose(scaled[:, 0], [Z.min() - 1, middle, Z.max(), Z.max() + 1])
    assert scaler.n_clipped_ == 2


def test_a_unit_that_hardly_responds_in_training_does_not_decide_a_ridge_prediction():
    """A rectified unit, silent but for one training image, responds fully to a test image."""
    random = np.random.default_rng(1)
    X, X_test = random.normal(size=(94, 60)), random.normal(size=(24, 60))
    weights = random.normal(size=(60, 8)) / 8
    Y, Y_test = X @ weights + random.normal(size=(94, 8)), X_test @ weights
    without = Ridge().fit(X, Y)
    usual = without.predict(X_test)
    silent, test = np.zeros((94, 1)), np.zeros((24, 1))
    silent[3], test[5] = 1e-3, 1.0
    ridge = Ridge().fit(np.hstack([X, silent]), Y)
    predicted = ridge.predict(np.hstack([X_test, test]))
    n_clipped = without.guards_["source clipped"]
    assert ridge.guards_ == {"source clipped": n_clipped + 1}
    assert np.abs(predicted - usual).max() < 2
    plain = make_pipeline(StandardScaler(), RidgeCV(ALPHAS))
    plain.fit(np.hstack([X, silent]), Y)
    assert np.abs(plain.predict(np.hstack([X_test, test])) - usual).max() > 100
    assert np.abs(predicted - Y_test).mean() < np.abs(Y_test).mean()
