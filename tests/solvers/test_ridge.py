"""Ridge: scikit-learn's RidgeCV with one penalty per target, in primal and in dual form."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression, RidgeCV
from sklearn.preprocessing import StandardScaler

from workflow_scripts.solvers.leave_one_out import LeaveOneOut
from workflow_scripts.solvers.principal_axes import principal_axes
from workflow_scripts.solvers.ridge import ALPHAS, Ridge


def data(n, p, q, seed=0, noise=1.0):
    random = np.random.default_rng(seed)
    X = random.normal(size=(n, p)) @ random.normal(size=(p, p)) + random.normal(size=p)
    return X, X @ random.normal(size=(p, q)) / p + noise * random.normal(size=(n, q))


def reference(X, Y, alphas):
    Z = StandardScaler().fit_transform(X)
    return RidgeCV(alphas=alphas, alpha_per_target=True).fit(Z, Y), Z


@pytest.mark.parametrize("n", [80, 600])
@pytest.mark.parametrize("noise", [0.01, 1.0, 30.0])
def test_equals_scikit_learn_with_more_stimuli_than_units(n, noise):
    """From 480 stimuli on, bounds of the error rule out most penalties."""
    X, Y = data(n, 20, 15, noise=noise)
    expected, Z = reference(X, Y, ALPHAS)
    ridge = Ridge().fit(X, Y)
    np.testing.assert_allclose(ridge.alpha_, expected.alpha_)
    np.testing.assert_allclose(ridge.predict(X), expected.predict(Z), rtol=1e-8, atol=1e-8)


def test_equals_scikit_learn_with_more_units_than_stimuli():
    """At tiny penalties scikit-learn's own leave-one-out errors are rounding; leave those out."""
    alphas = np.logspace(-2, 5, 8)
    X, Y = data(40, 100, 15)
    expected, Z = reference(X, Y, alphas)
    ridge = Ridge(alphas).fit(X, Y)
    np.testing.assert_allclose(ridge.alpha_, expected.alpha_)
    np.testing.assert_allclose(ridge.predict(X), expected.predict(Z), rtol=1e-8, atol=1e-8)


@settings(max_examples=15, deadline=None)
@given(st.integers(5, 12), st.integers(1, 20), st.integers(0, 10**6))
def test_penalty_has_the_smallest_error_when_each_stimulus_is_left_out(n, p, seed):
    """By leaving each stimulus out and fitting again, with the scaling of all."""
    X, Y = data(n, p, 1, seed)
    alphas = np.logspace(-2, 3, 6)
    ridge = Ridge(alphas).fit(X, Y)
    Z = ridge.scaler.transform(X)
    errors = []
    for alpha in alphas:
        left_out = []
        for i in range(n):
            rest = np.arange(n) != i
            centre_x, centre_y = Z[rest].mean(axis=0), Y[rest].mean(axis=0)
            A, b = Z[rest] - centre_x, Y[rest] - centre_y
            weights = np.linalg.solve(A.T @ A + alpha * np.eye(Z.shape[1]), A.T @ b)
            left_out.append(Y[i] - centre_y - (Z[i] - centre_x) @ weights)
        errors.append(np.mean(np.square(left_out)))
    chosen = errors[list(alphas).index(ridge.alpha_[0])]
    assert chosen == pytest.approx(min(errors), rel=1e-6)


@pytest.mark.parametrize("p", [20, 300, 700])
@pytest.mark.parametrize("outliers", [0, 5])
def test_bounds_never_rule_out_the_best_penalty(p, outliers):
    """Against all errors, in primal and dual form; outliers have hat values close to one.

    At smaller penalties the ``1 - h`` of the plain formula is nothing but rounding.
    """
    alphas = np.array([alpha for alpha in ALPHAS if alpha > 1e-3])
    X, Y = data(500, p, 30, seed=p)
    X[:outliers] *= 30
    # A linear map predicts these completely.
    Y[:, :10] = X @ np.random.default_rng(0).normal(size=(p, 10))
    Y += 1e-3 * np.random.default_rng(1).normal(size=Y.shape)
    Y *= np.logspace(-3, 3, 30)
    U, s, _ = principal_axes(StandardScaler().fit_transform(X))
    centred = Y - Y.mean(axis=0)
    chosen = LeaveOneOut(U, s, alphas).choose(U.T @ centred, centred)
    errors = []
    for alpha in alphas:
        hat = (U * (s**2 / (s**2 + alpha))) @ U.T + 1 / len(X)
        left_out = (Y - hat @ Y) / (1 - np.diag(hat))[:, None]
        errors.append(np.linalg.norm(left_out, axis=0))
    of_chosen = np.array(errors)[chosen, np.arange(30)]
    np.testing.assert_allclose(of_chosen, np.min(errors, axis=0), rtol=1e-7)
    assert len(set(chosen)) > 2


def test_residuals_that_are_rounding_rule_out_nothing():
    """With an image shown twice, the source has one dimension less than centred stimuli can have.

    At the smallest penalties only rounding is left of a target; all errors, computed in double
    precision, show what is right.
    """
    X, Y = data(600, 900, 20, seed=1, noise=8.0)
    X[1], Y[1] = X[0], Y[0]
    U, s, _ = principal_axes(StandardScaler().fit_transform(X))
    centred = Y - Y.mean(axis=0)
    choice = LeaveOneOut(U, s, ALPHAS)
    chosen = choice.choose(U.T @ centred, centred)
    assert U.shape[1] == len(U) - 2
    errors = [choice._errors(U.T @ centred, centred, number) for number in range(len(ALPHAS))]
    np.testing.assert_array_equal(chosen, np.argmin(errors, axis=0))
    assert ALPHAS[chosen.min()] > 100


@pytest.mark.parametrize("n", [100, 600])
@pytest.mark.parametrize("p", [50, 900])
def test_tensors_give_the_same_map(n, p):
    X, Y = data(n, p, 20, noise=8.0)
    ours, tensors = Ridge().fit(X, Y), Ridge().fit(*map(torch.as_tensor, (X, Y)))
    np.testing.assert_array_equal(ours.alpha_, tensors.alpha_)
    np.testing.assert_allclose(ours.predict(X), tensors.predict(torch.as_tensor(X)), rtol=1e-9)


@pytest.mark.parametrize("n", [60, 10])
@pytest.mark.parametrize(("weakest", "rank"), [(0.1, 20), (1e-4, 20), (1e-6, 20), (0.0, 19)])
def test_principal_axes_are_the_singular_vectors(n, weakest, rank):
    """Whether the Gram matrix is enough for the weakest direction or not."""
    random = np.random.default_rng(2)
    X = random.normal(size=(n, 20)) @ np.diag(np.r_[np.ones(19), weakest])
    U, s, Vt = principal_axes(X)
    assert len(s) == min(n, rank)
    np.testing.assert_allclose(s, np.linalg.svd(X, compute_uv=False)[: len(s)], rtol=1e-9)
    np.testing.assert_allclose(U * s @ Vt, X, atol=1e-12)
    for vectors in (U.T @ U, Vt @ Vt.T):
        np.testing.assert_allclose(vectors, np.eye(len(s)), atol=1e-10)


def test_counts_are_predicted_as_the_same_numbers_are():
    X, Y = data(60, 10, 5)
    counts = np.round(Y).astype(int)
    expected = Ridge().fit(X, counts.astype(float)).predict(X)
    np.testing.assert_array_equal(Ridge().fit(X, counts).predict(X), expected)


def test_without_noise_the_map_is_recovered():
    X, Y = data(60, 10, 5, noise=0.0)
    ridge = Ridge().fit(X, Y)
    np.testing.assert_allclose(ridge.predict(X), LinearRegression().fit(X, Y).predict(X), atol=1e-6)
