"""Noisy softplus units, dropout, and where their random numbers come from."""

import pytest
import torch
from torch.nn.functional import softplus

from workflow_scripts.networks.architecture import build_network
from workflow_scripts.networks.blocks import Dropout, NoisySoftplus, set_noise, torch_generator

ALEXNET = {
    "architecture": "alexnet",
    "width": 0.125,
    "drive_deviation": 4.0,
    "dropout": 0.5,
    "noise_gain": 1.0,
}


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


def test_noise_comes_from_the_generator_alone():
    images = torch.rand(4, 3, 64, 64, generator=torch_generator(0))
    network = build_network(ALEXNET, torch_generator(0)).eval()

    def answer(seed):
        set_noise(network, torch_generator(seed))
        return network(images)

    assert torch.equal(answer(1), answer(1))
    assert not torch.equal(answer(1), answer(2))
