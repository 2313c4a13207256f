"""The driver that reads a network's layers: what its file says of the stimuli."""

import numpy as np

from workflow_scripts.common.files import write_netcdf
from workflow_scripts.images.stimulus_file import image_dataset
from workflow_scripts.networks.activation_file import read_activations, read_stimuli
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
    "n_trials": 1,
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
