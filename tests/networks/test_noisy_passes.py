"""Responses over several noisy passes: their mean, their reliability, and when they end."""

import numpy as np
import pytest
import torch
from torch.nn.functional import softplus

from workflow_scripts.common.reliability import spearman_brown
from workflow_scripts.networks.architectures.alexnet import build
from workflow_scripts.networks.blocks import Network, NoisySoftplus, set_noise, torch_generator
from workflow_scripts.networks.noisy_passes import Passes, lowest_median, mean_responses
from workflow_scripts.networks.readout import read_layers
from workflow_scripts.networks.unit_sampling import choose_units

LAYERS = ["conv1", "fc6"]


def all_units(layer, shape):
    return choose_units(shape, "all", 1, 1, None)


def test_the_mean_is_over_passes_with_noise_of_their_own():
    network = build(width=0.0625, drive_deviation=4.0, dropout=0.0, noise_gain=1.0).eval()
    images = torch.rand(6, 3, 64, 64, generator=torch_generator(0))
    set_noise(network, torch_generator(1))
    averaged = mean_responses(network, images, all_units, LAYERS, 4, Passes(3, 3, None))
    set_noise(network, torch_generator(1))
    passes = [read_layers(network, images, all_units, LAYERS, 4)[0] for _ in range(3)]
    assert averaged.n_passes == 3
    for layer in LAYERS:
        each = np.stack([one[layer]["post"] for one in passes]).astype(float)
        expected = ((each[0] + each[1] + each[2]) / 3).astype(np.float32)
        np.testing.assert_array_equal(averaged.means[layer]["post"], expected)
        assert (each.std(0) > 0).any()
        assert len(averaged.units[layer][0]) == each.shape[2]


class Units(Network):
    """Noisy units whose drives are the images: (n, units, 1, 1)."""

    def __init__(self):
        super().__init__()
        self.units = NoisySoftplus(gain=1.0)

    def activations(self):
        return {"units": self.units}

    def forward(self, images):
        return self.units(images)


def average(drives, n_trials, max_trials=None, min_reliability=None):
    """Responses of `Units` to the same drives, with the same noise."""
    network = Units()
    set_noise(network, torch_generator(5))
    return mean_responses(
        network, drives, all_units, ["units"], 500, Passes(n_trials, max_trials, min_reliability)
    )


@pytest.fixture(scope="module")
def drives():
    """Drives of 20 units, from hardly to widely tuned, all of them far above zero."""
    tuning = torch.rand(4000, 20, generator=torch_generator(0))
    return (10 + torch.linspace(1, 30, 20) * tuning)[:, :, None, None]


@pytest.mark.parametrize("n_passes", [10, 41])
def test_the_reliability_is_the_share_of_the_variance_that_is_not_noise(drives, n_passes):
    """Noise has a variance equal to the mean, of which the mean over passes has an nth."""
    averaged = average(drives, n_passes)
    rates = softplus(drives.double()[:, :, 0, 0]).numpy()
    signal = rates.var(axis=0)
    expected = signal / (signal + rates.mean(axis=0) / n_passes)
    found = averaged.reliability["units"]
    assert expected.min() < 0.3 and expected.max() > 0.95
    np.testing.assert_allclose(found["post"], expected, atol=0.06)
    assert abs((found["post"] - expected).mean()) < 0.01
    np.testing.assert_allclose(found["pre"], 1)


def test_the_halves_are_the_odd_and_the_even_passes(drives):
    network = Units()
    set_noise(network, torch_generator(5))
    passes = [
        read_layers(network, drives, all_units, ["units"], 500)[0]["units"]["post"].astype(float)
        for _ in range(5)
    ]
    halves = np.mean(passes[::2], axis=0), np.mean(passes[1::2], axis=0)
    correlation = [np.corrcoef(*unit)[0, 1] for unit in np.stack(halves).T.swapaxes(1, 2)]
    found = average(drives, 5).reliability["units"]["post"]
    np.testing.assert_allclose(found, spearman_brown(np.array(correlation)))
    assert np.isnan(average(drives, 1).reliability["units"]["post"]).all()


def test_passes_end_when_the_responses_are_reliable(drives):
    """They are the first ones of a longer row: what ended it changes no response."""
    found = {n: average(drives, n) for n in range(1, 7)}
    lowest = {n: lowest_median(averaged.reliability)[1] for n, averaged in found.items()}
    wanted = (lowest[3] + lowest[4]) / 2
    assert lowest[2] < lowest[3] < wanted < lowest[4]
    for fewest, most, n in ((1, 100, 4), (2, 4, 4), (2, 3, 3), (6, 100, 6)):
        averaged = average(drives, fewest, most, wanted)
        assert averaged.n_passes == n
        for stage, values in averaged.means["units"].items():
            np.testing.assert_array_equal(values, found[n].means["units"][stage])


def test_the_least_reliable_layer_decides_after_the_non_linearity():
    reliability = {
        "a": {"pre": np.array([0.1, 0.1, 0.1]), "post": np.array([0.9, 0.8, np.nan])},
        "b": {"post": np.array([0.2, 0.7, 0.9])},
    }
    assert lowest_median(reliability) == ("b", 0.7)
    silent = {**reliability, "c": {"post": np.array([np.nan])}}
    layer, value = lowest_median(silent)
    assert layer == "c" and np.isnan(value)
