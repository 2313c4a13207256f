"""Training of one network with one of two objectives, from named random streams."""

import logging
import math
import time

import torch
from torch import nn
from torch.nn.functional import cross_entropy, normalize
from tqdm import tqdm

from workflow_scripts.augmentation import augment
from workflow_scripts.network import (
    build_network,
    initialise,
    normalise,
    set_noise,
    to_input,
    torch_generator,
)
from workflow_scripts.seeds import derive_seed

# Noise-contrastive estimation divides by the partition function, a constant found on ImageNet by
# Wu et al. (2018, CVPR); it is proportional to the number of images.
PARTITION_PER_IMAGE = 2876934.2 / 1281167
EMBEDDING = 128


class Supervised(nn.Module):
    """Cross-entropy of a linear classifier over the image classes."""

    def __init__(self, n_inputs, labels, settings, generator):
        super().__init__()
        self.labels = labels
        self.classifier = nn.Linear(n_inputs, int(labels.max()) + 1)
        initialise(self, generator)

    def forward(self, features, indices):
        return cross_entropy(self.classifier(features), self.labels[indices])

    @torch.no_grad()
    def accuracy(self, features, labels):
        """Share of images whose class has the largest logit."""
        return (self.classifier(features).argmax(1) == labels).float().mean().item()


class InstanceRecognition(nn.Module):
    """Noise-contrastive estimation over a memory bank with one row an image (Wu et al. 2018).

    The label of a validation image is that of the nearest row of the bank.
    """

    def __init__(self, n_inputs, labels, settings, generator):
        super().__init__()
        self.labels = labels
        self.temperature = settings["temperature"]
        self.momentum = settings["bank_momentum"]
        self.n_negatives = settings["negatives"]
        self.embedding = nn.Linear(n_inputs, EMBEDDING)
        initialise(self, generator)
        bank = torch.rand(len(labels), EMBEDDING, generator=generator) * 2 - 1
        self.register_buffer("bank", normalize(bank))
        self.negatives = torch_generator(generator.initial_seed(), labels.device)

    def forward(self, features, indices):
        embedded = normalize(self.embedding(features))
        n = len(self.bank)
        drawn = torch.randint(
            n,
            (len(indices), self.n_negatives),
            generator=self.negatives,
            device=indices.device,
        )
        rows = self.bank[torch.cat([indices[:, None], drawn], 1)]
        partition = PARTITION_PER_IMAGE * n
        density = (torch.einsum("nmd,nd->nm", rows, embedded) / self.temperature).exp() / partition
        # Probability that a row was the image itself and not one of the uniform draws.
        noise = self.n_negatives / n
        posterior = density / (density + noise)
        loss = -(posterior[:, 0].log() + (1 - posterior[:, 1:]).log().sum(1)).mean()
        with torch.no_grad():
            row = self.momentum * self.bank[indices] + (1 - self.momentum) * embedded
            self.bank[indices] = normalize(row)
        return loss

    @torch.no_grad()
    def accuracy(self, features, labels):
        """Share of images whose nearest row of the bank has their class."""
        nearest = (normalize(self.embedding(features)) @ self.bank.T).argmax(1)
        return (self.labels[nearest] == labels).float().mean().item()


OBJECTIVES = {"supervised": Supervised, "instance_recognition": InstanceRecognition}


def evaluate(network, head, images, labels, batch_size=512):
    """Accuracy on held-out images, with noise, without dropout."""
    network.eval()
    with torch.no_grad():
        features = torch.cat(
            [
                network(normalise(batch))
                for batch in to_input(images, labels.device).split(batch_size)
            ]
        )
    network.train()
    return head.accuracy(features, labels)


def train(variant, training, validation, *, master_seed, seed, device):
    """Train one network.

    The seed decides on the initial weights, on the order of the images and on the draws of noise,
    dropout, augmentation and negatives; nothing else differs between seeds of a variant.

    Parameters
    ----------
    variant : dict
        Architecture, ``objective`` and optimisation settings of the configuration.
    training : workflow_scripts.stimuli.ImageSet
    validation : xarray.Dataset
        ``image`` (stimulus, y, x, channel) uint8 and ``label`` (stimulus).
    master_seed : int
        Master seed of the run.
    seed : int
        Seed of this network.
    device : torch.device

    Returns
    -------
    network : torch.nn.Module
    curve : list of dict
        One row an epoch: epoch, learning_rate, loss, accuracy (validation), images_per_second.

    Raises
    ------
    FloatingPointError
        If a gradient is not finite, naming the step and the parameter.
    """

    def stream(name, place="cpu"):
        return torch_generator(derive_seed(master_seed, "train", seed, name), place)

    network = build_network(variant, stream("initialisation")).to(device)
    if variant["objective"] == "untrained":
        return network, []
    labels = torch.as_tensor(training.labels[training.index], device=device)
    held_out = torch.as_tensor(validation["label"].values, device=device)
    head = OBJECTIVES[variant["objective"]](network.n_outputs, labels, variant, stream("head")).to(
        device
    )
    set_noise(network, stream("noise", device))
    augmentation = stream("augmentation", device)
    order = stream("order")
    # Dropout has no generator argument: it draws from the global one.
    torch.manual_seed(derive_seed(master_seed, "train", seed, "dropout"))

    modules = nn.ModuleList([network, head])
    optimiser = torch.optim.SGD(
        modules.parameters(),
        lr=variant["learning_rate"],
        momentum=0.9,
        weight_decay=variant["weight_decay"],
    )
    n, batch_size = len(labels), variant["batch_size"]
    steps = round(variant["epochs"] * (n // batch_size))
    milestones = [round(steps * share) for share in variant["learning_rate_drops"]]
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimiser, milestones, gamma=0.1)
    curve = []
    with tqdm(total=steps * batch_size, unit="image", unit_scale=True, mininterval=5) as progress:
        for epoch in range(math.ceil(variant["epochs"])):
            started, total = time.perf_counter(), torch.zeros((), device=device)
            batches = torch.randperm(n, generator=order).split(batch_size)
            batches = [batch for batch in batches if len(batch) == batch_size]
            # The last epoch may be a part of one.
            batches = batches[: steps - epoch * len(batches)]
            for indices in batches:
                # The side of the packed images comes in here, and goes through augmentation.
                batch = torch.as_tensor(training.images[training.index[indices]], device=device)
                batch, indices = batch.permute(0, 3, 1, 2).float().div_(255), indices.to(device)
                batch = normalise(augment(batch, variant["augmentation"], augmentation))
                loss = head(network(batch), indices)
                optimiser.zero_grad(set_to_none=True)
                loss.backward()
                _require_finite(modules, epoch, loss)
                optimiser.step()
                schedule.step()
                total += loss.detach()
                progress.update(batch_size)
            mean_loss = (total / len(batches)).item()
            seconds = time.perf_counter() - started
            accuracy = evaluate(network, head, validation["image"].values, held_out)
            curve.append(
                {
                    "epoch": epoch + 1,
                    "learning_rate": schedule.get_last_lr()[0],
                    "loss": mean_loss,
                    "accuracy": accuracy,
                    "images_per_second": len(batches) * batch_size / seconds,
                }
            )
            progress.set_postfix(loss=f"{mean_loss:.3f}", accuracy=f"{accuracy:.3f}")
            logging.info("epoch %(epoch)d: loss %(loss).3f, accuracy %(accuracy).3f", curve[-1])
    return network, curve


def _require_finite(modules, epoch, loss):
    if torch.isfinite(loss):
        return
    bad = [
        name
        for name, parameter in modules.named_parameters()
        if parameter.grad is not None and not torch.isfinite(parameter.grad).all()
    ]
    raise FloatingPointError(
        f"training diverged in epoch {epoch + 1}: loss {loss.item()}, first gradient that is not "
        f"finite: {bad[0] if bad else 'none'}; expected finite numbers, try a lower learning_rate"
    )
