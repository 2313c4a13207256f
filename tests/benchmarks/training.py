"""Time the training of networks against a plain PyTorch loop, on the same images and device.

Run ``uv run python tests/benchmarks/training.py [--csv FILE]``. The images are crops as in the
embedded run; ``--paper`` takes the paper's network, batches and augmentation, for a GPU. Both sides
have the same architecture, noise, batch size, objective and optimiser, and the device to
themselves. What is measured are trained images per second, over all networks that train at once.
The plain loop reads PNG files with torchvision's ImageFolder and as many DataLoader workers as
there are cores, transforms each image with torchvision's v2, writes the noise as its formula, and
stays in single precision on a GPU, where the workflow takes half precision.
"""

import argparse
import csv
import os
import platform
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn.functional import cross_entropy, softplus
from torch.utils.data import DataLoader
from torch.utils.flop_counter import FlopCounterMode
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2

sys.path.insert(0, str(Path(__file__).parents[2]))  # the workflow is not an installed package

from workflow_scripts.common.config import read_config
from workflow_scripts.images.device_images import DeviceImages
from workflow_scripts.images.photographs import load_photographs, random_crops
from workflow_scripts.images.pixels import CHANNEL_MEAN, CHANNEL_SD
from workflow_scripts.images.sets import ImageSet
from workflow_scripts.images.squares import SIZE
from workflow_scripts.networks.architecture import build_network
from workflow_scripts.networks.blocks import VARIANCE_FLOOR, Dropout, NoisySoftplus, torch_generator
from workflow_scripts.networks.trainer import Trainer

WARM_UP = 5  # steps that are not timed
PAPER = {
    "width": 1.0,
    "dropout": 0.5,
    "batch_size": 256,
    "augmentation": {"crop_scale": [0.2, 1.0], "flip": 0.5, "jitter": 0.4, "greyscale": 0.2},
}
PAPER_IMAGES = 200 * 1_281_167  # epochs and images of one network


class PlainNoisySoftplus(nn.Module):
    """The noisy unit, written as its formula."""

    def __init__(self, gain):
        super().__init__()
        self.gain = gain

    def forward(self, z):
        a = softplus(z)
        return (a + (a / self.gain + VARIANCE_FLOOR).sqrt() * torch.randn_like(a)).clamp(min=0)


def plain_network(variant, n_classes):
    """The same AlexNet and a classifier, with PyTorch's own modules where it has them."""
    network = build_network(variant, torch_generator(0))
    for block in network.blocks.values():
        for index, module in enumerate(block):
            if isinstance(module, NoisySoftplus):
                block[index] = PlainNoisySoftplus(variant["noise_gain"])
            elif isinstance(module, Dropout):
                block[index] = nn.Dropout(variant["dropout"])
    return nn.Sequential(network, nn.Linear(network.n_outputs, n_classes))


def plain_transforms(augmentation):
    steps = [
        v2.ToImage(),
        v2.RandomResizedCrop(SIZE, scale=augmentation["crop_scale"], antialias=True),
        v2.RandomHorizontalFlip(augmentation["flip"]),
    ]
    if augmentation["jitter"]:
        steps.append(v2.ColorJitter(*[augmentation["jitter"]] * 4))
    if augmentation["greyscale"]:
        steps.append(v2.RandomGrayscale(augmentation["greyscale"]))
    steps += [v2.ToDtype(torch.float32, scale=True), v2.Normalize(CHANNEL_MEAN, CHANNEL_SD)]
    return v2.Compose(steps)


def time_plain(folder, variant, device, n_steps, n_workers, n_threads):
    """Images per second of the plain loop."""
    torch.set_num_threads(n_threads)
    dataset = ImageFolder(folder, plain_transforms(variant["augmentation"]))
    loader = DataLoader(
        dataset,
        variant["batch_size"],
        shuffle=True,
        num_workers=n_workers,
        drop_last=True,
        pin_memory=device == "cuda",
        persistent_workers=n_workers > 0,
    )
    network = plain_network(variant, len(dataset.classes)).to(device)
    optimiser = torch.optim.SGD(
        network.parameters(),
        lr=variant["learning_rate"],
        momentum=0.9,
        weight_decay=variant["weight_decay"],
    )
    step, started = 0, None
    while True:
        for images, labels in loader:
            if step == WARM_UP:
                _wait(device)
                started = perf_counter()
            if step == WARM_UP + n_steps:
                _wait(device)
                return n_steps * variant["batch_size"] / (perf_counter() - started)
            loss = cross_entropy(network(images.to(device)), labels.to(device))
            optimiser.zero_grad()
            loss.backward()
            if variant["gradient_clip"] is not None:
                nn.utils.clip_grad_norm_(network.parameters(), variant["gradient_clip"])
            optimiser.step()
            step += 1


def time_shipped(images, labels, variant, device, n_steps, seeds):
    """Images per second of a job of the workflow, over all networks that it trains."""
    torch.set_num_threads(1)
    place = torch.device(device)
    # The epoch is too long to end, because its end would include a validation.
    index = np.resize(np.arange(len(images)), variant["batch_size"] * (WARM_UP + n_steps + 1))
    training = DeviceImages(ImageSet(images, labels, index), place)
    on_device = torch.as_tensor(labels[index], device=place)
    trainers = [
        Trainer({**variant, "epochs": 2}, training, on_device, None, 0, seed, place)
        for seed in seeds
    ]
    for step in range(WARM_UP + n_steps):
        if step == WARM_UP:
            _wait(device)
            started = perf_counter()
        for trainer in trainers:
            trainer.advance()
    _wait(device)
    return len(seeds) * n_steps * variant["batch_size"] / (perf_counter() - started)


def time_jobs(images, labels, variant, n_steps, seeds):
    """Images per second of all jobs together: one job per core, and one network per job."""
    with ProcessPoolExecutor(len(seeds), get_context("spawn")) as pool:
        jobs = [
            pool.submit(time_shipped, images, labels, variant, "cpu", n_steps, [seed])
            for seed in seeds
        ]
        return sum(job.result() for job in jobs)


def _wait(device):
    if device == "cuda":
        torch.cuda.synchronize()


def training_flops(variant):
    """Floating-point operations of one image, forward and backward.

    A multiplication and the addition that follows it are two.
    """
    network = build_network(variant, torch_generator(0))
    images = torch.zeros(2, 3, SIZE, SIZE)
    with FlopCounterMode(display=False) as counter:
        network(images).sum().backward()
    return counter.get_total_flops() / 2


def peak_flops(n=8192, repeats=20):
    """Operations per second of a large bfloat16 matrix product, the practical peak of the GPU."""
    a = torch.randn(n, n, device="cuda", dtype=torch.bfloat16)
    a @ a
    torch.cuda.synchronize()
    started = perf_counter()
    for _ in range(repeats):
        a @ a
    torch.cuda.synchronize()
    return 2 * n**3 * repeats / (perf_counter() - started)


def measure(variant, n_images, n_steps, n_seeds, device):
    """Rows of the benchmark, and the variant with all its settings."""
    config = read_config([])
    cores = len(os.sched_getaffinity(0))
    variant = {**config.training, "objective": "supervised", **variant}
    images, labels = random_crops(
        load_photographs(),
        n_images,
        (SIZE, SIZE),
        config.stimuli.crop_scale,
        np.random.default_rng(0),
    )
    rows = []

    def add(name, n_networks, n_cores, rate):
        rows.append({"path": name, "networks": n_networks, "cores": n_cores, "images_per_s": rate})
        print(f"{name}, {n_networks} networks, {n_cores} cores: {rate:.0f} images/s", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        for number, (image, label) in enumerate(zip(images, labels, strict=True)):
            path = Path(folder, f"{label:02d}", f"{number}.png")
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(image).save(path)
        plain = time_plain(folder, variant, device, n_steps, cores, cores)
        add("plain PyTorch loop", 1, cores, plain)
        if device == "cpu":
            one_core = time_plain(folder, variant, device, n_steps, 0, 1)
            add("plain PyTorch loop", 1, 1, one_core)
    one = time_shipped(images, labels, variant, device, n_steps, [0])
    add("shipped", 1, 1, one)
    seeds = list(range(n_seeds))
    if device == "cpu":
        add(
            "shipped, one job per core",
            cores,
            cores,
            time_jobs(images, labels, variant, n_steps, range(cores)),
        )
    group = time_shipped(images, labels, variant, device, n_steps, seeds)
    add("shipped, one job", n_seeds, 1, group)
    return variant, rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--csv", help="write the table to this file")
    parser.add_argument("--paper", action="store_true", help="the paper's network and batches")
    parser.add_argument("--images", type=int, default=4000, help="number of different images")
    parser.add_argument("--steps", type=int, default=40, help="steps that are timed")
    parser.add_argument("--seeds", type=int, default=5, help="networks of the group")
    arguments = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    name = torch.cuda.get_device_name() if device == "cuda" else platform.processor() or "CPU"
    print(f"device: {name}, {len(os.sched_getaffinity(0))} cores, torch {torch.__version__}")
    variant, rows = measure(
        PAPER if arguments.paper else {}, arguments.images, arguments.steps, arguments.seeds, device
    )
    best, plain = max(row["images_per_s"] for row in rows[1:]), rows[0]["images_per_s"]
    flops = training_flops(variant)
    print(f"best of the shipped ones: {best / plain:.2f} times the plain loop on this device")
    print(f"{flops / 1e9:.2f} GFLOP per image, forward and backward")
    if device == "cuda":
        peak = peak_flops()
        share = rows[-1]["images_per_s"] * flops / peak
        print(f"{share:.1%} of {peak / 1e12:.0f} TFLOP/s, the bfloat16 peak measured by a product")
    if arguments.paper:
        hours = arguments.seeds * PAPER_IMAGES / rows[-1]["images_per_s"] / 3600
        print(f"{arguments.seeds} seeds x 200 epochs x 1.28 M images: {hours:.1f} h")
    if arguments.csv:
        with open(arguments.csv, "w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
