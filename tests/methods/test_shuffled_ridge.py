"""Ridge regression to shuffled responses: nothing is predicted, and it is repeatable."""

import numpy as np
import pytest

from workflow_scripts.alignment.method import make_estimator
from workflow_scripts.alignment.scoring import r2_per_unit

N_TRAIN, N_TEST = 80, 20


@pytest.fixture
def responses():
    """Source, and targets that are linear in it, to training and to test stimuli."""
    random = np.random.default_rng(0)
    X = random.normal(size=(N_TRAIN + N_TEST, 12))
    Y = X @ random.normal(size=(12, 30)) + 3
    return X[:N_TRAIN], Y[:N_TRAIN], X[N_TRAIN:], Y[N_TRAIN:]


def predicted(method, X, Y, X_test):
    return make_estimator(method, {}).fit(X, Y).predict(X_test)


def test_what_ridge_regression_predicts_is_not_predicted(responses):
    X, Y, X_test, Y_test = responses
    assert np.median(r2_per_unit(Y_test, predicted("ridge_post", X, Y, X_test))) > 0.99
    assert np.median(r2_per_unit(Y_test, predicted("shuffled_ridge", X, Y, X_test))) < 0.1


def test_it_is_ridge_regression_to_the_same_responses_in_another_order(responses):
    """A target that names its stimuli tells the order, which is the same for every target."""
    X, Y, X_test, _ = responses
    X = np.eye(N_TRAIN)
    names = np.arange(N_TRAIN, dtype=float)[:, None]
    fitted = make_estimator("shuffled_ridge", {"alphas": [1e-9]}).fit(X, names)
    order = np.rint(fitted.predict(X)[:, 0]).astype(int)
    assert sorted(order) == list(range(N_TRAIN))
    assert (order != np.arange(N_TRAIN)).mean() > 0.9
    X = responses[0]
    np.testing.assert_allclose(
        predicted("shuffled_ridge", X, Y, X_test), predicted("ridge_post", X, Y[order], X_test)
    )
