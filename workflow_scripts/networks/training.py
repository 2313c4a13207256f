"""Training of a group of networks that differ in their seed, from named random streams."""

import logging
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict

import torch
import xarray as xr
from tqdm import tqdm

from workflow_scripts.common.errors import InputError
from workflow_scripts.common.random_streams import derive_seed
from workflow_scripts.images.device_images import DeviceImages
from workflow_scripts.images.pixels import normalise, to_input
from workflow_scripts.images.sets import ImageSet
from workflow_scripts.networks.architecture import Variant, build_network
from workflow_scripts.networks.blocks import Network, torch_generator
from workflow_scripts.networks.checkpoints import Checkpoints
from workflow_scripts.networks.trainer import Epoch, Trainer


def train(
    variant: Variant,
    training: ImageSet,
    validation: xr.Dataset,
    *,
    master_seed: int,
    seeds: Sequence[int],
    device: torch.device,
    checkpoints: Checkpoints,
) -> tuple[dict[int, Network], list[Epoch]]:
    """Train a group of networks on one device, in turn step by step, on the same images.

    A seed decides on its network's initial weights, on the order of its images and on the draws of
    noise, dropout, augmentation and negatives. Nothing else differs between seeds of a variant, and
    no network depends on which others are in the group. Checkpoints are written every few minutes
    and on SIGTERM or SIGINT; the training continues from those that it finds.

    Parameters
    ----------
    variant : dict
        Architecture, ``objective`` and optimisation settings of the configuration.
    training : workflow_scripts.images.sets.ImageSet
    validation : xarray.Dataset
        ``image`` (stimulus, y, x, channel) uint8 and ``label`` (stimulus).
    master_seed : int
        Master seed of the run.
    seeds : sequence of int
        Seeds of the networks.
    device : torch.device
    checkpoints : workflow_scripts.networks.checkpoints.Checkpoints

    Returns
    -------
    networks : dict of int to Network
        By seed.
    curve : list of Epoch
        One row per seed and epoch.

    Raises
    ------
    FloatingPointError
        If a gradient is not finite, naming the step and the layer.
    InputError
        If there are fewer images than one batch needs, the epochs amount to no step, or a
        checkpoint cannot be read.
    SystemExit
        After a signal, when the checkpoints are written.
    """
    if variant["objective"] == "untrained":
        initial = {
            seed: torch_generator(derive_seed(master_seed, "train", seed, "initialisation"))
            for seed in seeds
        }
        return {seed: build_network(variant, stream) for seed, stream in initial.items()}, []
    trainers = _make_trainers(variant, training, validation, master_seed, seeds, device)
    for trainer in trainers:
        checkpoints.resume(trainer)
    _take_all_steps(trainers, variant["batch_size"], checkpoints)
    curve = [row for trainer in trainers for row in trainer.curve]
    return {trainer.seed: trainer.network for trainer in trainers}, curve


def _make_trainers(
    variant: Variant,
    training: ImageSet,
    validation: xr.Dataset,
    master_seed: int,
    seeds: Sequence[int],
    device: torch.device,
) -> list[Trainer]:
    """One trainer per seed, all with the same images on the device."""
    if len(training.index) < variant["batch_size"]:
        raise InputError(
            "config stimuli.n.training",
            f"{len(training.index)} images",
            f"at least training.batch_size, {variant['batch_size']}",
        )
    images = DeviceImages(training, device)
    labels = torch.as_tensor(training.labels[training.index], device=device)
    held_out = (
        normalise(to_input(validation["image"].values, device)),
        torch.as_tensor(validation["label"].values, device=device),
    )
    trainers = [
        Trainer(variant, images, labels, held_out, master_seed, seed, device) for seed in seeds
    ]
    if trainers[0].n_steps == 0:
        raise InputError(
            "config training.epochs",
            str(variant["epochs"]),
            f"at least one step, 1/{trainers[0].steps_per_epoch} of an epoch",
        )
    return trainers


def _take_all_steps(trainers: list[Trainer], batch_size: int, checkpoints: Checkpoints) -> None:
    """Advance all trainers to their end, in turn, and save them now and then."""
    total = sum(trainer.n_steps for trainer in trainers) * batch_size
    started = sum(trainer.step for trainer in trainers) * batch_size
    with (
        _noted_signals() as signals,
        tqdm(
            total=total, initial=started, unit="image", unit_scale=True, mininterval=5
        ) as progress,
    ):
        saved = time.perf_counter()
        while unfinished := [trainer for trainer in trainers if not trainer.finished]:
            step = min(trainer.step for trainer in unfinished)
            for trainer in unfinished:
                # After a kill between the checkpoints of two networks, some networks are ahead.
                if trainer.step == step:
                    trainer.advance()
                    progress.update(batch_size)
                    progress.set_postfix(_last(trainer.curve), refresh=False)
            if signals or time.perf_counter() - saved > 60 * checkpoints.minutes:
                for trainer in trainers:
                    checkpoints.save(trainer)
                saved = time.perf_counter()
            if signals:
                logging.error(
                    "%s ended the training after step %d; the next run continues from %s",
                    signal.Signals(signals[0]).name,
                    step + 1,
                    checkpoints.folder,
                )
                sys.exit(1)


def _last(curve: list[Epoch]) -> dict[str, str]:
    """What the progress bar says about the last epoch."""
    last = asdict(curve[-1]) if curve else {}
    names = ("seed", "loss", "accuracy", "mean_cosine", "dimensions", "gpu_memory_mb")
    return {name: f"{last[name]:.4g}" for name in names if last.get(name) is not None}


@contextmanager
def _noted_signals() -> Iterator[list[int]]:
    """Signals that ask the process to end, noted in a list instead of obeyed at once."""
    noted: list[int] = []
    before = {
        number: signal.signal(number, lambda number, frame: noted.append(number))
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield noted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
