"""Training of a group of networks that differ in their seed, from named random streams."""

import logging
import signal
import sys
import time
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from workflow_scripts.augmentation import augment, draw_augmentation
from workflow_scripts.errors import InputError
from workflow_scripts.network import (
    build_network,
    normalise,
    set_noise,
    to_input,
    torch_generator,
)
from workflow_scripts.objectives import OBJECTIVES
from workflow_scripts.seeds import derive_seed
from workflow_scripts.stimuli import SIZE

CURVE_COLUMNS = [
    "seed",
    "epoch",
    "learning_rate",
    "loss",
    "accuracy",
    "images_per_second",
    "gpu_memory_mb",
]
MOMENTUM = 0.9
DROP = 0.1  # of the learning rate, each time it falls
FREE_SHARE = 0.5
"""Images stay on a GPU if they take at most this share of its free memory."""
STEPS_BETWEEN_CHECKS = 50
"""A GPU works ahead of the program, which waits for it only so often."""


class DeviceImages:
    """Training images, on the device where they fit, else copied to it a batch at a time.

    Parameters
    ----------
    training : workflow_scripts.stimuli.ImageSet
    device : torch.device
    """

    def __init__(self, training, device):
        self.device = device
        # Copied: a coordinate of xarray is read-only, of which PyTorch would warn.
        self.index = torch.tensor(training.index)
        self.images = torch.from_numpy(training.images)
        free = np.inf if device.type == "cpu" else torch.cuda.mem_get_info(device)[0]
        if training.images.nbytes <= FREE_SHARE * free:
            self.images = self.images.to(device)

    @property
    def side(self):
        """Side of the images in pixels."""
        return self.images.shape[1]

    def batch(self, positions):
        """Images at positions of the set (CPU), uint8 (n, side, side, 3) on the device."""
        rows = self.images[self.index[positions].to(self.images.device)]
        # By type: a tensor on "cuda" says that it is on "cuda:0".
        if rows.device.type == self.device.type:
            return rows
        return rows.pin_memory().to(self.device, non_blocking=True)


class Trainer:
    """One network on its way: weights, optimiser, random streams, position and curve.

    Parameters
    ----------
    variant : dict
        Architecture, ``objective`` and optimisation settings of the configuration.
    images : DeviceImages
    labels : torch.Tensor of int64, shape (n,)
        Class of each image of the set.
    validation : tuple of torch.Tensor
        Images, float32 (n, 3, size, size) normalised, and labels.
    master_seed, seed : int
        Of the run, and of this network.
    device : torch.device
    """

    def __init__(self, variant, images, labels, validation, master_seed, seed, device):
        self.seed, self.variant, self.device = seed, variant, device
        self.images, self.validation = images, validation
        self._names = (master_seed, "train", seed)
        self.network = build_network(variant, self._stream("initialisation"))
        objective = OBJECTIVES[variant["objective"]]
        self.head = objective(self.network.n_outputs, labels, variant, self._stream("head"))
        self.modules = nn.ModuleDict({"network": self.network, "head": self.head})
        self.modules.to(device, memory_format=torch.channels_last)
        self.streams = {
            name: self._stream(name, device) for name in ("noise", "augmentation", "negatives")
        }
        set_noise(self.network, self.streams["noise"])
        self.optimiser = torch.optim.SGD(
            self.modules.parameters(),
            lr=variant["learning_rate"],
            momentum=MOMENTUM,
            weight_decay=variant["weight_decay"],
            fused=True,
        )
        self.steps_per_epoch = len(labels) // variant["batch_size"]
        self.n_steps = round(variant["epochs"] * self.steps_per_epoch)
        self.step, self.curve = 0, []
        self.loss_sum = torch.zeros((), device=device)
        self._order = None
        self._names_of_weights, self._weights = zip(*self.modules.named_parameters(), strict=True)
        self._bad_step = torch.full((len(self._weights),), -1, device=device)
        self._clock = (time.perf_counter(), 0)

    def _stream(self, name, place="cpu"):
        return torch_generator(derive_seed(*self._names, name), place)

    @property
    def finished(self):
        return self.step >= self.n_steps

    @property
    def learning_rate(self):
        """Learning rate of the next step."""
        shares = self.variant["learning_rate_drops"]
        drops = sum(self.step >= round(self.n_steps * share) for share in shares)
        return self.variant["learning_rate"] * DROP**drops

    def advance(self):
        """Take one step, and at the end of an epoch validate."""
        epoch, position = divmod(self.step, self.steps_per_epoch)
        if self._order is None or position == 0:
            order = self._stream(f"order/{epoch}")
            self._order = torch.randperm(len(self.images.index), generator=order)
        size = self.variant["batch_size"]
        indices = self._order[position * size : (position + 1) * size]
        pixels = self.images.batch(indices)
        drawn = draw_augmentation(
            size, self.images.side, self.variant["augmentation"], self.streams["augmentation"]
        )
        pixels = normalise(augment(pixels, drawn, SIZE))
        pixels = pixels.contiguous(memory_format=torch.channels_last)
        with self._precision():
            features = self.network(pixels)
        loss = self.head(features.float(), indices.to(self.device), self.streams["negatives"])
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate = self.learning_rate
        self._watch_gradients()
        self.optimiser.step()
        self.loss_sum += loss.detach()
        self.step += 1
        if self.device.type == "cpu" or self.step % STEPS_BETWEEN_CHECKS == 0 or self.finished:
            self.require_finite()
        if position + 1 == self.steps_per_epoch or self.finished:
            self._end_epoch(epoch, position + 1, learning_rate)

    def _precision(self):
        """Half precision where a GPU computes with it; weights stay in single."""
        return torch.autocast(self.device.type, torch.bfloat16, self.device.type == "cuda")

    def _watch_gradients(self):
        """Note, without waiting for the device, in which step a gradient was first not finite."""
        norms = torch.stack([parameter.grad.norm() for parameter in self._weights])
        fresh = ~norms.isfinite() & (self._bad_step < 0)
        self._bad_step = torch.where(fresh, self.step, self._bad_step)

    def require_finite(self):
        """Refuse weights that a gradient has reached that was not finite.

        Raises
        ------
        FloatingPointError
            That names the first such step and the first layer in it.
        """
        bad = self._bad_step.cpu()
        if (bad < 0).all():
            return
        first = bad[bad >= 0].min()
        name = self._names_of_weights[(bad == first).int().argmax()]
        raise FloatingPointError(
            f"training of seed {self.seed} diverged: found a gradient of {name} that is not finite "
            f"in step {int(first) + 1} of {self.n_steps}, expected finite numbers, try a lower "
            f"learning_rate"
        )

    def _end_epoch(self, epoch, n_steps, learning_rate):
        loss = (self.loss_sum / n_steps).item()
        seconds, steps = time.perf_counter() - self._clock[0], self.step - self._clock[1]
        memory = (
            torch.cuda.max_memory_allocated(self.device) if self.device.type == "cuda" else None
        )
        self.curve.append(
            {
                "seed": self.seed,
                "epoch": epoch + 1,
                "learning_rate": learning_rate,
                "loss": loss,
                "accuracy": self._accuracy(epoch),
                "images_per_second": steps * self.variant["batch_size"] / seconds,
                "gpu_memory_mb": None if memory is None else memory / 1e6,
            }
        )
        self.loss_sum.zero_()
        self._clock = (time.perf_counter(), self.step)
        logging.info(
            "seed %(seed)d, epoch %(epoch)d: loss %(loss).3f, accuracy %(accuracy).3f, "
            "%(images_per_second).0f images/s",
            self.curve[-1],
        )

    @torch.no_grad()
    def _accuracy(self, epoch):
        """Accuracy on held-out images, with noise, without dropout."""
        images, labels = self.validation
        self.modules.eval()
        # Of a stream of its own, so that no weight depends on how many images there are.
        set_noise(self.network, self._stream(f"validation/{epoch}", self.device))
        with self._precision():
            features = torch.cat([self.network(batch).float() for batch in images.split(512)])
        accuracy = self.head.accuracy(features, labels)
        self.modules.train()
        set_noise(self.network, self.streams["noise"])
        return accuracy

    def state(self):
        """Everything that the next steps depend on: tensors by name, and numbers."""
        self.require_finite()
        tensors = {f"modules.{name}": value for name, value in self.modules.state_dict().items()}
        for name, parameter in self.modules.named_parameters():
            if parameter in self.optimiser.state:
                momentum = self.optimiser.state[parameter]["momentum_buffer"]
                tensors[f"momentum.{name}"] = momentum
        tensors |= {f"stream.{name}": s.get_state() for name, s in self.streams.items()}
        tensors["loss_sum"] = self.loss_sum
        return tensors, {"step": self.step, "curve": self.curve}

    def restore(self, tensors, numbers):
        """Go back to a `state`."""
        weights = {
            name.removeprefix("modules."): value
            for name, value in tensors.items()
            if name.startswith("modules.")
        }
        self.modules.load_state_dict(weights)
        for name, parameter in self.modules.named_parameters():
            if f"momentum.{name}" in tensors:
                momentum = torch.empty_like(parameter).copy_(tensors[f"momentum.{name}"])
                self.optimiser.state[parameter]["momentum_buffer"] = momentum
        for name, stream in self.streams.items():
            stream.set_state(tensors[f"stream.{name}"])
        self.loss_sum.copy_(tensors["loss_sum"])
        self.step, self.curve = numbers["step"], numbers["curve"]
        self._clock = (time.perf_counter(), self.step)
        self._order = None  # of the epoch that the next step is in


def train(variant, training, validation, *, master_seed, seeds, device, checkpoints):
    """Train a group of networks on one device, in turn step by step, on the same images.

    A seed decides on its network's initial weights, on the order of its images and on the draws of
    noise, dropout, augmentation and negatives; nothing else differs between seeds of a variant, and
    no network depends on which others are in the group. A checkpoint is written every few minutes
    and on SIGTERM or SIGINT, and gone on from.

    Parameters
    ----------
    variant : dict
        Architecture, ``objective`` and optimisation settings of the configuration.
    training : workflow_scripts.stimuli.ImageSet
    validation : xarray.Dataset
        ``image`` (stimulus, y, x, channel) uint8 and ``label`` (stimulus).
    master_seed : int
        Master seed of the run.
    seeds : list of int
        Seeds of the networks.
    device : torch.device
    checkpoints : workflow_scripts.checkpoints.Checkpoints

    Returns
    -------
    networks : dict of int to torch.nn.Module
        By seed.
    curve : list of dict
        One row a seed and epoch: seed, epoch, learning_rate, loss, accuracy (validation),
        images_per_second (of this network, while the others of the group train, too) and
        gpu_memory_mb (the largest so far).

    Raises
    ------
    FloatingPointError
        If a gradient is not finite, naming the step and the layer.
    InputError
        If there are fewer images than one batch has, epochs have no step, or a checkpoint cannot be
        read.
    SystemExit
        After a signal, when the checkpoints are written.
    """
    if variant["objective"] == "untrained":
        initial = {
            seed: torch_generator(derive_seed(master_seed, "train", seed, "initialisation"))
            for seed in seeds
        }
        return {seed: build_network(variant, stream) for seed, stream in initial.items()}, []
    if len(training.index) < variant["batch_size"]:
        raise InputError(
            f"config stimuli.n.training: found {len(training.index)} images, expected at least "
            f"training.batch_size, {variant['batch_size']}"
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
            f"config training.epochs: found {variant['epochs']}, expected at least one step, "
            f"1/{trainers[0].steps_per_epoch} of an epoch"
        )
    for trainer in trainers:
        checkpoints.resume(trainer)
    size = variant["batch_size"]
    total = sum(trainer.n_steps for trainer in trainers) * size
    started = sum(trainer.step for trainer in trainers) * size
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
                # After a kill between two checkpoints some are ahead.
                if trainer.step == step:
                    trainer.advance()
                    progress.update(size)
                    progress.set_postfix(_last(trainer.curve), refresh=False)
            if signals or time.perf_counter() - saved > 60 * checkpoints.minutes:
                for trainer in trainers:
                    checkpoints.save(trainer)
                saved = time.perf_counter()
            if signals:
                logging.error(
                    "%s ended the training after step %d; the next run goes on from %s",
                    signal.Signals(signals[0]).name,
                    step + 1,
                    checkpoints.folder,
                )
                sys.exit(1)
    curve = [row for trainer in trainers for row in trainer.curve]
    return {trainer.seed: trainer.network for trainer in trainers}, curve


def _last(curve):
    """What the progress bar says of the last epoch."""
    names = ("seed", "loss", "accuracy", "gpu_memory_mb")
    last = curve[-1] if curve else {}
    return {name: f"{last[name]:.4g}" for name in names if last.get(name) is not None}


@contextmanager
def _noted_signals():
    """Signals that ask the process to end, noted in a list instead of obeyed at once."""
    noted = []
    before = {
        number: signal.signal(number, lambda number, frame: noted.append(number))
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield noted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
