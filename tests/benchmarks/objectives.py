"""What networks learn by each form of their objective, scale of activations and noise.

Run ``uv run python tests/benchmarks/objectives.py [--csv FILE] [--rows NAME ...]``. Every row
changes a few settings of `config.yaml`; networks are trained on the images of the embedded run, one
in a process, one core for each. A row shows the accuracy on validation images at the end of every
epoch, as the mean over seeds, and the mean loss. Chance is 1 of 18. A training whose embeddings
collapse ends there, with the epochs that it has.

The first lines say why the scale matters: how much of the variance of a layer's drive the image
explains in a network with initial weights, as the correlation between two noisy passes.

``--paper N`` changes the settings of `config.paper.yaml` instead, and trains on N crops of the
photographs. ``--rows-of-bank`` repeats them under other numbers, for a bank as large as ImageNet's.
"""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from itertools import product
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
import torch

sys.path.insert(0, str(Path(__file__).parents[2]))  # the workflow is not an installed package

from workflow_scripts.common.config import read_config
from workflow_scripts.common.errors import InputError
from workflow_scripts.images.device_images import DeviceImages
from workflow_scripts.images.pixels import normalise, to_input
from workflow_scripts.images.prepare_stimuli import photograph_crops
from workflow_scripts.images.sets import ImageSet
from workflow_scripts.networks.architecture import build_network
from workflow_scripts.networks.blocks import set_noise, torch_generator
from workflow_scripts.networks.trainer import Trainer

PAPER = Path(__file__).parents[2] / "config.paper.yaml"
CPU = torch.device("cpu")
RECOGNITION = {"objective": "instance_recognition", "learning_rate_drops": []}
SUPERVISED = {"objective": "supervised", "learning_rate_drops": []}
NCE = {"loss": "nce", "negatives": 1024}
PUBLISHED = {**NCE, "centred": False}


def recognition(settings=None, **options):
    """Settings of instance recognition, and options under that name."""
    return {**RECOGNITION, **(settings or {}), "instance_recognition": options}


FAST, SLOW = ({"learning_rate": rate, "gradient_clip": None} for rate in (0.03, 0.003))
UNCLIPPED = {"gradient_clip": None}
ROWS = {
    "softmax, centred": recognition(),
    "softmax, centred, not clipped": recognition(UNCLIPPED),
    "softmax, not centred": recognition(centred=False),
    "softmax over 1,024 others, centred": recognition(negatives=1024),
    "nce, centred": recognition(**NCE),
    "nce, published": recognition(FAST, **PUBLISHED),
    "nce, published, rate .003": recognition(SLOW, **PUBLISHED),
    "nce, published, no noise": recognition({**FAST, "noise_gain": None}, **PUBLISHED),
    "nce, published, drive 1": recognition({**FAST, "drive_deviation": 1.0}, **PUBLISHED),
    "supervised": SUPERVISED,
    "supervised, not clipped": {**SUPERVISED, **UNCLIPPED},
}
for name, settings in {
    "drive 1": {"drive_deviation": 1.0},
    "drive 2": {"drive_deviation": 2.0},
    "drive 8": {"drive_deviation": 8.0},
    "gain 1/4": {"noise_gain": 0.25},
    "gain 4": {"noise_gain": 4.0},
    "no noise": {"noise_gain": None},
    "drive 1, no noise": {"drive_deviation": 1.0, "noise_gain": None},
}.items():
    ROWS[f"softmax, centred, {name}"] = recognition(settings)
    ROWS[f"supervised, {name}"] = {**SUPERVISED, **settings}


def crops(config, n_training, n_rows):
    """Training images as often as the bank has rows, and validation images with their labels."""
    settings = {**config.stimuli.model_dump(), "seed": config.seed}
    settings["n"] |= {"training": n_training, "validation": 500}
    images, labels = photograph_crops("training", settings)
    shown, classes = photograph_crops("validation", settings)
    rows = np.arange(n_rows or n_training) % n_training
    return ImageSet(images, labels, rows), normalise(to_input(shown, CPU)), classes


def train(arguments, threads, job):
    """Curve of one network; a collapse ends it early."""
    name, seed = job
    torch.set_num_threads(threads)
    config = read_config([str(PAPER)] if arguments.paper else [])
    training, shown, classes = crops(
        config, arguments.paper or config.stimuli.n.training, arguments.rows_of_bank
    )
    own = dict(ROWS[name])
    options = {**config.training["instance_recognition"], **own.pop("instance_recognition", {})}
    variant = {**config.training, **own, "instance_recognition": options}
    trainer = Trainer(
        {**variant, "epochs": arguments.epochs},
        DeviceImages(training, CPU),
        torch.as_tensor(training.labels[training.index]),
        (shown, torch.as_tensor(classes)),
        config.seed,
        seed,
        CPU,
    )
    try:
        while not trainer.finished:
            trainer.advance()
    except InputError as error:
        print(f"{name}: {error}", file=sys.stderr)
    return pd.DataFrame(map(asdict, trainer.curve)).assign(row=name)


@torch.no_grad()
def signal_shares(drive_deviation, noise_gain):
    """Share of the variance of each layer's drive, at the central position, due to the image."""
    config = read_config([])
    options = {"drive_deviation": drive_deviation, "noise_gain": noise_gain}
    network = build_network({**config.training, **options}, torch_generator(0))
    set_noise(network, torch_generator(1))
    _, images, _ = crops(config, 1, 1)
    drives = []
    for module in network.activations().values():
        module.register_forward_pre_hook(lambda _, inputs: drives.append(inputs[0]))
    for _ in range(2):
        network(images)
    n_layers = len(drives) // 2
    shares = []
    for pair in zip(drives[:n_layers], drives[n_layers:], strict=True):
        first, second = (
            (z[:, :, z.shape[2] // 2, z.shape[3] // 2] if z.ndim == 4 else z) for z in pair
        )
        first, second = first - first.mean(0), second - second.mean(0)
        shares.append(((first * second).sum() / (first.norm() * second.norm())).item())
    return shares


def series(values, digits):
    return " ".join(f"{value:.{digits}f}".removeprefix("0") for value in values)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--csv", help="file to write all curves to")
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS), metavar="NAME")
    parser.add_argument("--epochs", type=float, default=5)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--paper", type=int, metavar="N", help="crops for the paper's settings")
    parser.add_argument("--rows-of-bank", type=int, metavar="N", help="as many as images")
    arguments = parser.parse_args()
    for drive_deviation, noise_gain in ((1, 1), (2, 1), (4, 1), (8, 1), (4, 4), (1, 16)):
        shares = series(signal_shares(float(drive_deviation), float(noise_gain)), 3)
        print(f"drive {drive_deviation}, gain {noise_gain:2d}: conv1 to fc7 {shares}", flush=True)
    curves = []
    # Networks of the embedded run train side by side; one of the paper takes all cores.
    n_cores = torch.get_num_threads()
    processes, threads = (1, n_cores) if arguments.paper else (n_cores, 1)
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        jobs = product(arguments.rows, range(arguments.seeds))
        for curve in pool.map(partial(train, arguments, threads), jobs):
            curves.append(curve)
            if len(curves) % arguments.seeds == 0:
                rows = pd.concat(curves[-arguments.seeds :]).groupby("epoch")
                name = curve["row"].iloc[0]
                print(f"{name:40s} {series(rows['accuracy'].mean(), 2)}", flush=True)
                print(f"{'':40s} loss {series(rows['loss'].mean(), 1)}", flush=True)
            if arguments.csv:
                pd.concat(curves).to_csv(arguments.csv, index=False)


if __name__ == "__main__":
    main()
