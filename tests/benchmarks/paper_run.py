"""Time the alignment of networks at the size of config.paper.yaml, on generated responses.

Run ``uv run python tests/benchmarks/paper_run.py [METHOD ...]``. Every configured method scores
each layer of one network against all other profiles on one split; the time of the whole stage is a
multiple of that. ``--whole-seed`` measures a whole network instead, in all splits. Profiles have as
many units as the workflow reads of each layer, and, in a second table, as many as it may read at
most. Times are CPU seconds of one thread, which keeps memory as jobs do. What a fit costs does not
depend on the values, except for the iterations of the generalised linear models.
"""

import argparse
import sys
from functools import partial
from pathlib import Path
from time import process_time

import numpy as np
import torch
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parents[2]))  # the workflow is not an installed package

from tests.benchmarks.responses import drives, softplus
from tests.benchmarks.timing import keep_memory
from workflow_scripts.alignment.method import configured_methods
from workflow_scripts.alignment.score_cells import score_cells
from workflow_scripts.alignment.splits import make_splits
from workflow_scripts.common.config import read_config
from workflow_scripts.common.profile import Profile
from workflow_scripts.common.stimuli import Stimuli
from workflow_scripts.images.squares import SIZE
from workflow_scripts.networks.architecture import build_network
from workflow_scripts.networks.blocks import torch_generator
from workflow_scripts.networks.readout import read_layers
from workflow_scripts.networks.unit_sampling import choose_units

ROOT = Path(__file__).parents[2]
CORES = 2
"""Cores for which the time of the whole stage is printed."""


def units_of_layers(config):
    """Number of units that the workflow reads of each layer of the population's networks."""
    variant = {**config.training, **config.variants[config.population.variant]}
    options = config.activations.model_dump(include={"mode", "positions", "max_per_layer"})

    def choose(layer, shape):
        return choose_units(shape, **options, generator=np.random.default_rng(0))

    network = build_network(variant, torch_generator(0)).eval()
    image, layers = torch.zeros(1, 3, SIZE, SIZE), config.population.layers
    responses, _ = read_layers(network, image, choose, layers, 1)
    return [responses[layer]["post"].shape[1] for layer in layers]


def make_profiles(config, n_units):
    """Profiles of all networks by stage; those of the first network come first."""
    seeds, layers = config.population.seeds, config.population.layers
    random = np.random.default_rng(0)
    pre = drives(config.stimuli.n.population, list(n_units) * len(seeds), random)
    names = [(str(seed), layer) for seed in seeds for layer in layers]
    return {
        stage: [Profile(*name, values) for name, values in zip(names, arrays, strict=True)]
        for stage, arrays in (("pre", pre), ("post", [softplus(drive) for drive in pre]))
    }


def seconds_of_a_network(method, profiles, layers, splits):
    """CPU seconds of all cells whose source is a layer of the first network, and their scores."""
    sources = profiles[method.card.source_stage][: len(layers)]
    cells = [
        (source, target)
        for number, source in enumerate(sources)
        for other, target in enumerate(profiles[method.card.target_stage])
        if other != number
    ]
    score = partial(score_cells, method.implementation, method.parameters, min_units=1)
    score(cells[:1], splits[:1])  # Kernels are compiled when they are first used.
    started = process_time()
    scores = score(cells, splits)
    return process_time() - started, scores


def main():
    """Print the seconds of each method, and the minutes of the stage."""
    config = read_config([str(ROOT / "config.paper.yaml")])
    methods = configured_methods(config.methods)
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("methods", nargs="*", metavar="METHOD", default=list(methods))
    parser.add_argument(
        "--whole-seed", action="store_true", help="measure one network in all splits"
    )
    arguments = parser.parse_args()

    population, n_stimuli = config.population, config.stimuli.n.population
    n_seeds, layers = len(population.seeds), population.layers
    n_splits = population.splits.n_splits
    names = np.arange(n_stimuli).astype(str)
    splits = make_splits(
        Stimuli(names, groups=names),
        n_splits,
        population.splits.train_fraction,
        np.random.default_rng(0),
    )
    timed = splits if arguments.whole_seed else splits[:1]
    as_configured, at_most = (
        units_of_layers(config),
        [config.activations.max_per_layer] * len(layers),
    )
    torch.set_num_threads(1)
    with threadpool_limits(1):
        for n_units in (as_configured, at_most):
            sizes = " + ".join(map(str, n_units))
            print(
                f"{n_seeds} networks of {sizes} units, {n_stimuli} stimuli; one network is timed "
                f"on {len(timed)} of {n_splits} splits"
            )
            profiles = make_profiles(config, n_units)
            total = measured = 0
            for name in arguments.methods:
                method = methods[name]
                seconds, scores = seconds_of_a_network(method, profiles, layers, timed)
                # A geometry has one split.
                left = n_splits // len(timed) if method.card.kind == "mapping" else 1
                measured += seconds
                total += seconds * left * n_seeds
                print(
                    f"{name:22}{seconds:9.2f} s x {left:2} x {n_seeds} = "
                    f"{seconds * left * n_seeds / 60:8.1f} core min; "
                    f"median split score {float(scores['split_score'].median()):.3f}",
                    flush=True,
                )
            print(
                f"all: {total / 60:.1f} core minutes, {total / 60 / CORES:.1f} minutes on {CORES} "
                f"cores; measured: {measured / 60:.1f} core minutes\n"
            )


if __name__ == "__main__":
    keep_memory()
    main()
