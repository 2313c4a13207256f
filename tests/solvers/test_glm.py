"""Generalised linear models: the optima of scikit-learn and SciPy, for all targets at once."""

import numpy as np
import pytest
from scipy.optimize import check_grad, minimize
from scipy.special import expit
from scipy.stats import norm
from sklearn.linear_model import PoissonRegressor

from workflow_scripts.alignment.scoring import r2_per_unit
from workflow_scripts.common.errors import InputError
from workflow_scripts.solvers.glm.families import FAMILIES
from workflow_scripts.solvers.glm.links import LINKS
from workflow_scripts.solvers.glm.penalised import GeneralisedLinear
from workflow_scripts.solvers.glm.problem import Problem, objective
from workflow_scripts.solvers.ridge import Ridge


@pytest.fixture(scope="module")
def counts():
    """Standardised sources, and Poisson counts of softplus targets: 100 stimuli, 8 units each."""
    random = np.random.default_rng(0)
    Z = random.normal(size=(100, 8))
    Z = (Z - Z.mean(axis=0)) / Z.std(axis=0)
    mean = np.logaddexp(0, 2 * Z @ random.normal(size=(8, 8)) / 2)
    return Z, random.poisson(5 * mean).astype(float)


MEANS = {
    "exp": np.exp,
    "softplus": lambda eta: np.logaddexp(0, eta),
    "relu": lambda eta: np.logaddexp(0, 10 * eta) / 10,
    "normcdf": norm.cdf,
}


def loss(model, Z, y, alpha, parameters):
    """The documented objective of one target, by plain arithmetic."""
    mu = MEANS[model.link](parameters[0] + Z @ parameters[1:])
    if model.family == "poisson":
        fit = np.mean(mu - y * np.log(mu)) / y.mean()
    else:
        fit = np.mean((mu - y) ** 2) / 2 / y.var()
    return fit + alpha / 2 * np.sum(parameters[1:] ** 2)


def solution(fitted, unit):
    """Intercept and weights of one target in the space of the sources."""
    theta = fitted.theta_[unit]
    return np.r_[theta[0], fitted.axes_ @ theta[1:]]


def poisson(link, alphas, n_folds=2, **options):
    return GeneralisedLinear(link, "poisson", alphas, n_folds, **options)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("alpha", [1e-4, 1e-2, 1.0])
def test_objective_is_as_low_as_scipys(counts, link, family, alpha):
    Z, Y = counts
    fitted = GeneralisedLinear(link, family, [alpha], 2).fit(Z, Y)
    assert fitted.converged_.all()
    for unit in range(Y.shape[1]):
        y = Y[:, unit] / fitted.unit_[unit]
        ours = solution(fitted, unit)
        # From our solution, SciPy must not find a way down. From zero, it must not find a better
        # minimum, where there is only one.
        starts = [ours] + [np.zeros(9)] * (family == "poisson")
        for start in starts:
            best = minimize(
                lambda w, y=y: loss(fitted, Z, y, alpha, w), start, method="L-BFGS-B", tol=1e-14
            )
            found = loss(fitted, Z, y, alpha, ours)
            assert found <= best.fun + 1e-6 * abs(best.fun)


@pytest.mark.parametrize("link", ["exp", "softplus"])
def test_objective_is_as_low_with_more_units_than_stimuli(link):
    """The weak penalty leaves the problem ill-conditioned; SciPy continues from our solution."""
    random = np.random.default_rng(3)
    Z = random.normal(size=(60, 90)) * np.arange(1, 91) ** -0.5
    Y = random.poisson(4 * np.logaddexp(0, Z @ random.normal(size=(90, 6)))).astype(float)
    fitted = poisson(link, [1e-4]).fit(Z, Y)
    assert fitted.converged_.all()
    for unit in range(6):
        y, start = Y[:, unit] / fitted.unit_[unit], solution(fitted, unit)
        best = minimize(
            lambda w, y=y: loss(fitted, Z, y, 1e-4, w),
            start,
            method="L-BFGS-B",
            options={"maxfun": 100_000, "ftol": 1e-15, "gtol": 1e-9},
        )
        assert loss(fitted, Z, y, 1e-4, start) <= best.fun + 1e-6 * abs(best.fun)


def test_exponential_mean_predicts_as_scikit_learn(counts):
    """PoissonRegressor has half the deviance as its loss, the same optimum for scaled targets."""
    Z, Y = counts
    fitted = poisson("exp", [0.1], tolerance=1e-8).fit(Z, Y)
    for unit in range(Y.shape[1]):
        mean = Y[:, unit].mean()
        expected = PoissonRegressor(alpha=0.1, tol=1e-10, max_iter=1000).fit(Z, Y[:, unit] / mean)
        theta = solution(fitted, unit)
        np.testing.assert_allclose(np.exp(theta[0] + Z @ theta[1:]), expected.predict(Z), rtol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("link", LINKS)
def test_gradient_is_the_derivative(counts, link, family):
    Z, Y = counts
    A = np.hstack([np.ones((len(Z), 1)), Z])[None]
    y = Y[None, :, 0][:, None] / Y[:, 0].max()
    problem = Problem(
        A, y, np.full((1, 1), 100.0), np.ones((1, 1, 9)), LINKS[link], FAMILIES[family]
    )
    alphas = np.array([0.3])
    start = np.random.default_rng(1).normal(size=9) / 5

    def evaluate(w):
        found = objective(w[None, None], problem, alphas)
        return found[0][0, 0], found[1][0, 0]

    assert check_grad(lambda w: evaluate(w)[0], lambda w: evaluate(w)[1], start) < 1e-5


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_softplus_is_exact_far_from_zero(dtype):
    eta = np.array([-800.0, -85.0, -9.0, -1e-3, 0.0, 50.0, 800.0], dtype)
    with np.errstate(over="ignore"):
        mu, log_mu, slope, log_slope = LINKS["softplus"].evaluate(eta, np)
    exact = eta.astype(np.float64)
    tolerance = 20 * np.finfo(dtype).eps
    np.testing.assert_allclose(mu, np.logaddexp(0, exact), rtol=tolerance)
    np.testing.assert_allclose(slope, expit(exact), rtol=tolerance)
    expected = np.r_[exact[:2], np.log(np.logaddexp(0, exact[2:]))]
    np.testing.assert_allclose(log_mu, expected, rtol=tolerance, atol=tolerance)
    expected = np.r_[1, 1, expit(exact[2:]) / np.logaddexp(0, exact[2:])]
    np.testing.assert_allclose(log_slope, expected, rtol=tolerance)


@pytest.mark.parametrize("link", LINKS)
def test_inverse_of_a_link_gives_its_mean(link):
    mean = np.array([0.01, 0.3, 0.8])
    np.testing.assert_allclose(LINKS[link].evaluate(LINKS[link].inverse(mean, np), np)[0], mean)


@pytest.mark.parametrize("link", ["exp", "softplus"])
@pytest.mark.parametrize("family", FAMILIES)
def test_penalty_is_chosen_by_cross_validated_loss(counts, link, family):
    """By fitting each fold alone, over the whole grid."""
    Z, Y = counts
    Z, Y = Z[:98], Y[:98]  # folds that differ in size
    alphas, n_folds = [1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0], 4
    chosen = GeneralisedLinear(link, family, alphas, n_folds).fit(Z, Y).alpha_
    fold = np.arange(len(Z)) % n_folds
    lost = np.zeros((len(alphas), Y.shape[1]))
    for number, alpha in enumerate(alphas):
        for k in range(n_folds):
            fitted = GeneralisedLinear(link, family, [alpha], 2).fit(Z[fold != k], Y[fold != k])
            mu, y = fitted.predict(Z[fold == k]), Y[fold == k]
            lost[number] += (mu - y * np.log(mu) if family == "poisson" else (mu - y) ** 2).sum(
                axis=0
            )
    of_chosen = lost[np.searchsorted(alphas, chosen), np.arange(Y.shape[1])]
    least = lost.min(axis=0)
    # Folds are fitted to a tolerance of 1e-2, so the processor's kernels decide between penalties
    # that are nearly equal: with those of Haswell, one target here gets a loss .0019 higher.
    is_tie = (np.arange(len(least)) == 3) & ((family, link) == ("gaussian", "exp"))
    np.testing.assert_allclose(of_chosen[~is_tie], least[~is_tie], rtol=1e-3)
    np.testing.assert_allclose(of_chosen, least, rtol=2e-3)
    if link == "softplus":  # with an exponential mean some penalties are almost equal
        np.testing.assert_array_equal(chosen, np.asarray(alphas)[lost.argmin(axis=0)])


def test_a_fit_that_is_stopped_early_has_not_converged(counts):
    assert (
        not poisson("exp", [1e-3], max_evaluations=2, tolerance=1e-9).fit(*counts).converged_.any()
    )


def test_predictions_end_at_the_cap(counts):
    Z, Y = counts
    fitted = poisson("exp", [1e-3]).fit(Z, Y)
    far = fitted.predict(50 * Z)
    assert (far <= 1.2 * Y.max(axis=0)).all()
    assert fitted.n_capped_ > 0


def test_a_silent_target_has_not_converged_and_does_not_harm_the_others(counts):
    Z, Y = counts
    silent = np.hstack([Y[:, :2], np.zeros((len(Z), 1))])
    fitted = poisson("exp", [0.1, 1.0], 3).fit(Z, silent)
    assert list(fitted.converged_) == [True, True, False]
    alone = poisson("exp", [0.1, 1.0], 3).fit(Z, Y[:, :2])
    np.testing.assert_allclose(fitted.predict(Z)[:, :2], alone.predict(Z), rtol=1e-3)


def test_softplus_targets_are_predicted_better_than_by_a_line():
    random = np.random.default_rng(2)
    Z = random.normal(size=(600, 10))
    Y = np.logaddexp(0, 2 * Z @ random.normal(size=(10, 12)) - 1)
    train, test = slice(0, 400), slice(400, None)
    bent = poisson("softplus", [1e-4, 1e-2], 3).fit(Z[train], Y[train]).predict(Z[test])
    line = Ridge().fit(Z[train], Y[train]).predict(Z[test])
    bent, line = (r2_per_unit(Y[test], predicted) for predicted in (bent, line))
    assert np.median(bent) > 0.99 > np.median(line)


def test_a_number_of_folds_that_cannot_be_is_refused(counts):
    for n_folds in (1, 101):
        with pytest.raises(InputError, match=f"n_folds: found {n_folds}, expected 2 to 100"):
            poisson("exp", [1.0], n_folds).fit(*counts)
