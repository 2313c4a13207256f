"""What a network is trained for: a head on its outputs, with a loss and a validation accuracy."""

import torch
from torch import nn
from torch.nn.functional import cross_entropy, normalize

from workflow_scripts.networks.blocks import initialise

# Noise-contrastive estimation divides by the partition function, a constant found on ImageNet by
# Wu et al. (2018, CVPR); it is proportional to the number of images.
PARTITION_PER_IMAGE = 2876934.2 / 1281167

EMBEDDING = 128

QUERIES = 128
"""Validation images whose similarities to the whole bank are in memory at a time."""


class Supervised(nn.Module):
    """Cross-entropy of a linear classifier over the image classes."""

    def __init__(self, n_inputs, labels, settings, generator):
        super().__init__()
        self.labels = labels
        self.classifier = nn.Linear(n_inputs, int(labels.max()) + 1)
        initialise(self, generator)

    def forward(self, features, indices, draws):
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
        batchnorm = settings["embedding_batchnorm"]
        self.embedding = nn.Linear(n_inputs, EMBEDDING, bias=not batchnorm)
        # The mean of softplus units is never zero, so that gradients of all images add up in one
        # direction: at the published learning rate they drive all embeddings along it together.
        # Batch normalisation takes it out, as at the end of SimCLR's head (Chen et al. 2020).
        self.scale = nn.BatchNorm1d(EMBEDDING, affine=False) if batchnorm else nn.Identity()
        initialise(self, generator)
        bank = torch.rand(len(labels), EMBEDDING, generator=generator) * 2 - 1
        self.register_buffer("bank", normalize(bank))

    def _embed(self, features):
        return normalize(self.scale(self.embedding(features)))

    def forward(self, features, indices, draws):
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
    def accuracy(self, features, labels):
        """Share of images whose nearest row of the bank has their class."""
        nearest = torch.cat(
            [(self._embed(part) @ self.bank.T).argmax(1) for part in features.split(QUERIES)]
        )
        return (self.labels[nearest] == labels).float().mean().item()


OBJECTIVES = {"supervised": Supervised, "instance_recognition": InstanceRecognition}
