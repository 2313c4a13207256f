"""Procrustes map: against SciPy, and what unequal or many units do to it."""

import numpy as np
import pytest
from scipy.linalg import orthogonal_procrustes

from workflow_scripts.common.errors import NotComparable
from workflow_scripts.methods.procrustes import Estimator


def test_agrees_with_scipy():
    random = np.random.default_rng(0)
    X, Y, X_test = (random.normal(2, 1, size=(n, 6)) for n in (40, 40, 10))
    centred = X - X.mean(axis=0)
    turned, trace = orthogonal_procrustes(centred, Y - Y.mean(axis=0))
    expected = trace / (centred**2).sum() * (X_test - X.mean(axis=0)) @ turned + Y.mean(axis=0)
    np.testing.assert_allclose(Estimator().fit(X, Y).predict(X_test), expected)


def test_rotation_scale_and_shift_are_recovered():
    random = np.random.default_rng(1)
    X = random.normal(size=(30, 5))
    turned = np.linalg.qr(random.normal(size=(5, 5)))[0]
    Y = 2.5 * X @ turned + 1
    np.testing.assert_allclose(Estimator().fit(X, Y).predict(X), Y)


@pytest.mark.parametrize(("p", "q"), [(8, 3), (3, 8)])
def test_unequal_numbers_of_units_give_orthonormal_rows_or_columns_and_the_best_scale(p, q):
    random = np.random.default_rng(2)
    X, Y = random.normal(size=(50, p)), random.normal(size=(50, q))
    fitted = Estimator().fit(X, Y)
    gram = fitted.coef_.T @ fitted.coef_ if p > q else fitted.coef_ @ fitted.coef_.T
    np.testing.assert_allclose(gram, gram[0, 0] * np.eye(min(p, q)), atol=1e-12)
    predicted = fitted.predict(X) - Y.mean(axis=0)
    residual = Y - Y.mean(axis=0) - predicted
    assert (predicted * residual).sum() == pytest.approx(0, abs=1e-9)


def test_more_units_than_stimuli_are_turned_as_the_training_stimuli_say():
    """Rotating the source changes no test prediction, though many directions are unconstrained."""
    random = np.random.default_rng(3)
    X, Y, X_test = (random.normal(size=(n, p)) for n, p in ((12, 30), (12, 25), (9, 30)))
    turned = np.linalg.qr(random.normal(size=(30, 30)))[0]
    np.testing.assert_allclose(
        Estimator().fit(X @ turned, Y).predict(X_test @ turned),
        Estimator().fit(X, Y).predict(X_test),
    )


def test_what_has_no_covariance_is_predicted_by_the_mean():
    X = np.random.default_rng(4).normal(size=(10, 3))
    fitted = Estimator().fit(X, np.full((10, 2), 3.0))
    np.testing.assert_array_equal(fitted.predict(X), np.full((10, 2), 3.0))
    with pytest.raises(NotComparable, match="no source unit varies"):
        Estimator().fit(np.ones((10, 3)), X)
    with pytest.raises(NotComparable, match="the target has no units"):
        Estimator().fit(X, X[:, :0])
