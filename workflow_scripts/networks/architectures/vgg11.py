"""torchvision's VGG-11 with batch normalisation."""

from itertools import pairwise

from torch import nn

from workflow_scripts.networks.blocks import Dropout, keep_inputs

VGG_FEATURES = 512 * 2 * 2  # channels and positions after the last pooling at 64 pixels

VGG_HIDDEN = 4096


class VGG11(nn.Module):
    """torchvision's VGG-11 for 64-pixel images without its classifier, read at its five stages.

    With batch normalisation, as the other networks: without it the initial weights (see
    `initialise`) would let responses shrink from layer to layer. At 64 pixels 2 x 2 positions are
    left after the last pooling; the original's pooling to 7 x 7 would only copy and average them,
    so that the first hidden layer reads them directly.

    Parameters
    ----------
    dropout : float
        Share of the outputs of each hidden layer that is dropped in training.
    """

    def __init__(self, dropout):
        from torchvision.models.vgg import cfgs, make_layers

        super().__init__()
        self.features = make_layers(cfgs["A"], batch_norm=True)
        self.n_outputs = VGG_HIDDEN
        self.hidden = nn.Sequential()
        for n_inputs in (VGG_FEATURES, VGG_HIDDEN):
            self.hidden.extend([nn.Linear(n_inputs, VGG_HIDDEN), nn.ReLU(), Dropout(dropout)])
        keep_inputs(self)

    def activations(self):
        """Last rectification of each stage, before it is pooled, by the stage's name."""
        last = [
            module
            for module, following in pairwise(self.features)
            if isinstance(following, nn.MaxPool2d)
        ]
        return {f"block{number}": module for number, module in enumerate(last, start=1)}

    def forward(self, images):
        return self.hidden(self.features(images).flatten(1))
