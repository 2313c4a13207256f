"""What networks learn by each form of their objective, scale of activations and noise.

Run ``uv run python tests/benchmarks/objectives.py [--csv FILE] [--rows NAME ...]``. Every row
changes a few settings of `config.yaml`; networks of the width .375 are trained on crops of the 18
packaged photographs, one in a process, one core for each. A row shows the accuracy on validation
images at the end of every epoch, as the mean over seeds, the mean loss, and in the end the mean
cosine and the effective dimensions of the embeddings. Chance is 1 of 18. The learning rate does not
fall.

The first lines say why the scale matters: how much of the variance of a layer's drives, and of its
counts, the image explains in a network with initial weights, as the correlation between two noisy
passes.

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
NCE = {"loss": "nce"}
NEGATIVES = 1024
"""With the loss nce, where the configuration takes all images."""
PUBLISHED = {**NCE, "centred": False}


def recognition(settings=None, **options):
    """Settings of instance recognition, and options under that name."""
    options = {"loss": "softmax", **options}
    return {**RECOGNITION, **(settings or {}), "instance_recognition": options}


WIDTH = 0.375
"""Multiplier of AlexNet's channels, with which the table in docs/networks.md was made."""

FAST, SLOW = ({"learning_rate": rate, "gradient_clip": None} for rate in (0.03, 0.003))
UNCLIPPED = {"gradient_clip": None}
ROWS = {
    "softmax, centred": recognition(),
    "softmax, centred, not clipped": recognition(UNCLIPPED),
    "softmax, not centred": recognition(centred=False),
    "softmax over 1,024 others, centred": recognition(negatives=NEGATIVES),
    "nce, centred": recognition(**NCE),
    "nce, not centred": recognition(**PUBLISHED),
    "nce, centred, not clipped": recognition(UNCLIPPED, **NCE),
    "nce, published": recognition(FAST, **PUBLISHED),
    "nce, published, rate .003": recognition(SLOW, **PUBLISHED),
    "nce, published, no noise": recognition({**FAST, "noise_gain": None}, **PUBLISHED),
    "supervised": SUPERVISED,
    "supervised, not clipped": {**SUPERVISED, **UNCLIPPED},
}
for name, settings in {
    "drive 1": {"drive_deviation": 1.0},
    "drive 8": {"drive_deviation": 8.0},
    "gain 1/4": {"noise_gain": 0.25},
    "gain 4": {"noise_gain": 4.0},
    "no noise": {"noise_gain": None},
}.items():
    ROWS[f"softmax, centred, {name}"] = recognition(settings)
    ROWS[f"supervised, {name}"] = {**SUPERVISED, **settings}


def crops(config, n_training, n_rows):
    """Training images as often as the bank has rows, and validation images with their labels."""
    settings = {**config.stimuli.model_dump(), "n_generated": 0, "seed": config.seed}
    settings["n"] |= {"training": n_training, "validation": 500}
    images, labels = photograph_crops("training", settings)
    shown, classes = photograph_crops("validation", settings)
    rows = np.arange(n_rows or n_training) % n_training
    return ImageSet(images, labels, rows), normalise(to_input(shown, CPU)), classes


def train(arguments, threads, job):
    """Curve of one network."""
    name, seed = job
    torch.set_num_threads(threads)
    config = read_config([str(PAPER)] if arguments.paper else [])
    training, shown, classes = crops(
        config, arguments.paper or config.stimuli.n.training, arguments.rows_of_bank
    )
    own = dict(ROWS[name])
    options = {**config.training["instance_recognition"], **own.pop("instance_recognition", {})}
    if options["loss"] == "nce" and options["negatives"] is None:
        options["negatives"] = NEGATIVES
    width = config.training["width"] if arguments.paper else WIDTH
    variant = {**config.training, "width": width, **own, "instance_recognition": options}
    trainer = Trainer(
        {**variant, "epochs": arguments.epochs},
        DeviceImages(training, CPU),
        torch.as_tensor(training.labels[training.index]),
        (shown, torch.as_tensor(classes)),
        config.seed,
        seed,
        CPU,
    )
    while not trainer.finished:
        trainer.advance()
    return pd.DataFrame(map(asdict, trainer.curve)).assign(row=name)


def correlation(first, second):
    """Between two passes, over images: of the central position of every unit."""
    if first.ndim == 4:
        middle = first.shape[2] // 2, first.shape[3] // 2
        first, second = first[:, :, *middle], second[:, :, *middle]
    first, second = first - first.mean(0), second - second.mean(0)
    return ((first * second).sum() / (first.norm() * second.norm())).item()


@torch.no_grad()
def signal_shares(drive_deviation, noise_gain):
    """Shares of the variance of drives, and of counts, that are due to the image; by layer."""
    config = read_config([])
    options = {"drive_deviation": drive_deviation, "noise_gain": noise_gain}
    network = build_network({**config.training, **options}, torch_generator(0))
    set_noise(network, torch_generator(1))
    _, images, _ = crops(config, 1, 1)
    seen = []
    for module in network.activations().values():
        module.register_forward_hook(lambda _, drive, count: seen.append((drive[0], count)))
    for _ in range(2):
        network(images)
    n_layers = len(seen) // 2
    return [
        [
            correlation(first[k], second[k])
            for first, second in zip(seen[:n_layers], seen[n_layers:], strict=True)
        ]
        for k in (0, 1)
    ]


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
        shares = signal_shares(float(drive_deviation), float(noise_gain))
        drives, counts = (series(values, 2) for values in shares)
        print(
            f"drive {drive_deviation}, gain {noise_gain:2d}: conv1 to fc7, drives {drives}, "
            f"counts {counts}",
            flush=True,
        )
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
                spread = rows[["mean_cosine", "dimensions"]].mean().iloc[-1]
                if spread.notna().all():
                    print(f"{'':40s} cosine {spread.iloc[0]:.2f}, dimensions {spread.iloc[1]:.1f}")
            if arguments.csv:
                pd.concat(curves).to_csv(arguments.csv, index=False)


if __name__ == "__main__":
    main()
