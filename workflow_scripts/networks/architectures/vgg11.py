"""torchvision's VGG-11 with batch normalisation."""

from itertools import pairwise

import torch
from torch import nn
from torchvision.models.vgg import cfgs, make_layers

from workflow_scripts.common.forms import ShareBelowOne
from workflow_scripts.networks.architecture import Card
from workflow_scripts.networks.blocks import Dropout, Network, keep_inputs

CARD = Card(
    label="VGG-11",
    layers=("block1", "block2", "block3", "block4", "block5"),
    trained=True,
    reference="Simonyan & Zisserman 2015, ICLR, arXiv:1409.1556",
)

FEATURES = 512 * 2 * 2
"""Channels, rows and columns after the last pooling of a 64-pixel image."""

HIDDEN = 4096
"""Units of each hidden layer, as in the original."""


class VGG11(Network):
    """torchvision's VGG-11 for 64-pixel images without its classifier, read at its five stages.

    It has batch normalisation, as the other networks: without it the initial weights (see
    `initialise`) would let responses shrink from layer to layer. At 64 pixels 2 x 2 positions are
    left after the last pooling. The original's pooling to 7 x 7 would only copy and average them,
    so that the first hidden layer reads them directly.

    Parameters
    ----------
    dropout : float
        Share of the outputs of each hidden layer that is dropped in training.
    """

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.features = make_layers(cfgs["A"], batch_norm=True)
        self.n_outputs = HIDDEN
        self.hidden = nn.Sequential()
        for n_inputs in (FEATURES, HIDDEN):
            self.hidden.extend([nn.Linear(n_inputs, HIDDEN), nn.ReLU(), Dropout(dropout)])
        keep_inputs(self)

    def activations(self) -> dict[str, nn.Module]:
        """Last rectification of each stage, before it is pooled, by the stage's name."""
        last = [
            module
            for module, following in pairwise(self.features)
            if isinstance(following, nn.MaxPool2d)
        ]
        return {f"block{number}": module for number, module in enumerate(last, start=1)}

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = self.hidden(self.features(images).flatten(1))
        return features


def build(*, dropout: ShareBelowOne) -> VGG11:
    """VGG-11 with this dropout."""
    return VGG11(dropout)
