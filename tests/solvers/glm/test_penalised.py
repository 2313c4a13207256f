"""Generalised linear models: the optima of scikit-learn and SciPy, for all targets at once."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import norm
from sklearn.linear_model import PoissonRegressor

from workflow_scripts.alignment.scoring import r2_per_unit
from workflow_scripts.common.errors import InputError
from workflow_scripts.solvers.glm.families import FAMILIES
from workflow_scripts.solvers.glm.links import LINKS
from workflow_scripts.solvers.glm.penalised import ALPHAS, GeneralisedLinear
from workflow_scripts.solvers.glm.units import UNITS
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


@pytest.mark.parametrize("link", ["exp", "softplus"])
@pytest.mark.parametrize("family", FAMILIES)
def test_penalty_is_chosen_by_cross_validated_loss(counts, link, family, monkeypatch):
    """By fitting each fold alone, over the whole grid, in the unit of all training stimuli."""
    Z, Y = counts
    Z, Y = Z[:98], Y[:98]  # folds that differ in size
    alphas, n_folds = [1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0], 4
    model = GeneralisedLinear(link, family, alphas, n_folds).fit(Z, Y)
    chosen, unit = model.alpha_, model.unit_
    monkeypatch.setitem(UNITS, link, lambda A, Y: np.ones(len(Y)))
    fold = np.arange(len(Z)) % n_folds
    lost = np.zeros((len(alphas), Y.shape[1]))
    for number, alpha in enumerate(alphas):
        for k in range(n_folds):
            train, out = fold != k, fold == k
            fitted = GeneralisedLinear(link, family, [alpha], 2).fit(Z[train], Y[train] / unit)
            mu, y = unit * fitted.predict(Z[out]), Y[out]
            lost[number] += (mu - y * np.log(mu) if family == "poisson" else (mu - y) ** 2).sum(
                axis=0
            )
    of_chosen = lost[np.searchsorted(alphas, chosen), np.arange(Y.shape[1])]
    np.testing.assert_allclose(of_chosen, lost.min(axis=0), rtol=1e-4)
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


def test_neither_convergence_nor_predictions_depend_on_the_order_of_columns():
    """With more units than stimuli and a weak penalty, fits take hundreds of evaluations."""
    random = np.random.default_rng(4)
    Z = random.normal(size=(95, 140)) * np.arange(1, 141) ** -0.5
    Z -= Z.mean(axis=0)
    Y = random.poisson(np.exp(2 * Z @ random.normal(size=(140, 12)) / 3)).astype(float)
    columns, targets = random.permutation(140), random.permutation(12)
    as_given = poisson("exp", [1e-4, 1e-2]).fit(Z, Y)
    permuted = poisson("exp", [1e-4, 1e-2]).fit(Z[:, columns], Y[:, targets])
    assert as_given.converged_.all()
    assert permuted.converged_.all()
    np.testing.assert_array_equal(permuted.alpha_, as_given.alpha_[targets])
    predicted = as_given.predict(Z)[:, targets]
    np.testing.assert_allclose(permuted.predict(Z[:, columns]), predicted, rtol=1e-2, atol=1e-2)


def test_a_target_is_fitted_like_alone_and_with_others(counts):
    Z, Y = counts
    together = poisson("exp", [1e-3, 1e-1, 10.0], 4).fit(Z, Y)
    for unit in range(Y.shape[1]):
        alone = poisson("exp", [1e-3, 1e-1, 10.0], 4).fit(Z, Y[:, [unit]])
        assert alone.alpha_ == together.alpha_[unit]
        np.testing.assert_allclose(alone.predict(Z)[:, 0], together.predict(Z)[:, unit], rtol=1e-4)


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


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("link", LINKS)
def test_neither_penalties_nor_predictions_depend_on_the_unit_of_responses(counts, link, family):
    Z, Y = counts
    fitted, scaled = (
        GeneralisedLinear(link, family, ALPHAS, 4).fit(Z, factor * Y) for factor in (1, 0.004)
    )
    np.testing.assert_array_equal(scaled.alpha_, fitted.alpha_)
    np.testing.assert_allclose(scaled.predict(Z), 0.004 * fitted.predict(Z), rtol=1e-3)


def test_a_number_of_folds_that_cannot_be_is_refused(counts):
    for n_folds in (1, 101):
        with pytest.raises(InputError, match=f"n_folds: found {n_folds}, expected 2 to 100"):
            poisson("exp", [1.0], n_folds).fit(*counts)
