"""AlexNet: the published sizes at full width, and the narrowest that there can be."""

import torch

from workflow_scripts.networks.architectures.alexnet import CARD, build
from workflow_scripts.networks.blocks import torch_generator
from workflow_scripts.networks.readout import read_layers
from workflow_scripts.networks.unit_sampling import choose_units

OPTIONS = {"drive_deviation": 4.0, "dropout": 0.5, "noise_gain": 1.0}


def all_units(layer, shape):
    return choose_units(shape, "all", 1, 1, None)


def sizes_of(width):
    """Number of units of each layer, whose places are as many."""
    images = torch.rand(1, 3, 64, 64, generator=torch_generator(0))
    network = build(width=width, **OPTIONS).eval()
    responses, units = read_layers(network, images, all_units, list(CARD.layers), 1)
    sizes = {layer: values["post"].shape[1] for layer, values in responses.items()}
    assert all(len(channel) == sizes[layer] for layer, (channel, _, _) in units.items())
    return sizes


def test_original_width_has_the_published_layer_sizes():
    assert sizes_of(1) == {
        "conv1": 64 * 15 * 15,
        "conv2": 192 * 7 * 7,
        "conv3": 384 * 3 * 3,
        "conv4": 256 * 3 * 3,
        "conv5": 256 * 3 * 3,
        "fc6": 4096,
        "fc7": 4096,
    }


def test_the_smallest_width_leaves_one_channel_to_the_first_layer():
    assert sizes_of(1 / 64)["conv1"] == 15 * 15
