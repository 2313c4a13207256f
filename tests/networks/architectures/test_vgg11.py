"""VGG-11: where its stages end."""

import torch
from torch.nn.functional import linear, max_pool2d

from workflow_scripts.networks.architectures.vgg11 import CARD, build
from workflow_scripts.networks.blocks import torch_generator
from workflow_scripts.networks.readout import read_layers
from workflow_scripts.networks.unit_sampling import choose_units


def all_units(layer, shape):
    return choose_units(shape, "all", 1, 1, None)


def test_vgg_is_read_before_each_pooling():
    images = torch.rand(1, 3, 64, 64, generator=torch_generator(0))
    network = build(dropout=0.5).eval()
    responses, units = read_layers(network, images, all_units, list(CARD.layers), 1)
    shapes = {
        layer: tuple(int(index.max()) + 1 for index in indices) for layer, indices in units.items()
    }
    assert shapes == {
        "block1": (64, 64, 64),
        "block2": (128, 32, 32),
        "block3": (256, 16, 16),
        "block4": (512, 8, 8),
        "block5": (512, 4, 4),
    }
    # The output again, from the last stage on, by torch's functions alone.
    x = torch.as_tensor(responses["block5"]["post"].reshape(1, 512, 4, 4))
    x = max_pool2d(x, 2).flatten(1)
    for number in (0, 3):
        x = torch.relu(linear(x, network.hidden[number].weight, network.hidden[number].bias))
    torch.testing.assert_close(network(images), x)
    assert x.shape == (1, network.n_outputs)
