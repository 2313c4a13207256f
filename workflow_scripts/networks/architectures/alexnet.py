"""AlexNet with softplus units and noise."""

from torch import nn

from workflow_scripts.networks.blocks import Dropout, NoisySoftplus

# (output channels, kernel, stride, padding, max-pooled afterwards) of AlexNet's convolutions at
# 64 pixels (Nayebi et al. 2023, PLoS Comput Biol, e1011506).
ALEXNET_BLOCKS = (
    (64, 11, 4, 2, True),
    (192, 5, 1, 2, True),
    (384, 3, 1, 1, False),
    (256, 3, 1, 1, False),
    (256, 3, 1, 1, True),
)


ALEXNET_HIDDEN = 4096


class AlexNet(nn.Module):
    """AlexNet for 64-pixel images without a classifier: the last hidden layer is the output.

    At 64 pixels one position is left after the last pooling; the original's pooling to 6 x 6 would
    only copy it 36 times, so that the first hidden layer reads it directly.

    Parameters
    ----------
    width : float
        Multiplier of all channel counts.
    batchnorm : bool
        Batch normalisation before every softplus.
    dropout : float
        Share of the inputs of each hidden layer that is dropped in training.
    noise_gain : float or None
        See `NoisySoftplus`.
    """

    def __init__(self, width, batchnorm, dropout, noise_gain):
        super().__init__()
        channels = 3
        self.blocks = nn.ModuleDict()
        for number, (out, kernel, stride, padding, pooled) in enumerate(ALEXNET_BLOCKS, start=1):
            out = round(out * width)
            linear = nn.Conv2d(channels, out, kernel, stride, padding, bias=not batchnorm)
            layers = [linear, *([nn.BatchNorm2d(out)] if batchnorm else [])]
            pool = nn.MaxPool2d(3, 2) if pooled else nn.Identity()
            self.blocks[f"conv{number}"] = nn.Sequential(*layers, NoisySoftplus(noise_gain), pool)
            channels = out
        features = channels
        self.n_outputs = round(ALEXNET_HIDDEN * width)
        for name in ("fc6", "fc7"):
            linear = nn.Linear(features, self.n_outputs, bias=not batchnorm)
            layers = [linear, *([nn.BatchNorm1d(self.n_outputs)] if batchnorm else [])]
            self.blocks[name] = nn.Sequential(Dropout(dropout), *layers, NoisySoftplus(noise_gain))
            features = self.n_outputs

    def activations(self):
        """Non-linearity of each layer, by the layer's name."""
        return {
            name: next(module for module in block if isinstance(module, NoisySoftplus))
            for name, block in self.blocks.items()
        }

    def forward(self, images):
        x = images
        for name, block in self.blocks.items():
            if name == "fc6":
                x = x.flatten(1)
            x = block(x)
        return x
