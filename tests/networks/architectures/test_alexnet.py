"""AlexNet: the published sizes at full width, and the narrowest that there can be."""

import pytest
import torch

from workflow_scripts.networks.architecture import build_network
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


def test_at_the_start_units_fire_two_spikes_in_a_quarter_of_a_second():
    """In every layer the drive has its deviation, and an activation of 1 is a spike."""
    images = torch.rand(64, 3, 64, 64, generator=torch_generator(0))
    network = build_network(
        {**OPTIONS, "architecture": "alexnet", "width": 0.125}, torch_generator(1)
    )
    seen = {}
    for name, module in network.activations().items():
        module.register_forward_hook(lambda _, z, a, name=name: seen.update({name: (z[0], a)}))
    with torch.no_grad():
        network(images)
    assert list(seen) == list(CARD.layers)
    for drive, response in seen.values():
        assert drive.std().item() == pytest.approx(4, rel=0.02)
        assert response.mean().item() == pytest.approx(1.8, abs=0.2)


def test_without_a_deviation_of_the_drive_nothing_is_normalised():
    network = build(**{**OPTIONS, "drive_deviation": None}, width=0.125)
    assert not [
        m for m in network.modules() if isinstance(m, torch.nn.modules.batchnorm._BatchNorm)
    ]
    assert network.blocks["conv1"][0].bias is not None
