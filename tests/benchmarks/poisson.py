"""Poisson regression of all target units at once, against other tools for one unit at a time."""

from functools import partial

import numpy as np
from scipy.optimize import minimize
from scipy.special import xlogy
from sklearn.linear_model import PoissonRegressor

from tests.benchmarks.responses import drives, softplus
from tests.benchmarks.timing import fastest, take_turns
from workflow_scripts.alignment.method import make_estimator
from workflow_scripts.solvers.glm.links import CAP
from workflow_scripts.solvers.standardise import Standardiser
from workflow_scripts.solvers.yeo_johnson import YeoJohnson

SEED = 0

ALPHAS = tuple(float(a) for a in np.logspace(2, -4, 7))
"""Penalties to choose from, from the strongest down, as in config.paper.yaml."""

N_FOLDS = 5
"""Folds, as in config.paper.yaml."""

TOLERANCES = (1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 3e-6, 1e-6, 1e-7)
"""Tolerances to try for the other tool, the loosest first."""

PRECISE = 1e-10
"""Tolerance of the other tool for what both sides are held to."""

SMALLEST_EXCESS = 1e-7
"""Excess over the optimum that the last fit of the other tool is allowed in any case."""

RACE = 4
"""Target units on which the settings of the other tool race."""

FITTED_PROFILES = 5
"""Target profiles, out of 25, on which ours is timed."""

MAX_ITERATIONS = 100_000
"""Large enough that every fit of the other tool ends by its tolerance."""


def mean_response(link, eta):
    """Mean of a Poisson response with ``exp`` or ``softplus`` of the linear predictor."""
    return np.exp(eta) if link == "exp" else softplus(eta)


def loss(link, Z, y, alpha, parameters):
    """Penalised loss that both sides minimise, shifted to zero where the fit is perfect."""
    mu = mean_response(link, parameters[0] + Z @ parameters[1:])
    half_deviance = (mu - xlogy(y, mu) + xlogy(y, y) - y).mean()
    return half_deviance / y.mean() + alpha / 2 * (parameters[1:] ** 2).sum()


def fit_scikit_learn(solver, Z, y, alpha, tolerance, start=None):
    """Intercept and weights of scikit-learn's PoissonRegressor, from a start if there is one."""
    mean = y.mean()  # with a mean of one, its loss is ours
    model = PoissonRegressor(
        alpha=alpha, solver=solver, tol=tolerance, max_iter=MAX_ITERATIONS, warm_start=True
    )
    if start is not None:
        model.intercept_, model.coef_ = start[0] - np.log(mean), start[1:]
    model.fit(Z, y / mean)
    return np.r_[model.intercept_ + np.log(mean), model.coef_]


def fit_scipy(n_corrections, Z, y, alpha, tolerance, start=None):
    """Intercept and weights with a softplus mean, by SciPy's L-BFGS-B."""
    mean = y.mean()
    weight = 1 / (len(y) * mean)

    def loss_and_gradient(parameters):
        eta = parameters[0] + Z @ parameters[1:]
        decay = np.exp(-np.abs(eta))
        mu = np.maximum(eta, 0) + np.log1p(decay)
        slope = np.where(eta < 0, decay, 1) / (1 + decay)
        residual = weight * slope * (1 - y / mu)
        value = weight * (mu - y * np.log(mu)).sum()
        value += alpha / 2 * parameters[1:] @ parameters[1:]
        return value, np.r_[residual.sum(), residual @ Z + alpha * parameters[1:]]

    if start is None:
        start = np.zeros(Z.shape[1] + 1)
        start[0] = mean + np.log(-np.expm1(-mean))
    options = {
        "gtol": tolerance,
        "ftol": 4 * np.finfo(float).eps,
        "maxcor": n_corrections,
        "maxiter": MAX_ITERATIONS,
        "maxfun": MAX_ITERATIONS,
    }
    return minimize(loss_and_gradient, start, jac=True, method="L-BFGS-B", options=options).x


def choose_penalty(fit, link, Z, y, tolerance):
    """Penalty with the smallest deviance over the folds.

    Folds and the cap of predictions are the same as ours; each fit starts at the solution for the
    last penalty.
    """
    fold = np.arange(len(y)) % N_FOLDS
    deviance = np.zeros(len(ALPHAS))
    for k in range(N_FOLDS):
        held_out, parameters = fold == k, None
        Z_train, y_train, Z_test, y_test = Z[~held_out], y[~held_out], Z[held_out], y[held_out]
        for number, alpha in enumerate(ALPHAS):
            parameters = fit(Z_train, y_train, alpha, tolerance, parameters)
            mu = mean_response(link, parameters[0] + Z_test @ parameters[1:])
            mu = np.clip(mu, np.finfo(float).tiny, CAP * y_train.max())
            deviance[number] += (mu - y_test * np.log(mu)).sum()
    return ALPHAS[deviance.argmin()]


def solutions(link, Z, predicted):
    """Intercept and weights (n_targets, 1 + n_units) of maps that predict this from Z."""
    with np.errstate(divide="ignore"):
        inverse = np.log(predicted) if link == "exp" else predicted + np.log(-np.expm1(-predicted))
    design = np.column_stack([np.ones(len(Z)), Z])
    return np.linalg.lstsq(design, inverse, rcond=None)[0].T


def loosest(is_enough):
    """The loosest tolerance that is enough, or the tightest of all."""
    return next((tolerance for tolerance in TOLERANCES if is_enough(tolerance)), TOLERANCES[-1])


def poisson_regression(method, fits, exact, n_train, n_units, n_targets, n_fitted, n_sample):
    """Time both sides where both are as close to the optimum, and choose as well.

    The other tool has the loosest tolerances with which, on the sample, the largest excess of its
    last fits over the optimum is at most as large as ours, and with which it finds at least as many
    of the penalties that precise fits of all folds choose.

    Parameters
    ----------
    method : str
        Name of a file in ``methods/``.
    fits : dict of str to callable
        ``fit(Z, y, alpha, tolerance, start)`` of each setting of the other tool. The first one
        also finds the precise optimum.
    exact : bool
        Whether ours fits every fold with every penalty, as the other tool does. Without it, ours
        fits folds loosely, and only with penalties next to the best one so far.
    n_train, n_units, n_targets : int
    n_fitted : int
        Target profiles on which ours is timed, and from which the sample is drawn.
    n_sample : int
        Target units on which the other tool is timed.
    """
    random = np.random.default_rng(SEED)
    X, *targets = drives(n_train, [n_units] * (n_targets + 1), random)
    Y = np.hstack([softplus(drive) for drive in targets[:n_fitted]])
    link = "exp" if method == "linear_nonlinear" else "softplus"
    if method == "pre_linear_softplus":
        transformation = Standardiser()
    else:
        transformation, X = YeoJohnson(), softplus(X)
    parameters = {"alphas": list(ALPHAS), "n_folds": N_FOLDS, "exact": exact}
    make_estimator(method, parameters).fit(X, Y[:, :10])
    ours = make_estimator(method, parameters).fit(X, Y)

    Z = np.ascontiguousarray(transformation.fit_transform(X))
    sample = random.choice(Y.shape[1], n_sample, replace=False)
    # Of a softplus map the other tool gets responses in units of our gain, as it estimates none.
    gain = ours.model.unit_[sample] if link == "softplus" else np.ones(n_sample)
    units, alphas = list(Y[:, sample].T / gain[:, None]), ours.alpha_[sample]
    precise = next(iter(fits.values()))

    def losses(weights):
        return np.array([loss(link, Z, *rest) for rest in zip(units, alphas, weights, strict=True)])

    def fit_all(fit, tolerance):
        return [fit(Z, y, alpha, tolerance) for y, alpha in zip(units, alphas, strict=True)]

    best = losses(fit_all(precise, PRECISE))
    predicted = ours.predict(X)[:, sample] / gain
    ours_excess = (losses(solutions(link, Z, predicted)) / best - 1).max()

    def is_close(fit, tolerance):
        excess = (losses(fit_all(fit, tolerance)) / best - 1).max()
        return excess <= max(ours_excess, SMALLEST_EXCESS)

    right = np.array([choose_penalty(precise, link, Z, y, TOLERANCES[-1]) for y in units])
    ours_right = np.mean(alphas == right)

    def chooses_well(fit, tolerance):
        chosen = [choose_penalty(fit, link, Z, y, tolerance) for y in units]
        return np.mean(chosen == right) >= ours_right

    tolerances = {
        name: (loosest(partial(chooses_well, fit)), loosest(partial(is_close, fit)))
        for name, fit in fits.items()
    }

    def fit_units(name, units):
        of_folds, of_last = tolerances[name]
        for y in units:
            alpha = choose_penalty(fits[name], link, Z, y, of_folds)
            fits[name](Z, y, alpha, of_last)

    # All settings race on a few units; the winner is timed on the sample.
    name = fastest({name: partial(fit_units, name, units[:RACE]) for name in fits})
    times, _ = take_turns(
        lambda: make_estimator(method, parameters).fit(X, Y), lambda: fit_units(name, units)
    )
    times["seconds"] *= n_targets / n_fitted
    times["alternative_seconds"] *= n_targets * n_units / n_sample
    how = "fits every fold" if exact else "approximates the losses of folds"
    return {
        **times,
        "disagreement": ours_excess,
        "disagreement_of": f"objective, relative excess over the other tool's at {PRECISE:g}",
        "note": f"ours {how}, on {n_fitted} of {n_targets} targets of {n_units} units; other tool: "
        f"{n_sample} random units of these, {name}, folds at {tolerances[name][0]:g}, last fit at "
        f"{tolerances[name][1]:g}; {ours_right:.0%} of our penalties are those of precise folds; "
        f"{ours.converged_.mean():.2%} of ours converged",
    }


def linear_nonlinear(
    n_train=800, n_units=400, n_targets=25, n_fitted=FITTED_PROFILES, n_sample=24, exact=False
):
    """Exponential mean, against scikit-learn."""
    fits = {name: partial(fit_scikit_learn, name) for name in ("newton-cholesky", "lbfgs")}
    return poisson_regression(
        "linear_nonlinear", fits, exact, n_train, n_units, n_targets, n_fitted, n_sample
    )


def linear_softplus(
    n_train=800,
    n_units=400,
    n_targets=25,
    n_fitted=FITTED_PROFILES,
    n_sample=24,
    method="linear_softplus",
    exact=False,
):
    """Softplus mean, against SciPy."""
    fits = {f"maxcor={number}": partial(fit_scipy, number) for number in (30, 10)}
    return poisson_regression(method, fits, exact, n_train, n_units, n_targets, n_fitted, n_sample)
