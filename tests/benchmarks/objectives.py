"""What networks learn by each form of their objective, scale of activations and noise.

Run ``uv run python tests/benchmarks/objectives.py [--csv FILE] [--rows NAME ...] [--epochs N]
[--seeds N] [--width SHARE]``. Every row changes a few settings of `config.yaml`; networks are
trained on the images of the embedded run, one in a process, one core for each. A row shows the
accuracy on validation images at the end of every epoch, as the mean over seeds, and the mean loss.
Chance is 1 of 18. A training whose embeddings collapse ends there, with the epochs that it has.
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
from workflow_scripts.networks.trainer import Trainer

RECOGNITION = {"objective": "instance_recognition", "learning_rate_drops": []}
SUPERVISED = {"objective": "supervised", "learning_rate_drops": []}
NCE = {"loss": "nce", "negatives": 1024}
PUBLISHED = {**NCE, "centred": False}


def recognition(settings=None, **options):
    """Settings of instance recognition, and options under that name."""
    return {**RECOGNITION, **(settings or {}), "instance_recognition": options}


FAST, SLOW = {"learning_rate": 0.03}, {"learning_rate": 0.003}
ROWS = {
    "softmax, centred": recognition(),
    "softmax, not centred": recognition(centred=False),
    "softmax over 1,024 others, centred": recognition(negatives=1024),
    "nce, centred": recognition(**NCE),
    "nce, published": recognition(FAST, **PUBLISHED),
    "nce, published, rate .003": recognition(SLOW, **PUBLISHED),
    "nce, published, no noise": recognition({**FAST, "noise_gain": None}, **PUBLISHED),
    "nce, published, drive 1": recognition({**FAST, "drive_deviation": 1.0}, **PUBLISHED),
    "supervised": SUPERVISED,
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


def embedded_images():
    """Training and validation images of the embedded run, as `prepare_stimuli` makes them."""
    config = read_config([])
    settings = {**config.stimuli.model_dump(), "seed": config.seed}
    return [photograph_crops(name, settings) for name in ("training", "validation")]


def train(epochs, width, job):
    """Curve of one network; a collapse ends it early."""
    name, seed = job
    torch.set_num_threads(1)
    (images, labels), (shown, classes) = embedded_images()
    config = read_config([])
    own = dict(ROWS[name])
    options = {**config.training["instance_recognition"], **own.pop("instance_recognition", {})}
    variant = {**config.training, **own, "instance_recognition": options}
    variant |= {"epochs": epochs, **({} if width is None else {"width": width})}
    device = torch.device("cpu")
    trainer = Trainer(
        variant,
        DeviceImages(ImageSet(images, labels, np.arange(len(labels))), device),
        torch.as_tensor(labels),
        (normalise(to_input(shown, device)), torch.as_tensor(classes)),
        config.seed,
        seed,
        device,
    )
    try:
        while not trainer.finished:
            trainer.advance()
    except InputError as error:
        print(f"{name}: {error}", file=sys.stderr)
    return pd.DataFrame(map(asdict, trainer.curve)).assign(row=name)


def series(values, digits):
    return " ".join(f"{value:.{digits}f}".removeprefix("0") for value in values)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--csv", help="file to write all curves to")
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS), metavar="NAME")
    parser.add_argument("--epochs", type=float, default=6)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--width", type=float, help="instead of that of config.yaml")
    parser.add_argument("--cores", type=int, default=torch.get_num_threads())
    arguments = parser.parse_args()
    curves = []
    jobs = list(product(arguments.rows, range(arguments.seeds)))
    with ProcessPoolExecutor(arguments.cores, get_context("spawn")) as pool:
        work = partial(train, arguments.epochs, arguments.width)
        for curve in pool.map(work, jobs):
            curves.append(curve)
            name, seed = curve["row"].iloc[0], curve["seed"].iloc[0]
            if seed == arguments.seeds - 1:
                rows = pd.concat(curves[-arguments.seeds :]).groupby("epoch")
                print(f"{name:40s} {series(rows['accuracy'].mean(), 2)}", flush=True)
                print(f"{'':40s} loss {series(rows['loss'].mean(), 1)}", flush=True)
            if arguments.csv:
                pd.concat(curves).to_csv(arguments.csv, index=False)


if __name__ == "__main__":
    main()
