"""Responses over several noisy passes, and as a file."""

import numpy as np
import pytest
import torch
import xarray as xr

from workflow_scripts.common.errors import InputError
from workflow_scripts.networks.activation_file import read_activations, write_activations
from workflow_scripts.networks.architectures.alexnet import build
from workflow_scripts.networks.blocks import set_noise, torch_generator
from workflow_scripts.networks.readout import mean_responses, read_layers
from workflow_scripts.networks.unit_sampling import choose_units

LAYERS = ["conv1", "fc6"]


def hypercolumn(layer, shape):
    return choose_units(shape, "hypercolumn", 1, 4, None)


@pytest.fixture(scope="module")
def noisy():
    """A network with noise, and images."""
    network = build(width=0.0625, drive_deviation=4.0, dropout=0.0, noise_gain=1.0).eval()
    return network, torch.rand(6, 3, 64, 64, generator=torch_generator(0))


def test_the_mean_is_over_passes_with_noise_of_their_own(noisy):
    network, images = noisy
    set_noise(network, torch_generator(1))
    means, units = mean_responses(network, images, hypercolumn, LAYERS, 4, 3)
    set_noise(network, torch_generator(1))
    passes = [read_layers(network, images, hypercolumn, LAYERS, 4)[0] for _ in range(3)]
    for layer in LAYERS:
        assert means[layer]["post"].dtype == np.float32
        each = np.stack([one[layer]["post"] for one in passes])
        np.testing.assert_allclose(means[layer]["post"], each.mean(0), rtol=1e-6)
        assert (each.std(0) > 0).any()
        assert len(units[layer][0]) == 4


@pytest.fixture
def written(noisy, tmp_path):
    """Responses of two layers, and the file that they are written to."""
    network, images = noisy
    responses, units = read_layers(network, images, hypercolumn, LAYERS, 6)
    path = tmp_path / "activations.nc"
    facts = {"data_kind": "networks"}
    write_activations(responses, units, np.array(list("abcdef")), facts, path)
    return responses, units, path


def test_a_file_holds_the_responses_and_where_each_unit_is(written):
    responses, units, path = written
    for stage in ("pre", "post"):
        profiles = read_activations(path, "alexnet/0", LAYERS[::-1], stage)
        assert [profile.part for profile in profiles] == LAYERS[::-1]
        for profile in profiles:
            assert profile.subject == "alexnet/0"
            assert profile.values.dtype == np.float64
            np.testing.assert_array_equal(profile.values, responses[profile.part][stage])
    with xr.open_dataset(path, group="conv1", engine="h5netcdf") as data:
        for name, indices in zip(("channel", "row", "column"), units["conv1"], strict=True):
            np.testing.assert_array_equal(data[name], indices)
        assert list(data["stimulus"].values) == list("abcdef")
    with xr.open_dataset(path, engine="h5netcdf") as data:
        assert data.attrs["data_kind"] == "networks"


@pytest.mark.parametrize(("layer", "stage"), [("conv9", "post"), ("conv1", "middle")])
def test_a_layer_or_stage_that_is_missing_is_named(written, layer, stage):
    with pytest.raises(InputError) as error:
        read_activations(written[2], "alexnet/0", [layer], stage)
    assert str(error.value).startswith(f"{written[2]}: found ")
    expected = f"expected finite responses {stage!r} (stimulus, unit) of layer {layer!r}"
    assert str(error.value).endswith(expected)


def test_responses_that_are_not_finite_are_refused(written):
    responses, units, path = written
    responses["fc6"]["post"][2, 1] = np.nan
    write_activations(responses, units, np.arange(6), {}, path)
    with pytest.raises(InputError, match="found NaN or infinite responses, expected .* 'fc6'"):
        read_activations(path, "alexnet/0", LAYERS, "post")
