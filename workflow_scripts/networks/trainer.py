"""One network in training: weights, optimiser, random streams, position and curve."""

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn

from workflow_scripts.common.random_streams import derive_seed
from workflow_scripts.images.device_images import DeviceImages
from workflow_scripts.images.pixels import normalise
from workflow_scripts.images.squares import SIZE
from workflow_scripts.networks.architecture import Variant, build_network
from workflow_scripts.networks.augmentation import augment, draw_augmentation
from workflow_scripts.networks.blocks import set_noise, torch_generator
from workflow_scripts.networks.gradient_watch import GradientWatch
from workflow_scripts.networks.objectives import OBJECTIVES, Validation
from workflow_scripts.networks.replay import Replay

MOMENTUM = 0.9
"""Momentum of stochastic gradient descent: the usual value for these architectures."""

DROP = 0.1
"""Factor of the learning rate each time that it falls: the usual tenth."""

STEPS_BETWEEN_CHECKS = 50
"""Steps between two checks of the gradients on a GPU: each check waits until the GPU is idle."""

COLLAPSED = 0.95
"""Mean cosine between the embeddings of two images above which a warning is logged."""

FEWEST_DIMENSIONS = 2.0
"""Effective dimensions of embeddings below which a warning is logged: they lie along one line."""

SETTLED = 100
"""Steps after which the running means of batch normalisation have forgotten their start. Before,
features of held-out images are not yet scaled as those of training images."""

VALIDATION_BATCH = 512
"""Held-out images in one pass, which bounds its memory."""


@dataclass(frozen=True)
class Epoch:
    """One row of a training curve.

    Attributes
    ----------
    seed : int
        Seed of the network.
    epoch : int
        Counted from 1.
    learning_rate : float
        In its last step.
    loss : float
        Mean over its steps.
    accuracy : float
        Share of validation images that are recognised at its end.
    mean_cosine, dimensions : float or None
        How validation images are spread then; see `Validation`.
    images_per_second : float
        Of this network, while the others of its group train as well.
    gpu_memory_mb : float or None
        Largest memory on the GPU until then; None on a CPU.
    """

    seed: int
    epoch: int
    learning_rate: float
    loss: float
    accuracy: float
    mean_cosine: float | None
    dimensions: float | None
    images_per_second: float
    gpu_memory_mb: float | None


def _decayed(modules: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Parameters of an optimiser, of which only weights decay.

    The gains of batch normalisation say how many spikes units fire. Decay would silence them within
    a few epochs of ImageNet. Biases do not decay either, as usual.
    """
    weights = [parameter for parameter in modules.parameters() if parameter.ndim > 1]
    others = [parameter for parameter in modules.parameters() if parameter.ndim <= 1]
    return [{"params": weights, "weight_decay": weight_decay}, {"params": others}]


def _log(row: Epoch, n_epochs: int) -> None:
    """Log a row of a training curve."""
    text = "seed %(seed)d, epoch %(epoch)d of %(n_epochs)d: "
    text += "loss %(loss).3f, accuracy %(accuracy).3f"
    if row.mean_cosine is not None:
        text += ", mean cosine %(mean_cosine).3f, %(dimensions).1f dimensions"
    logging.info(f"{text}, %(images_per_second).0f images/s", {**asdict(row), "n_epochs": n_epochs})


def _watch_spread(row: Epoch) -> None:
    """Warn if embeddings gather: around one point without centring, along one line with it."""
    if row.mean_cosine is None or row.dimensions is None:
        return
    if row.mean_cosine > COLLAPSED or row.dimensions < FEWEST_DIMENSIONS:
        logging.warning(
            "seed %d, epoch %d: the embeddings may be collapsing: found a mean cosine of %.2f "
            "between two images and %.1f effective dimensions, expected at most %s and at least %s",
            row.seed,
            row.epoch,
            row.mean_cosine,
            row.dimensions,
            COLLAPSED,
            FEWEST_DIMENSIONS,
        )


class Trainer:
    """One network in training.

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

    Attributes
    ----------
    network : Network
    modules : torch.nn.ModuleDict
        The network and its head: everything that is trained.
    optimiser : torch.optim.SGD
    streams : dict of str to torch.Generator
        Random streams on the device that continue from step to step.
    steps_per_epoch, n_steps, step : int
        Steps in one epoch, in the whole training, and taken so far.
    loss_sum : torch.Tensor, shape ()
        Sum of the losses of the epoch so far.
    curve : list of Epoch
    """

    def __init__(
        self,
        variant: Variant,
        images: DeviceImages,
        labels: torch.Tensor,
        validation: tuple[torch.Tensor, torch.Tensor],
        master_seed: int,
        seed: int,
        device: torch.device,
    ) -> None:
        self.seed, self.variant, self.device = seed, variant, device
        self.images, self.validation = images, validation
        self._names = (master_seed, "train", seed)
        self.network = build_network(variant, self._stream("initialisation"))
        objective = OBJECTIVES[variant["objective"]]
        self.head = objective(self.network.n_outputs, labels, variant, self._stream("head"))
        self.modules = nn.ModuleDict({"network": self.network, "head": self.head})
        self.modules.to(device).to(memory_format=torch.channels_last)
        self.streams = {
            name: self._stream(name, device) for name in ("noise", "augmentation", "negatives")
        }
        set_noise(self.network, self.streams["noise"])
        self.optimiser = torch.optim.SGD(
            _decayed(self.modules, variant["weight_decay"]),
            lr=variant["learning_rate"],
            momentum=MOMENTUM,
            fused=True,
        )
        self.steps_per_epoch = len(labels) // variant["batch_size"]
        self.n_steps = round(variant["epochs"] * self.steps_per_epoch)
        self.loss_sum = torch.zeros((), device=device)
        self._take_step: Callable[..., None] = self._compute_step
        if device.type == "cuda":
            self._take_step = Replay(self._compute_step, self.streams.values())
        self._gradients = GradientWatch(self.modules.named_parameters(), device)
        self.continue_after(0, [])

    def _stream(self, name: str, device: torch.device | str = "cpu") -> torch.Generator:
        return torch_generator(derive_seed(*self._names, name), device)

    def continue_after(self, step: int, curve: Sequence[Epoch]) -> None:
        """Set the position and the curve; the caller sets weights, streams and losses."""
        self.step, self.curve = step, list(curve)
        self._clock = (time.perf_counter(), step)
        self._order: torch.Tensor | None = None  # of the epoch that the next step is in

    @property
    def finished(self) -> bool:
        """Whether all steps are taken."""
        return self.step >= self.n_steps

    @property
    def learning_rate(self) -> float:
        """Learning rate of the next step."""
        shares = self.variant["learning_rate_drops"]
        drops = sum(self.step >= round(self.n_steps * share) for share in shares)
        rate: float = self.variant["learning_rate"] * DROP**drops
        return rate

    def advance(self) -> None:
        """Take one step, and at the end of an epoch validate."""
        epoch, position = divmod(self.step, self.steps_per_epoch)
        if self._order is None or position == 0:
            stream = self._stream(f"order/{epoch}")
            order = torch.randperm(len(self.images.index), generator=stream)
            self._order = order.to(self.images.place)
        size, learning_rate = self.variant["batch_size"], self.learning_rate
        positions = self._order[position * size : (position + 1) * size]
        self._take_step(
            self.images.batch(positions),
            positions.to(self.device, non_blocking=True),
            self.step,
            learning_rate,
        )
        self.step += 1
        if self.device.type == "cpu" or self.step % STEPS_BETWEEN_CHECKS == 0 or self.finished:
            self.require_finite()
        if position + 1 == self.steps_per_epoch or self.finished:
            self._end_epoch(epoch, position + 1, learning_rate)

    def _compute_step(
        self,
        images: torch.Tensor,
        indices: torch.Tensor,
        step: int | torch.Tensor,
        learning_rate: float | torch.Tensor,
    ) -> None:
        """Change the weights by the gradient of one batch.

        A GPU records all this: nothing may wait for the GPU, and what changes from step to step
        must be an argument or a random stream.
        """
        drawn = draw_augmentation(
            len(images),
            self.images.side,
            self.variant["augmentation"],
            self.streams["augmentation"],
        )
        pixels = normalise(augment(images, drawn, SIZE))
        pixels = pixels.contiguous(memory_format=torch.channels_last)
        with self._precision():
            features = self.network(pixels)
        loss = self.head(features.float(), indices, self.streams["negatives"])
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate
        self._gradients.note(step)
        if self.variant["gradient_clip"] is not None:
            nn.utils.clip_grad_norm_(self.modules.parameters(), self.variant["gradient_clip"])
        self.optimiser.step()
        self.loss_sum += loss.detach()

    def _precision(self) -> torch.autocast:
        """Half precision for matrix products, if the variant says so; weights stay in single."""
        return torch.autocast(self.device.type, torch.bfloat16, self.variant["bfloat16"])

    def require_finite(self) -> None:
        """Refuse weights that were changed by a gradient that was not finite.

        Raises
        ------
        FloatingPointError
            If there are such weights; it names the first such step and the first layer in it.
        """
        self._gradients.require_finite(self.seed, self.n_steps)

    def _end_epoch(self, epoch: int, n_steps: int, learning_rate: float) -> None:
        """Validate, and add a row to the curve."""
        loss = (self.loss_sum / n_steps).item()
        seconds, steps = time.perf_counter() - self._clock[0], self.step - self._clock[1]
        memory = (
            torch.cuda.max_memory_allocated(self.device) if self.device.type == "cuda" else None
        )
        row = Epoch(
            seed=self.seed,
            epoch=epoch + 1,
            learning_rate=learning_rate,
            loss=loss,
            **asdict(self._validate(epoch)),
            images_per_second=steps * self.variant["batch_size"] / seconds,
            gpu_memory_mb=None if memory is None else memory / 1e6,
        )
        self.curve.append(row)
        self.loss_sum.zero_()
        self._clock = (time.perf_counter(), self.step)
        # The last epoch may be a part of one.
        _log(row, math.ceil(self.n_steps / self.steps_per_epoch))
        if self.step >= SETTLED:
            _watch_spread(row)

    @torch.no_grad()
    def _validate(self, epoch: int) -> Validation:
        """What held-out images show, with noise, without dropout."""
        images, labels = self.validation
        self.modules.eval()
        # From a stream of its own, so that no weight depends on how many images there are.
        set_noise(self.network, self._stream(f"validation/{epoch}", self.device))
        with self._precision():
            batches = images.split(VALIDATION_BATCH)
            features = torch.cat([self.network(batch).float() for batch in batches])
        validation = self.head.validate(features, labels)
        self.modules.train()
        set_noise(self.network, self.streams["noise"])
        return validation
