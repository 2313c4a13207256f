"""How often the search for penalties ends where fits of all folds end, and what else changes.

Run ``uv run python tests/benchmarks/penalties.py [--run FOLDER] [--csv FILE]``. Generalised linear
models with Poisson likelihood are fitted twice, with the search and with ``exact``, to responses
that are generated like those of networks and of brains with more units than stimuli and, with
``--run``, to the activations of a finished run's first two networks. The scores are coefficients of
determination on held-out stimuli. Below `FEWEST_STIMULI` the workflow does not search; rows with
fewer stimuli show why.
"""

import argparse
import sys
from pathlib import Path
from time import process_time

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parents[2]))  # the workflow is not an installed package

from tests.benchmarks.responses import drives, softplus
from workflow_scripts.alignment.method import make_estimator
from workflow_scripts.alignment.scoring import r2_per_unit
from workflow_scripts.networks.activation_file import read_activations
from workflow_scripts.solvers.glm import penalised

METHODS = {"linear_nonlinear": "post", "linear_softplus": "post", "pre_linear_softplus": "pre"}
"""Stage of the source that each method reads."""

N_UNITS = 400
N_TARGETS = 300
N_TEST = 240
N_TRIALS = 50
"""Presentations whose spikes are averaged in a generated brain."""

LAYERS = ["conv1", "conv2", "conv3", "conv4", "conv5"]


def generated_network(n_train):
    """Sources before and after the softplus, and targets, of generated networks."""
    random = np.random.default_rng(0)
    pre, target = drives(n_train + N_TEST, [N_UNITS, N_TARGETS], random)
    return {"pre": pre, "post": softplus(pre)}, softplus(target)


def generated_brain(n_train):
    """Mean spike counts of 1,500 units of several animals, and of targets of another."""
    random = np.random.default_rng(0)
    counts = [
        random.poisson(N_TRIALS * softplus(drive)) / N_TRIALS
        for drive in drives(n_train + N_TEST, [1500, N_TARGETS], random)
    ]
    return {"pre": counts[0], "post": counts[0]}, counts[1]


def network_of_a_run(folder, layer):
    """A layer of a run's first network, and units of all layers of its second."""
    paths = sorted(Path(folder, "results/activations/population").glob("*/[0-9]*.nc"))[:2]
    source = {
        stage: read_activations(paths[0], "0", [layer], stage)[0].values
        for stage in ("pre", "post")
    }
    random = np.random.default_rng(0)
    targets = [profile.values for profile in read_activations(paths[1], "1", LAYERS, "post")]
    targets = [values[:, random.permutation(values.shape[1])] for values in targets]
    share = N_TARGETS // len(targets)
    return source, np.hstack([values[:, :share] for values in targets])


def compare(method, source, target):
    """One row: both fits of one method, scored on `N_TEST` stimuli."""
    X = source[METHODS[method]]
    order = np.random.default_rng(1).permutation(len(X))
    train, test = np.split(order, [len(X) - N_TEST])
    target = target[:, np.ptp(target[train], axis=0) > 0]
    scores, alphas, seconds = [], [], []
    for exact in (True, False):
        started = process_time()
        fitted = make_estimator(method, {"exact": exact}).fit(X[train], target[train])
        seconds.append(process_time() - started)
        alphas.append(fitted.alpha_)
        scores.append(r2_per_unit(target[test], fitted.predict(X[test])))
    change = scores[1] - scores[0]
    size = np.abs(change)
    return {
        "stimuli": len(train),
        "units": X.shape[1],
        "targets": target.shape[1],
        "equal": np.mean(alphas[0] == alphas[1]),
        "median": np.median(size),
        "p95": np.quantile(size, 0.95),
        "largest": size.max(),
        "mean_change": change.mean(),
        "change_of_score": np.median(scores[1]) - np.median(scores[0]),
        "times_faster": seconds[0] / seconds[1],
    }


def main():
    """Print a row for each kind of responses and method, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--run", type=Path, help="folder with results/ of a finished run")
    parser.add_argument("--csv", type=Path, help="file to write the table to")
    arguments = parser.parse_args()
    cases = {
        "generated networks": generated_network(960),
        "generated brains": generated_brain(960),
        "generated brains, fewest stimuli": generated_brain(penalised.FEWEST_STIMULI),
        "generated brains, not searched": generated_brain(95),
    }
    if arguments.run:
        cases |= {f"run, {layer}": network_of_a_run(arguments.run, layer) for layer in LAYERS}
    penalised.FEWEST_STIMULI = 0
    table = []
    print(
        f"{'responses, method':55}{'equal':>8}{'median':>9}{'95 %':>9}{'largest':>9}"
        f"{'times faster':>14}"
    )
    with threadpool_limits(1):
        for name, (source, target) in cases.items():
            for method in METHODS:
                row = compare(method, source, target)
                table.append({"responses": name, "method": method, **row})
                print(
                    f"{name + ', ' + method:55}{row['equal']:8.1%}{row['median']:9.0e}"
                    f"{row['p95']:9.0e}{row['largest']:9.3f}{row['times_faster']:14.1f}",
                    flush=True,
                )
    if arguments.csv:
        pd.DataFrame(table).to_csv(arguments.csv, index=False)


if __name__ == "__main__":
    main()
