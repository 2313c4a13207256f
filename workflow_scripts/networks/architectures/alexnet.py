"""AlexNet with softplus units and noise."""

import torch
from torch import nn

from workflow_scripts.common.forms import ChannelMultiplier, PositiveNumber, ShareBelowOne
from workflow_scripts.networks.architecture import Card
from workflow_scripts.networks.blocks import Dropout, Network, NoisySoftplus

CARD = Card(
    label="AlexNet",
    layers=("conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7"),
    trained=True,
    reference="Krizhevsky et al. 2012, NeurIPS; Nayebi et al. 2023, "
    "doi:10.1371/journal.pcbi.1011506",
)

CONVOLUTIONS = (
    (64, 11, 4, 2, True),
    (192, 5, 1, 2, True),
    (384, 3, 1, 1, False),
    (256, 3, 1, 1, False),
    (256, 3, 1, 1, True),
)
"""Output channels, kernel, stride, padding, and whether a pooling follows.

They are those of torchvision's AlexNet, which Nayebi et al. (2023) train on images of 64 pixels.
"""

HIDDEN = 4096
"""Units of each hidden layer, as in the original."""


class AlexNet(Network):
    """AlexNet for 64-pixel images without a classifier: the last hidden layer is the output.

    At 64 pixels one position is left after the last pooling. The original's pooling to 6 x 6 would
    only copy it 36 times, so that the first hidden layer reads it directly.

    Parameters
    ----------
    width : float
        Multiplier of all channel counts.
    drive_deviation : float or None
        Standard deviation to which batch normalisation scales the drive of every softplus at the
        start of a training; None is without batch normalisation. With 4, a softplus is 1.8 on
        average: read as spikes in a quarter of a second, as many as cortical units fire (see
        docs/networks.md).
    dropout : float
        Share of the inputs of each hidden layer that is dropped in training.
    noise_gain : float or None
        See `NoisySoftplus`.
    """

    def __init__(
        self,
        width: float,
        drive_deviation: float | None,
        dropout: float,
        noise_gain: float | None,
    ) -> None:
        super().__init__()
        channels, batchnorm = 3, drive_deviation is not None
        self.blocks = nn.ModuleDict()
        for number, (original, kernel, stride, padding, pooled) in enumerate(CONVOLUTIONS, start=1):
            out = round(original * width)
            convolution = nn.Conv2d(channels, out, kernel, stride, padding, bias=not batchnorm)
            normalisation = [nn.BatchNorm2d(out)] if batchnorm else []
            pool = nn.MaxPool2d(3, 2) if pooled else nn.Identity()
            self.blocks[f"conv{number}"] = nn.Sequential(
                convolution, *normalisation, NoisySoftplus(noise_gain), pool
            )
            channels = out
        features = channels
        self.n_outputs = round(HIDDEN * width)
        for name in ("fc6", "fc7"):
            linear = nn.Linear(features, self.n_outputs, bias=not batchnorm)
            layers = [linear, *([nn.BatchNorm1d(self.n_outputs)] if batchnorm else [])]
            self.blocks[name] = nn.Sequential(Dropout(dropout), *layers, NoisySoftplus(noise_gain))
            features = self.n_outputs
        for module in self.modules():
            if drive_deviation is not None and isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                nn.init.constant_(module.weight, drive_deviation)

    def activations(self) -> dict[str, nn.Module]:
        """Non-linearity of each layer, by the layer's name."""
        return {
            name: next(module for module in block.children() if isinstance(module, NoisySoftplus))
            for name, block in self.blocks.items()
        }

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        x = images
        for name, block in self.blocks.items():
            if name == "fc6":
                x = x.flatten(1)
            x = block(x)
        return x


def build(
    *,
    width: ChannelMultiplier,
    drive_deviation: PositiveNumber | None,
    dropout: ShareBelowOne,
    noise_gain: PositiveNumber | None,
) -> AlexNet:
    """AlexNet with these options."""
    return AlexNet(width, drive_deviation, dropout, noise_gain)
