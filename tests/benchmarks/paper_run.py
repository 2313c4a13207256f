"""Time the alignment of networks at the size of config.paper.yaml, on generated responses.

Run ``uv run python tests/benchmarks/paper_run.py [METHOD ...]``. Every configured method scores one
source against all other profiles on one split, on one core; the time of the whole stage is a
multiple of that. What a fit costs does not depend on the values, except for the iterations of the
generalised linear models.
"""

import argparse
import sys
from pathlib import Path
from time import perf_counter

import numpy as np
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parents[2]))  # the workflow is not an installed package

from alignment import drives, softplus

from workflow_scripts.alignment.method import configured_methods
from workflow_scripts.alignment.score_cells import score_cells
from workflow_scripts.alignment.splits import make_splits
from workflow_scripts.common.config import read_config
from workflow_scripts.common.profile import Profile

ROOT = Path(__file__).parents[2]
CORES = 2
"""Cores for which the time of the whole stage is printed."""


def main():
    """Print the seconds of each method, and the minutes of the stage."""
    config = read_config([str(ROOT / "config.paper.yaml")])
    methods = configured_methods(config.methods)
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("methods", nargs="*", metavar="METHOD", default=list(methods))
    names = parser.parse_args().methods

    population, n_units = config.population, config.activations.max_per_layer
    n_stimuli, n_splits = config.stimuli.n.population, population.splits.n_splits
    n_profiles = len(population.seeds) * len(population.layers)
    random = np.random.default_rng(0)
    pre = drives(n_stimuli, [n_units] * n_profiles, random)
    profiles = {
        stage: [Profile("network", str(number), values) for number, values in enumerate(arrays)]
        for stage, arrays in (("pre", pre), ("post", [softplus(drive) for drive in pre]))
    }
    splits = make_splits(n_stimuli, 1, population.splits.train_fraction, generator=random)
    print(f"{n_profiles} profiles of {n_units} units, {n_stimuli} stimuli, {n_splits} splits")
    total = 0
    with threadpool_limits(1):
        for name in names:
            method = methods[name]
            source = profiles[method.card.source_stage][0]
            targets = profiles[method.card.target_stage][1:]
            cells = [(source, target) for target in targets]
            started = perf_counter()
            scores = score_cells(
                method.implementation, method.parameters, cells, splits, min_units=1
            )
            seconds = perf_counter() - started
            # A geometry has one split.
            times = n_profiles * (n_splits if method.card.kind == "mapping" else 1)
            total += seconds * times
            print(
                f"{name:22}{seconds:9.2f} s x {times:4} = {seconds * times / 60:8.1f} core min; "
                f"median split score {float(scores['split_score'].median()):.3f}",
                flush=True,
            )
    print(f"all: {total / 60:.1f} core minutes, {total / 60 / CORES:.1f} minutes on {CORES} cores")


if __name__ == "__main__":
    main()
