"""One network in training: weights, optimiser, random streams, position and curve."""

import logging
import time

import torch
from torch import nn

from workflow_scripts.common.random_streams import derive_seed
from workflow_scripts.images.pixels import normalise
from workflow_scripts.images.squares import SIZE
from workflow_scripts.networks.architecture import build_network
from workflow_scripts.networks.augmentation import augment, draw_augmentation
from workflow_scripts.networks.blocks import set_noise, torch_generator
from workflow_scripts.networks.objectives import OBJECTIVES

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

STEPS_BETWEEN_CHECKS = 50
"""A GPU works ahead of the program, which waits for it only so often."""


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
