"""Gradients that are not finite are named by the first step and layer in which they came."""

import pytest
import torch
from torch import nn

from workflow_scripts.networks.gradient_watch import GradientWatch


def test_the_first_step_and_the_first_layer_in_it_are_named():
    layers = nn.ModuleDict({"first": nn.Linear(2, 2, bias=False), "last": nn.Linear(2, 2)})
    watch = GradientWatch(layers.named_parameters(), torch.device("cpu"))
    for step, wrong in enumerate(((), (), ("last.bias", "last.weight"), ("first.weight",))):
        for name, parameter in layers.named_parameters():
            parameter.grad = torch.full_like(parameter, torch.nan if name in wrong else 1)
        if step < 3:
            watch.require_finite(seed=7, n_steps=10)
        watch.note(step)
    expected = r"^training of seed 7 diverged: found a gradient of last\.weight .* in step 3 of 10,"
    with pytest.raises(FloatingPointError, match=expected):
        watch.require_finite(seed=7, n_steps=10)
