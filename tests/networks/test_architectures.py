"""Networks: architecture, noise, seeds, and the readout before and after the softplus."""

import numpy as np
import pytest
import torch
from torch.nn.functional import linear, max_pool2d, softplus

from workflow_scripts.common.config import LAYERS
from workflow_scripts.networks.architecture import build_network
from workflow_scripts.networks.blocks import Dropout, NoisySoftplus, set_noise, torch_generator
from workflow_scripts.networks.readout import read_layers
from workflow_scripts.networks.unit_sampling import choose_units

ALEXNET = {
    "architecture": "alexnet",
    "width": 0.125,
    "batchnorm": True,
    "dropout": 0.5,
    "noise_gain": 1.0,
}
RESNET = {"architecture": "resnet18"}
VGG = {"architecture": "vgg11", "dropout": 0.5}


def all_units(layer, shape):
    return choose_units(shape, "all", 1, 1, None)


@pytest.fixture
def images():
    return torch.rand(4, 3, 64, 64, generator=torch_generator(0))


def test_original_width_has_the_published_layer_sizes(images):
    network = build_network({**ALEXNET, "width": 1}, torch_generator(0)).eval()
    responses, units = read_layers(network, images[:1], all_units, LAYERS["alexnet"], 1)
    sizes = {layer: values["post"].shape[1] for layer, values in responses.items()}
    assert sizes == {
        "conv1": 64 * 15 * 15,
        "conv2": 192 * 7 * 7,
        "conv3": 384 * 3 * 3,
        "conv4": 256 * 3 * 3,
        "conv5": 256 * 3 * 3,
        "fc6": 4096,
        "fc7": 4096,
    }
    assert all(len(channel) == sizes[layer] for layer, (channel, _, _) in units.items())


@pytest.mark.parametrize("variant", [ALEXNET, RESNET, VGG], ids=["alexnet", "resnet18", "vgg11"])
def test_every_listed_layer_can_be_read(variant, images):
    network = build_network(variant, torch_generator(0)).eval()
    assert list(network.activations()) == LAYERS[variant["architecture"]]
    responses, _ = read_layers(network, images, all_units, LAYERS[variant["architecture"]], 3)
    rectify = softplus if variant is ALEXNET else torch.relu
    for values in responses.values():
        expected = rectify(torch.as_tensor(values["pre"])).numpy()
        np.testing.assert_allclose(values["post"], expected, rtol=1e-5, atol=1e-6)


def test_vgg_is_read_before_each_pooling(images):
    network = build_network(VGG, torch_generator(0)).eval()
    responses, units = read_layers(network, images[:1], all_units, LAYERS["vgg11"], 1)
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
    torch.testing.assert_close(network(images[:1]), x)
    assert x.shape == (1, network.n_outputs)


@pytest.mark.parametrize("variant", [RESNET, VGG], ids=["resnet18", "vgg11"])
def test_every_parameter_has_a_gradient_and_is_drawn_from_the_seed(variant, images):
    network = build_network(variant, torch_generator(0))
    network(images).square().sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in network.parameters())
    torch.manual_seed(1)
    again, other = (build_network(variant, torch_generator(seed)).state_dict() for seed in (0, 1))
    for name, parameter in network.named_parameters():
        assert torch.equal(parameter, again[name])
        constant = parameter.std() == 0  # scale and shift of batch normalisation
        assert constant == torch.equal(parameter, other[name])


def test_noise_has_a_variance_equal_to_its_mean_over_gain():
    module = NoisySoftplus(gain=2.0)
    module.generator = torch_generator(1)
    z = torch.full((200_000,), 20.0)  # far from zero, where noise is cut off
    y = module(z)
    assert y.mean().item() == pytest.approx(20, rel=0.01)
    assert y.var().item() == pytest.approx(10, rel=0.02)


def test_the_slope_of_noisy_units_is_that_of_their_formula():
    """By automatic differentiation of the formula, with the same draws, where it is positive."""
    z = torch.randn(50, 40, dtype=torch.float64, generator=torch_generator(0)) * 3
    module = NoisySoftplus(gain=0.5)
    module.generator = torch_generator(1)
    ours = z.clone().requires_grad_()
    y = module(ours)
    e = torch.empty_like(z).flatten().normal_(generator=torch_generator(1)).view_as(z)
    theirs = z.clone().requires_grad_()
    a = softplus(theirs)
    expected = torch.relu(a + torch.sqrt(a / 0.5 + 1e-4) * e)
    torch.testing.assert_close(y, expected)
    weights = torch.randn(y.shape, dtype=torch.float64, generator=torch_generator(2))
    (y * weights).sum().backward()
    (expected * weights).sum().backward()
    torch.testing.assert_close(ours.grad, theirs.grad)
    assert 0.05 < (y == 0).double().mean() < 0.6


def test_dropout_scales_what_it_keeps_and_draws_from_its_generator():
    module, x = Dropout(0.25), torch.ones(400, 500)
    assert module(x) is x  # no generator yet
    module.generator = torch_generator(0)
    y = module(x)
    assert (y == 0).float().mean().item() == pytest.approx(0.25, abs=0.01)
    assert y.unique().tolist() == pytest.approx([0, 4 / 3])
    module.generator = torch_generator(0)
    assert torch.equal(module(x), y)
    assert module.eval()(x) is x


def test_noise_comes_from_the_generator_alone(images):
    network = build_network(ALEXNET, torch_generator(0)).eval()

    def answer(seed):
        set_noise(network, torch_generator(seed))
        return network(images)

    assert torch.equal(answer(1), answer(1))
    assert not torch.equal(answer(1), answer(2))


def test_seed_decides_on_the_weights():
    def weights(seed):
        return build_network(ALEXNET, torch_generator(seed)).state_dict()["blocks.conv1.0.weight"]

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


def test_hypercolumn_is_the_same_in_all_networks_and_central():
    channel, row, column = choose_units((8, 5, 5), "hypercolumn", 1, 100, None)
    assert list(channel) == list(range(8))
    assert set(row) == set(column) == {2}
    channel, row, column = choose_units((8, 5, 5), "hypercolumn", 2, 12, None)
    assert len(channel) == 12
    assert set(channel) == {0, 1, 2}
    assert set(row) == set(column) == {1, 2}


def test_random_units_are_distinct_and_capped():
    units = choose_units((4, 3, 3), "random_same_index", 1, 20, np.random.default_rng(0))
    assert len(set(zip(*units, strict=True))) == 20
