"""Time the alignment methods against the tools that one would otherwise use.

Run ``uv run python tests/benchmarks/alignment.py [--csv FILE] [--rows NAME ...]``, and again with
the environment variable ``OPENBLAS_CORETYPE=Haswell`` for processors without AVX-512. Both sides
get the same arrays in double precision and one thread, keep memory as the workflow's jobs do, and
take turns; times are medians of CPU seconds. Each row also says how far their results differ. Where
the other tool would take hours, it is timed on a random sample and its time is scaled, as the note
of the row says. The time of our side includes the standardisation of the source and, for Poisson
regression, its Yeo-Johnson transformation; the other tool gets both for free.
"""

import argparse
import csv
import sys
from functools import partial
from itertools import combinations
from pathlib import Path

import numpy as np
import ot
import torch
from scipy.spatial.distance import pdist
from sklearn.linear_model import RidgeCV
from sklearn.metrics import r2_score
from sklearn.preprocessing import PowerTransformer

try:
    import himalaya.backend
    import himalaya.ridge
    import rsatoolbox
    from threadpoolctl import threadpool_limits
except ImportError as missing:
    sys.exit(
        f"{missing.name} is not installed: "
        "use `uv run --group benchmark python tests/benchmarks/alignment.py`"
    )

sys.path.insert(0, str(Path(__file__).parents[2]))  # the workflow is not an installed package

from tests.benchmarks.poisson import N_FOLDS, linear_nonlinear, linear_softplus
from tests.benchmarks.responses import drives, softplus
from tests.benchmarks.timing import fastest, keep_memory, machine, take_turns
from workflow_scripts.alignment.method import make_estimator
from workflow_scripts.alignment.score_cells import score_cells
from workflow_scripts.alignment.scoring import r2_per_unit
from workflow_scripts.common.profile import Profile
from workflow_scripts.solvers.matching import transport_plan
from workflow_scripts.solvers.ridge import ALPHAS
from workflow_scripts.solvers.standardise import Standardiser
from workflow_scripts.solvers.yeo_johnson import YeoJohnson

SEED = 0


def rsa_of_all_pairs(profiles):
    """RSA of every unordered pair of profiles, by the functions that `align_models` uses."""
    estimator = make_estimator("rsa", {})
    prepared = [estimator.prepare(profile) for profile in profiles]
    return np.array([estimator.compare(x, y) for x, y in combinations(prepared, 2)])


def ridge_against_scikit_learn(X, targets, n_train, whole):
    """Ridge of all targets at once, and scikit-learn's RidgeCV for one target after the other.

    Parameters
    ----------
    X : numpy.ndarray, shape (n_stimuli, n_units)
    targets : list of numpy.ndarray, each of shape (n_stimuli, n_target_units)
    n_train : int
    whole : bool
        Whether everything from the profiles to the scores of a shard is timed, or the fit alone.
        The other side then also divides the responses of the targets, predicts the test stimuli and
        scores them.
    """
    order = np.random.default_rng(SEED).permutation(len(X))
    train, test = order[:n_train], order[n_train:]
    source = Profile("source", "all", X)
    cells = [(source, Profile(str(number), "all", Y)) for number, Y in enumerate(targets)]
    X_train, Y_train = X[train], np.hstack(targets)[train]
    scaler = Standardiser().fit(X_train)
    Z_train, Z_test = (np.ascontiguousarray(scaler.transform(X[part])) for part in (train, test))
    divided = [np.ascontiguousarray(target[train]) for target in targets]

    def fit():
        return make_estimator("ridge_post", {}).fit(X_train, Y_train)

    def score():
        return score_cells("ridge_post", {}, cells, [(train, test)], min_units=1)

    def fit_each(gcv_mode, targets):
        make = partial(RidgeCV, ALPHAS, alpha_per_target=True, gcv_mode=gcv_mode)
        return [make().fit(Z_train, target) for target in targets]

    def score_each(gcv_mode):
        scores = []
        for target in targets:
            (fitted,) = fit_each(gcv_mode, [target[train]])
            predicted = fitted.predict(Z_test)
            scores.append(r2_score(target[test], predicted, multioutput="raw_values"))
        return scores

    ours = fit()
    score()
    mode = fastest({mode: partial(fit_each, mode, divided[:3]) for mode in ("eigen", "svd")})
    theirs = fit_each(mode, divided)
    equal = ours.alpha_ == np.hstack([fitted.alpha_ for fitted in theirs])
    if whole:
        times, (scores, other) = take_turns(score, partial(score_each, mode))
        of_units = scores["unit_score"].values.ravel()
        difference = np.abs(of_units - np.hstack(other))[equal]
    else:
        times, _ = take_turns(fit, partial(fit_each, mode, divided))
        predicted = np.hstack([fitted.predict(Z_test) for fitted in theirs])
        difference = np.abs(ours.predict(X[test]) - predicted) / Y_train.std(axis=0)
        difference = difference[:, equal]
    return {
        **times,
        "disagreement": difference.max(),
        "disagreement_of": ("test R2" if whole else "test predictions, in SDs of the target unit")
        + " at equal penalties",
        "note": f"gcv_mode={mode}, {len(targets)} fits; {equal.mean():.2%} of penalties equal",
    }


def ridge_models(n_train=800, n_test=200, n_units=400, n_targets=25, whole=False):
    """Ridge between networks, against scikit-learn."""
    subjects = drives(n_train + n_test, [n_units] * (n_targets + 1), np.random.default_rng(SEED))
    X, *targets = map(softplus, subjects)
    return ridge_against_scikit_learn(X, targets, n_train, whole)


def ridge_brain(
    n_train=94,
    n_test=24,
    n_units=1500,
    n_target_units=50,
    n_targets=31,
    n_trials=50,
    whole=False,
):
    """Ridge within a brain, with more units than images, against scikit-learn."""
    random = np.random.default_rng(SEED)
    subjects = drives(n_train + n_test, [n_units] + [n_target_units] * n_targets, random)
    X, *targets = (random.poisson(n_trials * softplus(drive)) / n_trials for drive in subjects)
    return ridge_against_scikit_learn(X, targets, n_train, whole)


def ridge_models_himalaya(n_train=800, n_test=200, n_units=400, n_targets=25):
    """Ridge between networks, against himalaya: both with all targets at once."""
    subjects = drives(n_train + n_test, [n_units] * (n_targets + 1), np.random.default_rng(SEED))
    X, *targets = map(softplus, subjects)
    Y = np.hstack(targets)
    make_estimator("ridge_post", {}).fit(X[:n_train], targets[0][:n_train])
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
    name = fastest({batch: partial(fit, batch) for batch in (400, 2000, None)})
    times, (ours, theirs) = take_turns(
        lambda: make_estimator("ridge_post", {}).fit(X[:n_train], Y[:n_train]), partial(fit, name)
    )
    r2 = r2_per_unit(Y[n_train:], ours.predict(X[n_train:]))
    other = r2_per_unit(Y[n_train:], theirs.predict(Z[n_train:]).numpy() + mean)
    return {
        **times,
        "disagreement": np.median(np.abs(r2 - other)),
        "disagreement_of": "test R2, median over units (it selects by 5 folds, not leave-one-out)",
        "note": f"n_targets_batch={name}; R2 correlates at {np.corrcoef(r2, other)[0, 1]:.5f}, "
        f"medians {np.median(r2):.4f} and {np.median(other):.4f}",
    }


def yeo_johnson(n_stimuli=800, n_units=400):
    """Yeo-Johnson transformation and standardisation, against scikit-learn."""
    X = softplus(drives(n_stimuli, [n_units], np.random.default_rng(SEED))[0])
    YeoJohnson().fit_transform(X[:, :2])
    PowerTransformer().fit_transform(X[:, :2])
    times, (ours, theirs) = take_turns(
        lambda: YeoJohnson().fit_transform(X), lambda: PowerTransformer().fit_transform(X)
    )
    return {
        **times,
        "disagreement": np.abs(ours - theirs).max(),
        "disagreement_of": "transformed responses, in SDs",
        "note": "",
    }


def soft_matching(n_units, n_target_units=None, n_stimuli=800):
    """Transport plan between two profiles, of equal size by default, against POT."""
    counts = [n_units, n_target_units or n_units]
    subjects = drives(n_stimuli, counts, np.random.default_rng(SEED))
    Z, W = (Standardiser().fit_transform(softplus(drive)) for drive in subjects)
    cost = 1 - Z.T @ W / n_stimuli
    weights = [np.full(count, 1 / count) for count in counts]

    def network_simplex(**options):
        plan, report = ot.emd(
            *weights, cost, numItermax=10**8, check_marginals=False, log=True, **options
        )
        if report["warning"]:
            raise RuntimeError(report["warning"])
        return plan

    transport_plan(cost)
    settings = {f"center_dual={c}": partial(network_simplex, center_dual=c) for c in (False, True)}
    name = fastest(settings)
    times, (ours, theirs) = take_turns(lambda: transport_plan(cost), settings[name])
    return {
        **times,
        "disagreement": abs(((ours - theirs) * cost).sum()),
        "disagreement_of": "transport cost",
        "note": f"{name}; ours is the same solver" if n_target_units else name,
    }


def rsa_profiles(n_profiles, n_stimuli, n_units):
    """Responses of networks to the whole population of stimuli."""
    subjects = drives(n_stimuli, [n_units] * n_profiles, np.random.default_rng(SEED))
    return [softplus(drive) for drive in subjects]


def rsa_rsatoolbox(n_profiles=25, n_stimuli=1000, n_units=400):
    """RSA of all pairs, against rsatoolbox with all dissimilarity matrices in one comparison."""
    profiles = rsa_profiles(n_profiles, n_stimuli, n_units)
    rsa_of_all_pairs(profiles[:2])
    datasets = [rsatoolbox.data.Dataset(profile) for profile in profiles]

    def compare(datasets):
        rdms = rsatoolbox.rdm.calc_rdm(datasets, method="correlation")
        return rsatoolbox.rdm.compare(rdms, rdms, method="corr")

    compare(datasets[:2])
    times, (ours, theirs) = take_turns(
        lambda: rsa_of_all_pairs(profiles), lambda: compare(datasets)
    )
    return {
        **times,
        "disagreement": np.abs(ours - theirs[np.triu_indices(n_profiles, 1)]).max(),
        "disagreement_of": "similarity of a pair",
        "note": f"{len(ours)} unordered pairs; rsatoolbox takes one product for both directions",
    }


def rsa_scipy(n_profiles=25, n_stimuli=1000, n_units=400, n_sample=12):
    """RSA of all pairs, against SciPy, which computes the dissimilarities again for every pair."""
    profiles = rsa_profiles(n_profiles, n_stimuli, n_units)
    rsa_of_all_pairs(profiles[:2])
    pairs = list(combinations(profiles, 2))
    sample = np.random.default_rng(SEED).choice(len(pairs), n_sample, replace=False)

    def compare(X, Y):
        return np.corrcoef(pdist(X, "correlation"), pdist(Y, "correlation"))[0, 1]

    compare(*pairs[0])
    times, (ours, theirs) = take_turns(
        lambda: rsa_of_all_pairs(profiles), lambda: [compare(*pairs[number]) for number in sample]
    )
    times["alternative_seconds"] *= len(pairs) / n_sample
    return {
        **times,
        "disagreement": np.abs(ours[sample] - theirs).max(),
        "disagreement_of": "similarity of a pair",
        "note": f"{len(ours)} unordered pairs; SciPy: {n_sample} random ones",
    }


SCIKIT_LEARN, SCIPY, POT = "scikit-learn RidgeCV, pair by pair", "SciPy L-BFGS-B", "POT emd"

# The other tool of each row, how many times faster ours should be, and the function that times.
ROWS = {
    "ridge_models": (SCIKIT_LEARN, 15, ridge_models),
    "ridge_models_whole": (SCIKIT_LEARN, 15, partial(ridge_models, whole=True)),
    "ridge_models_himalaya": ("himalaya RidgeCV, all targets", 3, ridge_models_himalaya),
    "ridge_brain": (SCIKIT_LEARN, 20, ridge_brain),
    "ridge_brain_whole": (SCIKIT_LEARN, 20, partial(ridge_brain, whole=True)),
    "yeo_johnson": ("scikit-learn PowerTransformer", 50, yeo_johnson),
    "soft_matching_1000": (POT, 2, partial(soft_matching, n_units=1000)),
    "soft_matching_2000": (POT, 2, partial(soft_matching, n_units=2000)),
    "soft_matching_unequal": (POT, 1, partial(soft_matching, n_units=300, n_target_units=400)),
    "rsa_rsatoolbox": ("rsatoolbox, all profiles", 6, rsa_rsatoolbox),
    "rsa_scipy": ("SciPy pdist, pair by pair", 60, rsa_scipy),
}
for name, other, target, function in (
    ("linear_nonlinear", "scikit-learn PoissonRegressor", 80, linear_nonlinear),
    ("linear_softplus", SCIPY, 120, linear_softplus),
    ("pre_linear_softplus", SCIPY, 120, partial(linear_softplus, method="pre_linear_softplus")),
):
    ROWS[name] = (other, target, function)
    ROWS[f"{name}_exact"] = (other, target, partial(function, exact=True))


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
        print(
            f"\n{'row':26}{'ours s':>9}{'other s':>10}{'ratio':>8}{'target':>8}{'turns':>7}"
            f"{'differ':>10}"
        )
        for name in arguments.rows:
            other, target, function = ROWS[name]
            measured = function()
            ratio = measured["alternative_seconds"] / measured["seconds"]
            print(
                f"{name:26}{measured['seconds']:9.3g}{measured['alternative_seconds']:10.3g}"
                f"{ratio:8.1f}{target:8}{measured['turns']:7}{measured['disagreement']:10.1e}\n"
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
    keep_memory()
    main()
