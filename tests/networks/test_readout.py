"""Responses of layers, and as a file."""

import numpy as np
import pytest
import torch
import xarray as xr
from torch import nn

from workflow_scripts.common.errors import InputError
from workflow_scripts.common.random_streams import generator
from workflow_scripts.networks.activation_file import (
    layer_dataset,
    read_activations,
    read_stimuli,
    write_activations,
)
from workflow_scripts.networks.architectures.alexnet import build
from workflow_scripts.networks.blocks import (
    Network,
    Prefix,
    set_noise,
    torch_generator,
)
from workflow_scripts.networks.readout import as_maps, read_layers
from workflow_scripts.networks.unit_sampling import choose_units, random_projection

LAYERS = ["conv1", "fc6"]


def hypercolumn(layer, shape):
    return choose_units(shape, "hypercolumn", 1, 4, None)


def all_units(layer, shape):
    return choose_units(shape, "all", 1, 1, None)


@pytest.fixture(scope="module")
def noisy():
    """A network with noise, and images."""
    network = build(width=0.0625, drive_deviation=4.0, dropout=0.0, noise_gain=1.0).eval()
    return network, torch.rand(6, 3, 64, 64, generator=torch_generator(0))


@pytest.fixture
def written(noisy, tmp_path):
    """Responses of two layers, and the file that they are written to."""
    network, images = noisy
    responses, units = read_layers(network, images, hypercolumn, LAYERS, 6)
    path = tmp_path / "activations.nc"
    write(responses, units, path, np.array(list("abcdef")))
    return responses, units, path


def write(responses, units, path, stimuli, groups=None):
    """Write the responses as a job does."""
    layers = {
        layer: layer_dataset(stages, units[layer], stimuli, groups)
        for layer, stages in responses.items()
    }
    write_activations(layers, {"data_kind": "networks"}, path)


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
    write(responses, units, path, np.arange(6))
    with pytest.raises(InputError, match="found NaN or infinite responses, expected .* 'fc6'"):
        read_activations(path, "alexnet/0", LAYERS, "post")


def test_stimuli_are_found_by_their_names(written):
    """Fewer, and in another order than that of the file; numbers are names as well."""
    responses, units, path = written
    (profile,) = read_activations(path, "alexnet/0", ["fc6"], "post", ["e", "a", "c"])
    np.testing.assert_array_equal(profile.values, responses["fc6"]["post"][[4, 0, 2]])
    write(responses, units, path, np.arange(6))
    (profile,) = read_activations(path, "alexnet/0", ["fc6"], "pre", np.array(["5", "0"]))
    np.testing.assert_array_equal(profile.values, responses["fc6"]["pre"][[5, 0]])


def test_a_stimulus_without_a_response_is_named(written):
    expected = "found no stimulus 'g' in layer 'fc6', and 1 others missing, expected responses"
    with pytest.raises(InputError, match=expected):
        read_activations(written[2], "alexnet/0", ["fc6"], "post", ["a", "g", "h"])


def test_groups_of_stimuli_are_kept(written):
    responses, units, path = written
    stimuli = read_stimuli(path, "fc6")
    assert list(stimuli.names) == list(stimuli.groups) == list("abcdef")
    write(responses, units, path, np.array(list("abcdef")), np.array(list("xxyyzz"), object))
    assert list(read_stimuli(path, "conv1").groups) == list("xxyyzz")


def test_images_may_be_prepared_one_batch_at_a_time(noisy):
    network, images = noisy
    set_noise(network, None)
    whole, _ = read_layers(network, images / 2, hypercolumn, LAYERS, 4)
    sizes = []

    def halve(batch):
        sizes.append(len(batch))
        return batch / 2

    parts, _ = read_layers(network, images, hypercolumn, LAYERS, 4, halve)
    assert sizes == [4, 2]
    for layer in LAYERS:
        np.testing.assert_array_equal(parts[layer]["post"], whole[layer]["post"])


def test_a_projected_layer_has_the_sums_of_all_its_units(noisy):
    """Only after the non-linearity: sums have no value before it."""
    network, images = noisy
    set_noise(network, None)
    everything, _ = read_layers(network, images, all_units, ["conv1"], 4)
    projection = random_projection(everything["conv1"]["post"].shape[1], 7, generator(0, "test"))
    sums, units = read_layers(network, images, lambda *layer: projection, ["conv1"], 4)
    assert list(sums["conv1"]) == ["post"]
    expected = everything["conv1"]["post"] @ projection.weights.toarray().T
    np.testing.assert_allclose(sums["conv1"]["post"], expected, rtol=1e-4, atol=1e-5)
    assert [list(index) for index in units["conv1"]] == [list(range(7)), [0] * 7, [0] * 7]


class Recurrent(Network):
    """One area that sees its own output again, three times, as those of CORnet-S do."""

    def __init__(self):
        super().__init__()
        self.input, self.again = nn.Conv2d(3, 5, 3), nn.Conv2d(5, 5, 3, padding=1)
        self.nonlinearity = nn.ReLU()
        self.states = []

    def activations(self):
        return dict(self.named_modules())

    def forward(self, images):
        state = self.nonlinearity(self.input(images))
        self.states = [state]
        for _ in range(3):
            state = self.nonlinearity(self.again(state))
            self.states.append(state)
        return state.mean((2, 3))


def test_of_a_recurrent_network_the_last_step_is_read():
    network = Recurrent().eval()
    images = torch.rand(4, 3, 8, 8, generator=torch_generator(0))
    responses, _ = read_layers(network, images, all_units, ["nonlinearity", "again"], 4)
    *_, before, last = network.states
    post = responses["nonlinearity"]["post"]
    np.testing.assert_array_equal(post, last.flatten(1).numpy())
    assert not np.array_equal(post, before.flatten(1).numpy())
    np.testing.assert_array_equal(responses["nonlinearity"]["pre"], responses["again"]["post"])


TOKENS = torch.arange(2 * 9 * 3).reshape(2, 9, 3).float()
"""Two images, nine tokens, three channels."""


@pytest.mark.parametrize(
    ("n_tokens", "prefix", "n_before"),
    [(9, None, 0), (5, None, 1), (9, Prefix(5, has_class=True), 5), (6, Prefix(2, False), 2)],
    ids=["a square", "a square and a class token", "registers", "registers alone"],
)
def test_tokens_are_read_by_the_name_of_the_layer(n_tokens, prefix, n_before):
    tokens = TOKENS[:, :n_tokens]
    patches = tokens[:, n_before:]
    side = round(patches.shape[1] ** 0.5)
    for layer in ("a.b", "a.b@patches"):
        maps = as_maps(tokens, layer, prefix)
        assert maps.shape == (2, 3, side, side)
        for row in range(side):
            for column in range(side):
                assert torch.equal(maps[:, :, row, column], patches[:, side * row + column])
    mean = as_maps(tokens, "a.b@mean", prefix)
    assert torch.equal(mean, patches.mean(1)[:, :, None, None])
    if prefix.has_class if prefix else n_before:
        assert torch.equal(as_maps(tokens, "a.b@class", prefix), tokens[:, 0, :, None, None])
    else:
        with pytest.raises(InputError, match=r"layer 'a.b@class': found .* with a class token"):
            as_maps(tokens, "a.b@class", prefix)


def test_the_mean_needs_no_square_where_the_number_of_other_tokens_is_known():
    mean = as_maps(TOKENS, "a@mean", Prefix(1, has_class=True))
    assert torch.equal(mean[:, :, 0, 0], TOKENS[:, 1:].mean(1))
    for layer, prefix in (("a@patches", Prefix(1, True)), ("a", Prefix(9, True))):
        with pytest.raises(InputError, match="an output of shape .* a square of patches"):
            as_maps(TOKENS, layer, prefix)


@pytest.mark.parametrize("tokens", ["class", "patches", "mean"])
@pytest.mark.parametrize("output", [torch.rand(2, 3), torch.rand(2, 3, 4, 4)])
def test_what_has_no_tokens_has_no_such_layer(output, tokens):
    with pytest.raises(InputError) as error:
        as_maps(output, f"a@{tokens}")
    found = f"layer 'a@{tokens}': found an output of shape {tuple(output.shape)}, expected (image,"
    assert str(error.value).startswith(found)
