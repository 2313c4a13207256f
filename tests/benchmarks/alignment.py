"""Time the alignment methods against the tools that one would otherwise use.

Run ``uv run python tests/benchmarks/alignment.py [--csv FILE] [--rows NAME ...]``. Both sides get
the same arrays in double precision and one thread; each row also says how far their results differ.
Where the other tool would take hours, it is timed on a random sample and its time is scaled, as the
note of the row says. The time of our side includes the standardisation of the source and, for
Poisson regression, its Yeo-Johnson transformation; the other tool gets both for free.
"""

import argparse
import csv
import importlib.metadata
import os
import platform
import sys
from functools import partial
from itertools import combinations
from pathlib import Path
from time import perf_counter

import numpy as np
import ot
import torch
from scipy.optimize import minimize
from scipy.spatial.distance import pdist
from scipy.special import xlogy
from sklearn.linear_model import PoissonRegressor, RidgeCV
from sklearn.preprocessing import PowerTransformer

try:
    import himalaya.backend
    import himalaya.ridge
    import rsatoolbox
    from threadpoolctl import threadpool_info, threadpool_limits
except ImportError as missing:
    sys.exit(
        f"{missing.name} is not installed: "
        "use `uv run --group benchmark python tests/benchmarks/alignment.py`"
    )

sys.path.insert(0, str(Path(__file__).parents[2]))  # the workflow is not an installed package

from workflow_scripts.alignment.method import make_estimator
from workflow_scripts.alignment.scoring import r2_per_unit
from workflow_scripts.solvers.glm.links import CAP
from workflow_scripts.solvers.glm.penalised import GeneralisedLinear
from workflow_scripts.solvers.glm.penalties import FOLD_TOLERANCE
from workflow_scripts.solvers.matching import transport_plan
from workflow_scripts.solvers.ridge import ALPHAS
from workflow_scripts.solvers.standardise import Standardiser
from workflow_scripts.solvers.yeo_johnson import YeoJohnson

SEED = 0

GLM_ALPHAS = tuple(float(a) for a in np.logspace(2, -4, 7))
"""Penalties of the generalised linear models, from the strongest down, as in config.paper.yaml."""

N_FOLDS = 5
"""Folds of the generalised linear models and of himalaya, as in config.paper.yaml."""

TOLERANCES = (1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 3e-6, 1e-6, 1e-7)
"""Tolerances to try for the other tool, the loosest first."""

SMALLEST_EXCESS = 1e-7
"""Excess over the optimum that the last fit of the other tool is allowed in any case."""

RACE = 4
"""Target units on which the settings of the other tool race."""

FITTED_PROFILES = 5
"""Target profiles, out of 25, on which our Poisson regression is timed: about ten seconds."""

MAX_ITERATIONS = 100_000
"""Large enough that every fit of the other tool ends by its tolerance."""


def rsa_of_all_pairs(profiles):
    """RSA of every unordered pair of profiles, by the functions that `align_models` uses."""
    estimator = make_estimator("rsa", {})
    prepared = [estimator.prepare(profile) for profile in profiles]
    return np.array([estimator.compare(x, y) for x, y in combinations(prepared, 2)])


def drives(n_stimuli, unit_counts, random, n_dimensions=400):
    """Responses before the output non-linearity of subjects that see the same stimuli.

    Variance falls with the inverse of the dimension's rank, as in trained networks and in visual
    cortex; a fifth of it lies in dimensions that no other subject has.

    Parameters
    ----------
    n_stimuli : int
    unit_counts : list of int
        Number of units of each subject.
    random : numpy.random.Generator
    n_dimensions : int

    Returns
    -------
    list of numpy.ndarray, each of shape (n_stimuli, n_units)
    """
    scale = np.arange(1, n_dimensions + 1) ** -0.5
    shared = random.normal(size=(n_stimuli, n_dimensions)) * scale
    subjects = []
    for n_units in unit_counts:
        private = random.normal(size=(n_stimuli, n_dimensions)) * scale / 2
        drive = shared @ random.normal(size=(n_dimensions, n_units))
        drive += private @ random.normal(size=(n_dimensions, n_units))
        gain = random.uniform(0.5, 2, size=n_units) / drive.std(axis=0)
        subjects.append(gain * drive + random.normal(size=n_units))
    return subjects


def softplus(drive):
    """``log(1 + exp(drive))``."""
    return np.logaddexp(0, drive)


def timed(function):
    """Seconds of the fastest of three runs, and a result; ten seconds or more are timed once.

    Parameters
    ----------
    function : callable
        Without arguments. Something similar should have run before, as a warm-up.
    """
    seconds = []
    while len(seconds) < 3 and (not seconds or seconds[0] < 10):
        started = perf_counter()
        result = function()
        seconds.append(perf_counter() - started)
    return min(seconds), result


def fastest(candidates):
    """Time every setting of a tool, and return seconds, name and result of the fastest.

    Parameters
    ----------
    candidates : dict of str to callable
        See `timed`.
    """
    runs = {name: timed(function) for name, function in candidates.items()}
    name = min(runs, key=lambda name: runs[name][0])
    return runs[name][0], name, runs[name][1]


def ridge_against_scikit_learn(X, targets, n_train):
    """Ridge of all targets at once, and scikit-learn's RidgeCV for one target after the other.

    Parameters
    ----------
    X : numpy.ndarray, shape (n_stimuli, n_units)
        The training stimuli come first.
    targets : list of numpy.ndarray, each of shape (n_stimuli, n_target_units)
    n_train : int
    """
    Y = np.hstack(targets)
    make_estimator("ridge_post", {}).fit(X[:n_train], targets[0][:n_train])
    seconds, ours = timed(lambda: make_estimator("ridge_post", {}).fit(X[:n_train], Y[:n_train]))
    scaler = Standardiser().fit(X[:n_train])
    Z = np.ascontiguousarray(scaler.transform(X))

    def fit_each(gcv_mode, targets):
        make = partial(RidgeCV, ALPHAS, alpha_per_target=True, gcv_mode=gcv_mode)
        return [make().fit(Z[:n_train], target[:n_train]) for target in targets]

    modes = ("eigen", "svd")
    for mode in modes:
        fit_each(mode, targets[:1])
    alternative, mode, theirs = fastest({mode: partial(fit_each, mode, targets) for mode in modes})
    stacked, _ = timed(lambda: fit_each(mode, [Y]))
    predicted = np.hstack([fitted.predict(Z[n_train:]) for fitted in theirs])
    equal = ours.alpha_ == np.hstack([fitted.alpha_ for fitted in theirs])
    difference = np.abs(ours.predict(X[n_train:]) - predicted) / Y[:n_train].std(axis=0)
    return {
        "seconds": seconds,
        "alternative_seconds": alternative,
        "disagreement": difference[:, equal].max(),
        "disagreement_of": "test predictions at equal penalties, in SDs of the target unit",
        "note": f"gcv_mode={mode}, {len(targets)} fits; {equal.mean():.2%} of penalties equal, "
        f"largest difference at unequal ones {difference[:, ~equal].max(initial=0):.1e}; "
        f"one fit of all targets takes it {stacked:.3g} s",
    }


def ridge_models(n_train=800, n_test=200, n_units=400, n_targets=25):
    """Ridge between networks, against scikit-learn."""
    subjects = drives(n_train + n_test, [n_units] * (n_targets + 1), np.random.default_rng(SEED))
    X, *targets = map(softplus, subjects)
    return ridge_against_scikit_learn(X, targets, n_train)


def ridge_brain(n_train=94, n_test=24, n_units=1500, n_target_units=50, n_targets=31, n_trials=50):
    """Ridge within a brain, with more units than images, against scikit-learn."""
    random = np.random.default_rng(SEED)
    subjects = drives(n_train + n_test, [n_units] + [n_target_units] * n_targets, random)
    X, *targets = (random.poisson(n_trials * softplus(drive)) / n_trials for drive in subjects)
    return ridge_against_scikit_learn(X, targets, n_train)


def ridge_models_himalaya(n_train=800, n_test=200, n_units=400, n_targets=25):
    """Ridge between networks, against himalaya: both with all targets at once."""
    subjects = drives(n_train + n_test, [n_units] * (n_targets + 1), np.random.default_rng(SEED))
    X, *targets = map(softplus, subjects)
    Y = np.hstack(targets)
    make_estimator("ridge_post", {}).fit(X[:n_train], targets[0][:n_train])
    seconds, ours = timed(lambda: make_estimator("ridge_post", {}).fit(X[:n_train], Y[:n_train]))
    himalaya.backend.set_backend("torch", on_error="raise")
    Z = torch.from_numpy(np.ascontiguousarray(Standardiser().fit(X[:n_train]).transform(X)))
    mean = Y[:n_train].mean(axis=0)
    centred = torch.from_numpy(Y[:n_train] - mean)

    def fit(batch, response=centred):
        # Source and targets are centred, so it does not need intercepts.
        solver = {"n_targets_batch": batch, "n_targets_batch_refit": batch, "n_alphas_batch": 4}
        return himalaya.ridge.RidgeCV(ALPHAS, cv=N_FOLDS, solver_params=solver).fit(
            Z[:n_train], response
        )

    fit(None, centred[:, :n_units])
    batches = (400, 2000, None)
    alternative, name, theirs = fastest({str(batch): partial(fit, batch) for batch in batches})
    r2 = r2_per_unit(Y[n_train:], ours.predict(X[n_train:]))
    other = r2_per_unit(Y[n_train:], theirs.predict(Z[n_train:]).numpy() + mean)
    return {
        "seconds": seconds,
        "alternative_seconds": alternative,
        "disagreement": np.median(np.abs(r2 - other)),
        "disagreement_of": "test R2, median over units (it selects by 5 folds, not leave-one-out)",
        "note": f"n_targets_batch={name}; R2 correlates at {np.corrcoef(r2, other)[0, 1]:.5f}, "
        f"medians {np.median(r2):.4f} and {np.median(other):.4f}",
    }


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


def fit_penalty_path(fit, link, Z, y, tolerance, fold_tolerance):
    """Penalty with the smallest deviance over the folds, and the parameters at that penalty.

    Folds and the cap of predictions are the same as ours; each fit starts at the solution for the
    last penalty.
    """
    fold = np.arange(len(y)) % N_FOLDS
    deviance = np.zeros(len(GLM_ALPHAS))
    for k in range(N_FOLDS):
        held_out, parameters = fold == k, None
        Z_train, y_train, Z_test, y_test = Z[~held_out], y[~held_out], Z[held_out], y[held_out]
        for number, alpha in enumerate(GLM_ALPHAS):
            parameters = fit(Z_train, y_train, alpha, fold_tolerance, parameters)
            mu = mean_response(link, parameters[0] + Z_test @ parameters[1:])
            mu = np.clip(mu, np.finfo(float).tiny, CAP * y.max())
            deviance[number] += (mu - y_test * np.log(mu)).sum()
    alpha = GLM_ALPHAS[deviance.argmin()]
    return alpha, fit(Z, y, alpha, tolerance)


def as_precise_as_folds(model, alpha):
    """The same model with one penalty, and the tolerance of the folds for its last fit."""
    return GeneralisedLinear(model.link, model.family, [alpha], N_FOLDS, tolerance=FOLD_TOLERANCE)


def solution(model, unit):
    """Intercept and weights for one target of a fitted model, in units of the response."""
    theta = model.theta_[unit]
    return np.r_[theta[0] + np.log(model.unit_[unit]), model.axes_ @ theta[1:]]


def poisson_regression(method, fits, n_train, n_units, n_targets, n_fitted, n_sample):
    """Poisson regression of all targets at once, and another tool for one unit after the other.

    The other tool has the loosest tolerances, for the folds and for the last fit, with which its
    largest excess over the optimum on the sample is at most as large as ours.

    Parameters
    ----------
    method : str
        Name of a file in ``methods/``.
    fits : dict of str to callable
        ``fit(Z, y, alpha, tolerance, start)`` of each setting of the other tool. The first one
        also finds the precise optimum.
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
    parameters = {"alphas": list(GLM_ALPHAS), "n_folds": N_FOLDS}
    make_estimator(method, parameters).fit(X, Y[:, :10])
    seconds, ours = timed(lambda: make_estimator(method, parameters).fit(X, Y))

    Z = np.ascontiguousarray(transformation.fit_transform(X))
    sample = random.choice(Y.shape[1], n_sample, replace=False)
    precise = next(iter(fits.values()))
    best = [precise(Z, Y[:, j], ours.alpha_[j], 1e-10) for j in sample]
    best = np.array(
        [loss(link, Z, Y[:, j], ours.alpha_[j], w) for j, w in zip(sample, best, strict=True)]
    )

    def excess(solutions):
        found = [
            loss(link, Z, Y[:, j], ours.alpha_[j], w)
            for j, w in zip(sample, solutions, strict=True)
        ]
        return (np.array(found) / best - 1).max()

    ours_excess = excess([solution(ours.model, j) for j in sample])
    fold_excess = excess(
        [
            solution(as_precise_as_folds(ours.model, alpha).fit(Z, Y[:, [j]]), 0)
            for j, alpha in zip(sample, ours.alpha_[sample], strict=True)
        ]
    )

    def loosest(fit, limit):
        for tolerance in TOLERANCES:
            found = excess([fit(Z, Y[:, j], ours.alpha_[j], tolerance) for j in sample])
            if found <= limit:
                return tolerance
        return TOLERANCES[-1]

    tolerances = {
        name: (loosest(fit, max(ours_excess, SMALLEST_EXCESS)), loosest(fit, fold_excess))
        for name, fit in fits.items()
    }

    def fit_units(name, units):
        return [fit_penalty_path(fits[name], link, Z, Y[:, j], *tolerances[name]) for j in units]

    # All settings race on a few units; the winner is timed on the sample.
    _, name, _ = fastest({name: partial(fit_units, name, sample[:RACE]) for name in fits})
    alternative, theirs = timed(lambda: fit_units(name, sample))
    equal = np.mean([alpha == ours.alpha_[j] for j, (alpha, _) in zip(sample, theirs, strict=True)])
    return {
        "seconds": seconds * n_targets / n_fitted,
        "alternative_seconds": alternative * n_targets * n_units / n_sample,
        "disagreement": ours_excess,
        "disagreement_of": "objective, relative excess over the other tool's at 1e-10",
        "note": f"ours: {n_fitted} of {n_targets} targets of {n_units} units; other tool: "
        f"{n_sample} random units of these, {name} at {tolerances[name][0]:g}, folds at "
        f"{tolerances[name][1]:g} for an excess of {fold_excess:.1e}; "
        f"{equal:.0%} of penalties equal; {ours.converged_.mean():.2%} of ours converged",
    }


def linear_nonlinear(n_train=800, n_units=400, n_targets=25, n_fitted=FITTED_PROFILES, n_sample=24):
    """Exponential mean, against scikit-learn."""
    fits = {name: partial(fit_scikit_learn, name) for name in ("newton-cholesky", "lbfgs")}
    return poisson_regression(
        "linear_nonlinear", fits, n_train, n_units, n_targets, n_fitted, n_sample
    )


def linear_softplus(
    n_train=800,
    n_units=400,
    n_targets=25,
    n_fitted=FITTED_PROFILES,
    n_sample=24,
    method="linear_softplus",
):
    """Softplus mean, against SciPy."""
    fits = {f"maxcor={number}": partial(fit_scipy, number) for number in (30, 10)}
    return poisson_regression(method, fits, n_train, n_units, n_targets, n_fitted, n_sample)


def yeo_johnson(n_stimuli=800, n_units=400):
    """Yeo-Johnson transformation and standardisation, against scikit-learn."""
    X = softplus(drives(n_stimuli, [n_units], np.random.default_rng(SEED))[0])
    YeoJohnson().fit_transform(X[:, :2])
    seconds, ours = timed(lambda: YeoJohnson().fit_transform(X))
    PowerTransformer().fit_transform(X[:, :2])
    alternative, theirs = timed(lambda: PowerTransformer().fit_transform(X))
    return {
        "seconds": seconds,
        "alternative_seconds": alternative,
        "disagreement": np.abs(ours - theirs).max(),
        "disagreement_of": "transformed responses, in SDs",
        "note": "",
    }


def soft_matching(n_units, n_stimuli=800):
    """Transport plan between profiles of equal size, against POT's network simplex."""
    subjects = drives(n_stimuli, [n_units] * 2, np.random.default_rng(SEED))
    Z, W = (Standardiser().fit_transform(softplus(drive)) for drive in subjects)
    cost = 1 - Z.T @ W / n_stimuli
    weights = np.full(n_units, 1 / n_units)

    def network_simplex(**options):
        plan, report = ot.emd(
            weights, weights, cost, numItermax=10**8, check_marginals=False, log=True, **options
        )
        if report["warning"]:
            raise RuntimeError(report["warning"])
        return plan

    small = np.ascontiguousarray(cost[:50, :50])
    transport_plan(small)
    seconds, ours = timed(lambda: transport_plan(cost))
    ot.emd([], [], small)
    alternative, name, theirs = fastest(
        {f"center_dual={c}": partial(network_simplex, center_dual=c) for c in (False, True)}
    )
    return {
        "seconds": seconds,
        "alternative_seconds": alternative,
        "disagreement": abs(((ours - theirs) * cost).sum()),
        "disagreement_of": "transport cost",
        "note": name,
    }


def rsa_profiles(n_profiles, n_stimuli, n_units):
    """Responses of networks to the whole population of stimuli."""
    subjects = drives(n_stimuli, [n_units] * n_profiles, np.random.default_rng(SEED))
    return [softplus(drive) for drive in subjects]


def rsa_rsatoolbox(n_profiles=25, n_stimuli=1000, n_units=400):
    """RSA of all pairs, against rsatoolbox with all dissimilarity matrices in one comparison."""
    profiles = rsa_profiles(n_profiles, n_stimuli, n_units)
    rsa_of_all_pairs(profiles[:2])
    seconds, ours = timed(lambda: rsa_of_all_pairs(profiles))
    datasets = [rsatoolbox.data.Dataset(profile) for profile in profiles]

    def compare(datasets):
        rdms = rsatoolbox.rdm.calc_rdm(datasets, method="correlation")
        return rsatoolbox.rdm.compare(rdms, rdms, method="corr")

    compare(datasets[:2])
    alternative, theirs = timed(lambda: compare(datasets))
    return {
        "seconds": seconds,
        "alternative_seconds": alternative,
        "disagreement": np.abs(ours - theirs[np.triu_indices(n_profiles, 1)]).max(),
        "disagreement_of": "similarity of a pair",
        "note": f"{len(ours)} unordered pairs; rsatoolbox takes one product for both directions",
    }


def rsa_scipy(n_profiles=25, n_stimuli=1000, n_units=400, n_sample=12):
    """RSA of all pairs, against SciPy, which computes the dissimilarities again for every pair."""
    profiles = rsa_profiles(n_profiles, n_stimuli, n_units)
    rsa_of_all_pairs(profiles[:2])
    seconds, ours = timed(lambda: rsa_of_all_pairs(profiles))
    pairs = list(combinations(profiles, 2))
    sample = np.random.default_rng(SEED).choice(len(pairs), n_sample, replace=False)

    def compare(X, Y):
        return np.corrcoef(pdist(X, "correlation"), pdist(Y, "correlation"))[0, 1]

    compare(*pairs[0])
    alternative, theirs = timed(lambda: [compare(*pairs[number]) for number in sample])
    return {
        "seconds": seconds,
        "alternative_seconds": alternative * len(pairs) / n_sample,
        "disagreement": np.abs(ours[sample] - theirs).max(),
        "disagreement_of": "similarity of a pair",
        "note": f"{len(ours)} unordered pairs; SciPy: {n_sample} random ones",
    }


# The other tool of each row, how many times faster ours should be, and the function that times.
ROWS = {
    "ridge_models": ("scikit-learn RidgeCV, pair by pair", 15, ridge_models),
    "ridge_models_himalaya": ("himalaya RidgeCV, all targets", 3, ridge_models_himalaya),
    "ridge_brain": ("scikit-learn RidgeCV, pair by pair", 20, ridge_brain),
    "linear_nonlinear": ("scikit-learn PoissonRegressor", 80, linear_nonlinear),
    "linear_softplus": ("SciPy L-BFGS-B", 120, linear_softplus),
    "pre_linear_softplus": (
        "SciPy L-BFGS-B",
        120,
        partial(linear_softplus, method="pre_linear_softplus"),
    ),
    "yeo_johnson": ("scikit-learn PowerTransformer", 50, yeo_johnson),
    "soft_matching_1000": ("POT emd", 2, partial(soft_matching, n_units=1000)),
    "soft_matching_2000": ("POT emd", 2, partial(soft_matching, n_units=2000)),
    "rsa_rsatoolbox": ("rsatoolbox, all profiles", 6, rsa_rsatoolbox),
    "rsa_scipy": ("SciPy pdist, pair by pair", 60, rsa_scipy),
}


def machine():
    """What the times depend on apart from the code, by column."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next(line.split(": ")[1] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        cpu = platform.processor()
    packages = ["numpy", "scipy", "scikit-learn", "torch", "pot", "himalaya", "rsatoolbox"]
    versions = [f"{package} {importlib.metadata.version(package)}" for package in packages]
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "threads": max([pool["num_threads"] for pool in threadpool_info()], default=1),
        "versions": "; ".join([f"python {platform.python_version()}", *versions]),
    }


def main():
    """Print each row as soon as it is measured, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--csv", type=Path, help="file to write the table to")
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS), metavar="NAME")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with threadpool_limits(1):
        about = machine()
        print("\n".join(f"{key}: {value}" for key, value in about.items()))
        table = []
        print(f"\n{'row':22}{'ours s':>9}{'other s':>10}{'ratio':>8}{'target':>8}{'differ':>10}")
        for name in arguments.rows:
            other, target, function = ROWS[name]
            measured = function()
            ratio = measured["alternative_seconds"] / measured["seconds"]
            print(
                f"{name:22}{measured['seconds']:9.3g}{measured['alternative_seconds']:10.3g}"
                f"{ratio:8.1f}{target:8}{measured['disagreement']:10.1e}\n"
                f"    {other}; differ: {measured['disagreement_of']}; {measured['note']}",
                flush=True,
            )
            row = {"row": name, "alternative": other, "ratio": ratio, "target": target}
            table.append({**row, **measured, **about})
    if arguments.csv:
        with arguments.csv.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(table[0]))
            writer.writeheader()
            writer.writerows(table)


if __name__ == "__main__":
    main()
