"""Kernel ridge regression against its equations."""

import numpy as np
import pytest

from workflow_scripts.methods.kernel_ridge import Estimator

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.normal(size=(40, 6)), RANDOM.normal(size=(40, 3))
X_TEST = RANDOM.normal(size=(7, 6)) / 2


def centred_kernels(width):
    """Kernels of training and of test stimuli, with the features' mean subtracted."""
    mean, sd = X.mean(axis=0), X.std(axis=0)
    train, test = (X - mean) / sd, (X_TEST - mean) / sd

    def kernel(Z):
        distances = np.sum((Z[:, None] - train) ** 2, axis=2)
        return np.exp(-distances / (2 * width**2 * X.shape[1]))

    K, K_test = kernel(train), kernel(test)
    centre = np.eye(len(X)) - 1 / len(X)
    return centre @ K @ centre, (K_test - K.mean(axis=0)) @ centre


@pytest.mark.parametrize("width", [0.5, 1.0, 3.0])
def test_predictions_solve_the_equations_at_the_chosen_penalties(width):
    fitted = Estimator([1.0, 1e-4, 1e-2, 10.0], width).fit(X, Y)
    K, K_test = centred_kernels(width)
    for number, (alpha, y) in enumerate(zip(fitted.alpha_, Y.T, strict=True)):
        dual = np.linalg.solve(K + alpha * np.eye(len(X)), y - y.mean())
        expected = K_test @ dual + y.mean()
        np.testing.assert_allclose(fitted.predict(X_TEST)[:, number], expected, rtol=1e-8)


def test_the_penalty_has_the_least_error_when_each_stimulus_is_left_out():
    alphas = [1e-4, 1e-2, 1.0, 10.0]
    K, _ = centred_kernels(1.0)
    errors = []
    for alpha in alphas:
        hat = K @ np.linalg.inv(K + alpha * np.eye(len(X))) + 1 / len(X)
        errors.append(np.sum(((Y - hat @ Y) / (1 - np.diag(hat))[:, None]) ** 2, axis=0))
    best = np.array(alphas)[np.argmin(errors, axis=0)]
    np.testing.assert_array_equal(Estimator(alphas).fit(X, Y).alpha_, best)


def test_a_kernel_that_is_the_same_everywhere_predicts_the_mean():
    predicted = Estimator(width=1e9).fit(X, Y).predict(X_TEST)
    np.testing.assert_allclose(predicted, np.tile(Y.mean(axis=0), (7, 1)))
