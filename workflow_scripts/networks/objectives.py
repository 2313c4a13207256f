"""What a network is trained for: a head on its outputs, with a loss and what it is watched by."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.functional import cross_entropy, logsigmoid, normalize

from workflow_scripts.networks.architecture import Variant
from workflow_scripts.networks.blocks import initialise

PARTITION_PER_IMAGE = 2876934.2 / 1281167
"""Partition function of noise-contrastive estimation, divided by the number of images.

Implementations of Wu et al. (2018, CVPR) use this constant on ImageNet, with a temperature of .07.
It hardly depends on the images: cosines with rows of a bank that is still random have a variance of
1/128, so that the mean of ``exp(cosine / 0.07)`` is 2.21. Once embeddings gather, it is much more.
"""

EMBEDDING = 128
"""Dimensions of an embedding, as in Wu et al. (2018)."""

NEWEST_SHARE = 0.1
"""Share of the newest batch in the running mean of `Centring`, as in PyTorch's batch normalisation.
"""

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""Mean loss of logits (n, m) of rows of the bank, and the column of each image's own row (n,)."""

QUERIES = 128
"""Validation images whose similarities to the whole bank are in memory at a time."""


@dataclass(frozen=True)
class Validation:
    """What held-out images show of a network.

    Attributes
    ----------
    accuracy : float
        Share of the images that are recognised.
    mean_cosine : float or None
        Mean cosine between the embeddings of two images; None without embeddings of two.
    dimensions : float or None
        Effective dimensions of the embeddings, the participation ratio ``(sum l)^2 / sum l^2`` of
        the eigenvalues l of their covariance; None without embeddings of two.
    """

    accuracy: float
    mean_cosine: float | None = None
    dimensions: float | None = None


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

    def validate(self, features: torch.Tensor, labels: torch.Tensor) -> Validation:
        """What the features of held-out images with these labels show."""
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
    def validate(self, features: torch.Tensor, labels: torch.Tensor) -> Validation:
        """An image is recognised if its class has the largest logit."""
        return Validation(_share(self.classifier(features).argmax(1) == labels))


class Centring(nn.Module):
    """Subtracts the mean of a batch; in validation, its running mean.

    The mean of softplus units is never zero, so that the embeddings of all images have a common
    part. Where it is large, they cannot be told apart without centring.

    Parameters
    ----------
    n : int
        Number of variables.
    """

    mean: torch.Tensor
    n_batches: torch.Tensor

    def __init__(self, n: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(n))
        self.register_buffer("n_batches", torch.zeros(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return x - self.mean
        mean = x.mean(0)
        with torch.no_grad():
            self.n_batches += 1
            # The first batches count alike: before any of them there is no mean to keep.
            self.mean.lerp_(mean, (1 / self.n_batches).clamp(min=NEWEST_SHARE))
        return x - mean


class InstanceRecognition(Head):
    """Recognition of each single image among the rows of a memory bank (Wu et al. 2018).

    The bank has a row for each image, a running mean of its embeddings. The loss tells the image of
    an embedding from other images: ``softmax`` is minus the logarithm of its share among them,
    ``nce`` that of noise-contrastive estimation with a fixed partition function. A validation image
    is recognised if the nearest row is that of an image of its class.
    """

    bank: torch.Tensor

    def __init__(
        self, n_inputs: int, labels: torch.Tensor, settings: Variant, generator: torch.Generator
    ) -> None:
        super().__init__(n_inputs, labels, settings, generator)
        options = settings["instance_recognition"]
        losses: dict[str, Loss] = {"softmax": cross_entropy, "nce": self._noise_contrastive}
        self.loss = losses[options["loss"]]
        self.temperature = options["temperature"]
        self.momentum = options["bank_momentum"]
        self.n_negatives = options["negatives"]
        centred = options["centred"]
        self.embedding = nn.Linear(n_inputs, EMBEDDING, bias=not centred)
        self.centre = Centring(EMBEDDING) if centred else nn.Identity()
        initialise(self, generator)
        bank = torch.rand(len(labels), EMBEDDING, generator=generator) * 2 - 1
        self.register_buffer("bank", normalize(bank))

    def _embed(self, features: torch.Tensor) -> torch.Tensor:
        return normalize(self.centre(self.embedding(features)))

    def forward(
        self, features: torch.Tensor, indices: torch.Tensor, draws: torch.Generator
    ) -> torch.Tensor:
        embedded = self._embed(features)
        if self.n_negatives is None:
            # The gradient needs the bank as it was; the rows of the batch change below.
            similarities, own = embedded @ self.bank.clone().T, indices
        else:
            n, device = len(indices), indices.device
            drawn = torch.randint(
                len(self.bank), (n, self.n_negatives), generator=draws, device=device
            )
            rows = self.bank[torch.cat([indices[:, None], drawn], 1)]
            similarities = torch.einsum("nmd,nd->nm", rows, embedded)
            own = torch.zeros_like(indices)
        loss = self.loss(similarities / self.temperature, own)
        with torch.no_grad():
            row = self.momentum * self.bank[indices] + (1 - self.momentum) * embedded
            self.bank[indices] = normalize(row)
        return loss

    def _noise_contrastive(self, logits: torch.Tensor, own: torch.Tensor) -> torch.Tensor:
        """Minus log probability that the first row is the image and the others are random rows.

        A row is the image with probability ``d / (d + m / n)``, where ``d = exp(logit) / (c n)`` is
        its density with the constant c, m is the number of negatives and n that of images.
        """
        log_odds = logits - math.log(PARTITION_PER_IMAGE * self.n_negatives)
        return -(logsigmoid(log_odds[:, 0]) + logsigmoid(-log_odds[:, 1:]).sum(1)).mean()

    @torch.no_grad()
    def validate(self, features: torch.Tensor, labels: torch.Tensor) -> Validation:
        """An image is recognised if the nearest row of the bank has its class."""
        embedded = self._embed(features)
        nearest = torch.cat([(rows @ self.bank.T).argmax(1) for rows in embedded.split(QUERIES)])
        return Validation(_share(self.labels[nearest] == labels), *_spread(embedded))


def _share(recognised: torch.Tensor) -> float:
    return recognised.float().mean().item()


def _spread(embedded: torch.Tensor) -> tuple[float | None, float | None]:
    """Mean cosine between two embeddings of length 1, and the effective dimensions of all."""
    n, mean = len(embedded), embedded.mean(0)
    if n == 1:
        return None, None
    # Of a sum of vectors of length 1, the squared length is the sum of all cosines.
    cosine = (n * mean @ mean - 1) / (n - 1)
    covariance = torch.cov(embedded.T)
    dimensions = covariance.trace() ** 2 / covariance.square().sum()
    return cosine.item(), dimensions.item()


OBJECTIVES = {"supervised": Supervised, "instance_recognition": InstanceRecognition}
"""Heads by the names that config gives to objectives."""
