"""Networks by their architecture: which options they are built with, and from which numbers."""

import pytest
import torch

from workflow_scripts.common.errors import InputError
from workflow_scripts.networks.architecture import build_network, such_as
from workflow_scripts.networks.blocks import torch_generator

ALEXNET = {
    "architecture": "alexnet",
    "width": 0.125,
    "drive_deviation": 4.0,
    "dropout": 0.5,
    "noise_gain": 1.0,
}


def test_seed_decides_on_the_weights():
    def weights(seed):
        return build_network(ALEXNET, torch_generator(seed)).state_dict()["blocks.conv1.0.weight"]

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


def test_settings_that_are_not_options_of_the_architecture_are_ignored():
    network = build_network({**ALEXNET, "epochs": 3, "input_size": 224}, torch_generator(0))
    again = build_network(ALEXNET, torch_generator(0)).state_dict()
    assert all(torch.equal(value, again[name]) for name, value in network.state_dict().items())
    deeper = {"architecture": "vgg11", "dropout": 0.25, "width": 0.125}
    assert build_network(deeper, torch_generator(0)).n_outputs == 4096


def test_an_option_that_an_architecture_refuses_is_named():
    refused = {"architecture": "torchvision_model", "model": "resnet5", "weights": None}
    with pytest.raises(InputError, match="^model: found 'resnet5', expected one of torchvision"):
        build_network({**refused, "input_size": 64}, torch_generator(0))


def test_the_closest_of_the_known_names_are_proposed():
    known = ["layer1", "layer2", "layer3", "layer4", "conv1"]
    assert such_as("layr4", known) == ", such as layer4, layer3, layer2"
    assert such_as("stem", known) == ""
