"""What a network is trained for: a head on its outputs, with a loss and a validation accuracy."""

import torch
from torch import nn
from torch.nn.functional import cross_entropy, normalize

from workflow_scripts.networks.architecture import Variant
from workflow_scripts.networks.blocks import initialise

PARTITION_PER_IMAGE = 2876934.2 / 1281167
"""Partition function of noise-contrastive estimation, divided by the number of images.

Wu et al. (2018, CVPR) found the constant on ImageNet; it is proportional to the number of images.
"""

EMBEDDING = 128
"""Dimensions of an embedding, as in Wu et al. (2018)."""

QUERIES = 128
"""Validation images whose similarities to the whole bank are in memory at a time."""


class Head(nn.Module):
    """What is trained on top of a network, and dropped when the training ends.

    Parameters
    ----------
    n_inputs : int
        Number of the network's outputs.
    labels : torch.Tensor of int64, shape (n_images,)
        Class of each training image.
    settings : dict
        Settings of the variant; a head takes those of its objective.
    generator : torch.Generator
        CPU generator of the initial weights.
    """

    def __init__(
        self, n_inputs: int, labels: torch.Tensor, settings: Variant, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.labels = labels

    def forward(
        self, features: torch.Tensor, indices: torch.Tensor, draws: torch.Generator
    ) -> torch.Tensor:
        """Loss of a batch: features (n, n_inputs) of the training images at `indices`."""
        raise NotImplementedError

    def accuracy(self, features: torch.Tensor, labels: torch.Tensor) -> float:
        """Share of the images with these features and labels that are recognised."""
        raise NotImplementedError


class Supervised(Head):
    """Cross-entropy of a linear classifier over the image classes."""

    def __init__(
        self, n_inputs: int, labels: torch.Tensor, settings: Variant, generator: torch.Generator
    ) -> None:
        super().__init__(n_inputs, labels, settings, generator)
        self.classifier = nn.Linear(n_inputs, int(labels.max()) + 1)
        initialise(self, generator)

    def forward(
        self, features: torch.Tensor, indices: torch.Tensor, draws: torch.Generator
    ) -> torch.Tensor:
        return cross_entropy(self.classifier(features), self.labels[indices])

    @torch.no_grad()
    def accuracy(self, features: torch.Tensor, labels: torch.Tensor) -> float:
        """Share of images whose class has the largest logit."""
        return (self.classifier(features).argmax(1) == labels).float().mean().item()


class InstanceRecognition(Head):
    """Noise-contrastive estimation over a memory bank with one row per image (Wu et al. 2018).

    The label of a validation image is that of the nearest row of the bank.
    """

    bank: torch.Tensor

    def __init__(
        self, n_inputs: int, labels: torch.Tensor, settings: Variant, generator: torch.Generator
    ) -> None:
        super().__init__(n_inputs, labels, settings, generator)
        self.temperature = settings["temperature"]
        self.momentum = settings["bank_momentum"]
        self.n_negatives = settings["negatives"]
        batchnorm = settings["embedding_batchnorm"]
        self.embedding = nn.Linear(n_inputs, EMBEDDING, bias=not batchnorm)
        # The mean of softplus units is never zero, so that gradients of all images add up in one
        # direction: at the published learning rate they drive all embeddings along it together.
        # Batch normalisation removes this direction, as at the end of SimCLR's head (Chen et al.
        # 2020).
        self.scale = nn.BatchNorm1d(EMBEDDING, affine=False) if batchnorm else nn.Identity()
        initialise(self, generator)
        bank = torch.rand(len(labels), EMBEDDING, generator=generator) * 2 - 1
        self.register_buffer("bank", normalize(bank))

    def _embed(self, features: torch.Tensor) -> torch.Tensor:
        return normalize(self.scale(self.embedding(features)))

    def forward(
        self, features: torch.Tensor, indices: torch.Tensor, draws: torch.Generator
    ) -> torch.Tensor:
        embedded = self._embed(features)
        n = len(self.bank)
        drawn = torch.randint(
            n, (len(indices), self.n_negatives), generator=draws, device=indices.device
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
    def accuracy(self, features: torch.Tensor, labels: torch.Tensor) -> float:
        """Share of images whose nearest row of the bank has their class."""
        nearest = torch.cat(
            [(self._embed(rows) @ self.bank.T).argmax(1) for rows in features.split(QUERIES)]
        )
        return (self.labels[nearest] == labels).float().mean().item()


OBJECTIVES = {"supervised": Supervised, "instance_recognition": InstanceRecognition}
"""Heads by the names that config gives to objectives."""
