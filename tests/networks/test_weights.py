"""Weights in files: whole, and told apart by seed."""

import pytest
import torch

from workflow_scripts.common.errors import InputError
from workflow_scripts.networks.architectures.alexnet import build
from workflow_scripts.networks.weights import read_weights, write_weights


def test_weights_are_read_as_they_were_written(tmp_path):
    options = {"width": 0.0625, "drive_deviation": 4.0, "dropout": 0.0, "noise_gain": 1.0}
    networks = {seed: build(**options) for seed in (0, 10, 1)}
    write_weights(networks, tmp_path / "0_10_1.safetensors")
    for seed, network in networks.items():
        weights = read_weights(tmp_path / "0_10_1.safetensors", seed)
        assert weights.keys() == network.state_dict().keys()
        assert all(torch.equal(weights[name], w) for name, w in network.state_dict().items())
        arrays = read_weights(tmp_path / "0_10_1.safetensors", seed, "np")
        assert list(arrays) == list(weights)
        assert all((arrays[name] == w.numpy()).all() for name, w in weights.items())
    with pytest.raises(InputError, match="found no network of seed 100"):
        read_weights(tmp_path / "0_10_1.safetensors", 100)
    (tmp_path / "no.safetensors").write_bytes(b"\x00" * 20)
    with pytest.raises(InputError, match="no.safetensors: found .*, expected weights"):
        read_weights(tmp_path / "no.safetensors", 0)
