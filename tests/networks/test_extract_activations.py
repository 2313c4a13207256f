"""The driver that reads a network's layers: what its file says of stimuli and of reliability."""

import logging

import numpy as np
import pytest

from workflow_scripts.common.files import write_netcdf
from workflow_scripts.images.stimulus_file import image_dataset
from workflow_scripts.networks.activation_file import (
    read_activations,
    read_reliability,
    read_stimuli,
)
from workflow_scripts.networks.architecture import build_network
from workflow_scripts.networks.blocks import torch_generator
from workflow_scripts.networks.extract_activations import main
from workflow_scripts.networks.weights import write_weights

ALEXNET = {
    "architecture": "alexnet",
    "width": 0.125,
    "drive_deviation": 4.0,
    "dropout": 0.0,
    "noise_gain": None,
}
SETTINGS = {
    "seed": 0,
    "device": "cpu",
    "variant_name": "alexnet",
    "variant": ALEXNET,
    "stimuli": "scenes",
    "layers": ["conv1"],
    "passes": {"n_trials": 1, "min_reliability": 0.9, "max_trials": 1},
    "projected": False,
    "units": {"mode": "hypercolumn", "positions": 1, "max_per_layer": 48},
}


def test_names_and_groups_are_those_of_the_stimulus_set(tmp_path):
    """Shown in another order, with the same names, images have the same responses."""
    write_weights({3: build_network(ALEXNET, torch_generator(3))}, tmp_path / "w.safetensors")
    images = np.random.default_rng(0).integers(0, 256, (5, 64, 64, 3), np.uint8)
    names, groups = np.array(list("abcde")), np.array(list("xxyyy"))
    responses = []
    for order in (np.arange(5), np.array([3, 0, 4, 1, 2])):
        data = image_dataset(images[order], names=names[order], groups=groups[order])
        write_netcdf(data, tmp_path / "images.nc")
        main(tmp_path / "w.safetensors", tmp_path / "images.nc", 3, SETTINGS, tmp_path / "a.nc")
        stimuli = read_stimuli(tmp_path / "a.nc", "conv1")
        assert list(stimuli.names) == list(names[order])
        assert list(stimuli.groups) == list(groups[order])
        (profile,) = read_activations(tmp_path / "a.nc", "alexnet/3", ["conv1"], "post", names)
        responses.append(profile.values)
    np.testing.assert_allclose(*responses, rtol=1e-5, atol=1e-6)
    assert responses[0].shape == (5, 8)
    write_netcdf(image_dataset(images), tmp_path / "images.nc")
    main(tmp_path / "w.safetensors", tmp_path / "images.nc", 3, SETTINGS, tmp_path / "a.nc")
    assert list(read_stimuli(tmp_path / "a.nc", "conv1").groups) == list("01234")


@pytest.fixture
def extract(tmp_path, caplog):
    """Read two layers of a network; its file, and the record of the reliability."""
    caplog.set_level(logging.INFO)
    images = np.random.default_rng(0).integers(0, 256, (40, 64, 64, 3), np.uint8)
    write_netcdf(image_dataset(images), tmp_path / "images.nc")

    def run(name, noise_gain, **passes):
        variant = {**ALEXNET, "noise_gain": noise_gain}
        settings = {**SETTINGS, "variant": variant, "layers": ["conv1", "conv2"], "passes": passes}
        write_weights({3: build_network(variant, torch_generator(3))}, tmp_path / "w.safetensors")
        main(tmp_path / "w.safetensors", tmp_path / "images.nc", 3, settings, tmp_path / name)
        return tmp_path / name, caplog.records[-1]

    return run


def test_passes_end_when_all_layers_are_reliable_and_the_file_says_so(extract):
    path, record = extract("a.nc", 1.0, n_trials=4, min_reliability=0.8, max_trials=400)
    facts, layers = read_reliability(path)
    lowest = min(np.median(stages["post"]) for stages in layers.values())
    assert facts["lowest_median_reliability"] == lowest >= 0.8
    assert 4 < facts["n_passes"] < 400
    for stages in layers.values():
        assert set(stages) == {"pre", "post"}
        assert np.median(stages["pre"]) > np.median(stages["post"])
    assert record.levelname == "INFO"
    expected = f"passes: {facts['n_passes']}; lowest median reliability of a layer: {lowest:.3f}"
    assert record.getMessage() == f"{expected} (conv2)"
    # With the same number of passes and no condition, every response is the same.
    n_passes = int(facts["n_passes"])
    alone, record = extract("b.nc", 1.0, n_trials=n_passes, min_reliability=None, max_trials=400)
    assert record.levelname == "INFO"
    for stage in ("pre", "post"):
        both = [read_activations(file, "net", ["conv1", "conv2"], stage) for file in (path, alone)]
        for one, other in zip(*both, strict=True):
            np.testing.assert_array_equal(one.values, other.values)


def test_a_reliability_that_is_not_reached_is_warned_of(extract):
    path, record = extract("a.nc", 1.0, n_trials=2, min_reliability=0.99, max_trials=3)
    facts, _ = read_reliability(path)
    assert facts["n_passes"] == 3
    assert record.levelname == "WARNING"
    lowest = facts["lowest_median_reliability"]
    assert record.getMessage() == (
        f"passes: 3; lowest median reliability of a layer: {lowest:.3f} (conv2); "
        "activations.min_reliability is 0.99"
    )


def test_one_pass_without_noise_is_reliable(extract):
    path, record = extract("a.nc", None, n_trials=2, min_reliability=0.99, max_trials=3)
    facts, layers = read_reliability(path)
    assert facts["n_passes"] == 1 and facts["lowest_median_reliability"] == 1
    for stages in layers.values():
        for values in stages.values():
            assert (values == 1).all()
    assert record.levelname == "INFO"
