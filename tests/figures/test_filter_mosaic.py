"""First-layer filters: the right ones, in the colours of their weights."""

import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb

from workflow_scripts.figures.filter_mosaic import filter_mosaic, filters_of
from workflow_scripts.networks.architecture import build_network

VARIANT = {"width": 0.0625, "drive_deviation": 4.0, "dropout": 0.0, "noise_gain": None}


@pytest.mark.parametrize(
    ("architecture", "name"),
    [
        ("alexnet", "blocks.conv1.0.weight"),
        ("resnet18", "body.conv1.weight"),
        ("vgg11", "features.0.weight"),
    ],
)
def test_the_filters_are_those_of_the_first_layer(architecture, name):
    variant = {**VARIANT, "architecture": architecture}
    network = build_network(variant, torch.Generator().manual_seed(0))
    weights = {key: value.numpy() for key, value in network.state_dict().items()}
    np.testing.assert_array_equal(filters_of(weights), weights[name])


def test_filters_have_the_colours_of_their_weights():
    """Red, its opposite, nothing, and blue in one corner, whatever the size of the weights."""
    filters = np.zeros((4, 3, 2, 2))
    filters[0, 0] = 7.0
    filters[1, 0] = -0.001
    filters[3, 2, 0, 1] = 0.2
    mosaic = filter_mosaic(filters)
    assert mosaic.shape == (5, 5, 3)
    grey = [0.5, 0.5, 0.5]
    assert (mosaic[:2, :2] == [1, 0.5, 0.5]).all()
    assert (mosaic[:2, 3:] == [0, 0.5, 0.5]).all()
    assert (mosaic[3:, :2] == grey).all()
    assert mosaic[3:, 3:].tolist() == [[grey, [0.5, 0.5, 1]], [grey, grey]]
    assert (mosaic[2] == to_rgb("white")).all() and (mosaic[:, 2] == to_rgb("white")).all()


def test_a_row_that_is_not_full_ends_in_white():
    mosaic = filter_mosaic(np.ones((3, 3, 2, 2)) * -1)
    assert (mosaic[:2, 3:] == 0).all() and (mosaic[3:, 3:] == 1).all()
