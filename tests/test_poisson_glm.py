"""Poisson regression: the optima of scikit-learn and SciPy, for all targets at once."""

import numpy as np
import pytest
from scipy.optimize import check_grad, minimize
from sklearn.linear_model import PoissonRegressor

from workflow_scripts.errors import InputError
from workflow_scripts.poisson_glm import LINKS, PoissonRegression, objective
from workflow_scripts.ridge import Ridge
from workflow_scripts.scoring import r2_per_unit


@pytest.fixture(scope="module")
def counts():
    """Standardised sources, and Poisson counts of softplus targets: 100 stimuli, 8 units each."""
    random = np.random.default_rng(0)
    Z = random.normal(size=(100, 8))
    Z = (Z - Z.mean(axis=0)) / Z.std(axis=0)
    mean = np.logaddexp(0, 2 * Z @ random.normal(size=(8, 8)) / 2)
    return Z, random.poisson(5 * mean).astype(float)


def loss(link, Z, y, alpha, parameters):
    """The documented objective of one target, by plain arithmetic."""
    eta = parameters[0] + Z @ parameters[1:]
    mu = np.exp(eta) if link == "exp" else np.log(1 + np.exp(eta))
    return np.mean(mu - y * np.log(mu)) / y.mean() + alpha / 2 * np.sum(parameters[1:] ** 2)


def solution(fitted, unit):
    """Intercept and weights of one target in the space of the sources."""
    theta = fitted.theta_[:, unit]
    return np.r_[theta[0], fitted.axes_ @ theta[1:]]


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("alpha", [1e-4, 1e-2, 1.0])
def test_objective_is_as_low_as_scipys(counts, link, alpha):
    Z, Y = counts
    fitted = PoissonRegression(link, [alpha], 2).fit(Z, Y)
    assert fitted.converged_.all()
    for unit in range(Y.shape[1]):
        y = Y[:, unit] / Y[:, unit].mean() if link == "exp" else Y[:, unit]
        start = np.zeros(9)
        best = minimize(
            lambda w, y=y: loss(link, Z, y, alpha, w), start, method="L-BFGS-B", tol=1e-14
        )
        found = loss(link, Z, y, alpha, solution(fitted, unit))
        assert found <= best.fun + 1e-6 * abs(best.fun)


def test_exponential_mean_predicts_as_scikit_learn(counts):
    """PoissonRegressor has half the deviance as its loss, the same optimum for scaled targets."""
    Z, Y = counts
    fitted = PoissonRegression("exp", [0.1], 2, tolerance=1e-8).fit(Z, Y)
    for unit in range(Y.shape[1]):
        mean = Y[:, unit].mean()
        expected = PoissonRegressor(alpha=0.1, tol=1e-10, max_iter=1000).fit(Z, Y[:, unit] / mean)
        np.testing.assert_allclose(
            np.exp(solution(fitted, unit)[0] + Z @ solution(fitted, unit)[1:]),
            expected.predict(Z),
            rtol=1e-4,
        )


@pytest.mark.parametrize("link", LINKS)
def test_gradient_is_the_derivative(counts, link):
    Z, Y = counts
    A = np.hstack([np.ones((len(Z), 1)), Z])
    arguments = (A, Y[:, :1], Y[:, :1].mean(axis=0), np.array([0.3]), LINKS[link])
    start = np.random.default_rng(1).normal(size=9) / 5
    error = check_grad(
        lambda w: objective(w[:, None], *arguments)[0][0],
        lambda w: objective(w[:, None], *arguments)[1][:, 0],
        start,
    )
    assert error < 1e-5


def test_softplus_is_exact_far_from_zero():
    eta = np.array([-800.0, -50.0, 0.0, 50.0, 800.0])
    mu, log_mu, slope = LINKS["softplus"].evaluate(eta)
    np.testing.assert_allclose(mu, [0, np.exp(-50), np.log(2), 50, 800])
    np.testing.assert_allclose(log_mu, [-800, -50, np.log(np.log(2)), np.log(50), np.log(800)])
    np.testing.assert_allclose(slope, [0, np.exp(-50), 0.5, 1, 1], rtol=1e-12)
    np.testing.assert_allclose(LINKS["softplus"].inverse(mu[1:]), eta[1:])


def test_penalty_is_chosen_by_cross_validated_deviance(counts):
    """By fitting each fold alone."""
    Z, Y = counts
    alphas, n_folds = [1e-3, 1e-1, 10.0], 4
    chosen = PoissonRegression("softplus", alphas, n_folds).fit(Z, Y).alpha_
    fold = np.arange(len(Z)) % n_folds
    deviance = np.zeros((len(alphas), Y.shape[1]))
    for number, alpha in enumerate(alphas):
        for k in range(n_folds):
            fitted = PoissonRegression("softplus", [alpha], 2, 1e-7).fit(Z[fold != k], Y[fold != k])
            mu = fitted.predict(Z[fold == k])
            deviance[number] += (mu - Y[fold == k] * np.log(mu)).sum(axis=0)
    np.testing.assert_array_equal(chosen, np.asarray(alphas)[deviance.argmin(axis=0)])


def test_predictions_end_at_the_cap(counts):
    Z, Y = counts
    fitted = PoissonRegression("exp", [1e-3], 2).fit(Z, Y)
    far = fitted.predict(50 * Z)
    assert (far <= 1.2 * Y.max(axis=0)).all()
    assert fitted.n_capped_ > 0


def test_a_silent_target_is_not_converged_and_harms_no_other(counts):
    Z, Y = counts
    silent = np.hstack([Y[:, :2], np.zeros((len(Z), 1))])
    fitted = PoissonRegression("exp", [0.1, 1.0], 3).fit(Z, silent)
    assert list(fitted.converged_) == [True, True, False]
    alone = PoissonRegression("exp", [0.1, 1.0], 3).fit(Z, Y[:, :2])
    np.testing.assert_allclose(fitted.predict(Z)[:, :2], alone.predict(Z), rtol=1e-3)


def test_softplus_targets_are_predicted_better_than_by_a_line():
    random = np.random.default_rng(2)
    Z = random.normal(size=(600, 10))
    Y = np.logaddexp(0, 2 * Z @ random.normal(size=(10, 12)) - 1)
    train, test = slice(0, 400), slice(400, None)
    bent = PoissonRegression("softplus", [1e-4, 1e-2], 3).fit(Z[train], Y[train]).predict(Z[test])
    line = Ridge().fit(Z[train], Y[train]).predict(Z[test])
    bent, line = (r2_per_unit(Y[test], predicted) for predicted in (bent, line))
    assert np.median(bent) > 0.99 > np.median(line)


def test_penalties_and_folds_that_make_no_sense_are_refused(counts):
    with pytest.raises(InputError, match="alphas: found"):
        PoissonRegression("exp", [0.0], 5).fit(*counts)
    for n_folds in (1, 101):
        with pytest.raises(InputError, match=f"n_folds: found {n_folds}, expected 2 to 100"):
            PoissonRegression("exp", [1.0], n_folds).fit(*counts)
