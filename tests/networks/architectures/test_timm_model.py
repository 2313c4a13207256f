"""timm's models: their own preprocessing, their tokens, and weights from a file."""

import builtins

import numpy as np
import pytest
import torch

from workflow_scripts.common.errors import InputError
from workflow_scripts.common.provenance import library_versions
from workflow_scripts.networks.blocks import Prefix, torch_generator
from workflow_scripts.networks.loading import load_network
from workflow_scripts.networks.readout import read_layers
from workflow_scripts.networks.unit_sampling import choose_units

timm = pytest.importorskip("timm", reason="timm is an optional group: uv run --group timm pytest")

VIT = "vit_tiny_patch16_224"
"""12 blocks of 192 channels; its images have a mean and a deviation of .5."""


def all_units(layer, shape):
    return choose_units(shape, "all", 1, 1, None)


def theirs(model=VIT, weights=None, layers=(), seed=0, input_size=64):
    """A network as a job loads it, of the variant called ``theirs``."""
    variant = {"architecture": "timm_model", "model": model, "input_size": input_size}
    settings = {
        "seed": 0,
        "variant_name": "theirs",
        "variant": {**variant, "weights": None if weights is None else str(weights)},
        "layers": list(layers),
    }
    return load_network([], seed, settings).eval()


def test_results_say_which_timm_made_them():
    assert library_versions()["timm"] == timm.__version__


def images(size=64):
    return torch.rand(3, 3, size, size, generator=torch_generator(1))


def test_tokens_are_those_of_timm():
    """Class token, patches and their mean, after a block, as `forward_features` has them."""
    layers = ["norm@class", "norm", "norm@patches", "norm@mean", "blocks.11@class"]
    network = theirs(layers=layers)
    responses, units = read_layers(network, images(), all_units, layers, 3)
    with torch.no_grad():
        tokens = network.body.forward_features(images()).numpy()
    assert tokens.shape == (3, 1 + 4 * 4, 192)
    np.testing.assert_array_equal(responses["norm@class"]["post"], tokens[:, 0])
    mean = tokens[:, 1:].mean(1)
    np.testing.assert_allclose(responses["norm@mean"]["post"], mean, rtol=1e-5, atol=1e-6)
    channel, row, column = units["norm@patches"]
    patches = tokens[:, 1 + 4 * row + column, channel]
    for layer in ("norm", "norm@patches"):
        np.testing.assert_array_equal(responses[layer]["post"], patches)
    assert responses["blocks.11@class"]["post"].shape == (3, 192)


def test_registers_are_not_patches():
    """Four registers behind the class token: timm says it, the number of tokens does not."""
    layers = ["blocks.1@class", "blocks.1@patches"]
    network = theirs("vit_base_patch16_dinov3", layers=layers)
    assert network.prefix == Prefix(5, has_class=True)
    responses, units = read_layers(network, images(), all_units, layers, 3)
    assert units["blocks.1@patches"][1].max() == 3
    assert responses["blocks.1@patches"]["post"].shape == (3, 4 * 4 * 768)


def test_registers_without_a_class_token():
    network = theirs("vit_medium_patch16_reg4_gap_256")
    assert network.prefix == Prefix(4, has_class=False)
    with pytest.raises(InputError, match="layer 'norm@class': found .* with a class token"):
        read_layers(network, images(), all_units, ["norm@class"], 3)


@pytest.mark.parametrize(
    ("model", "mean"),
    [(VIT, (0.5, 0.5, 0.5)), ("mobilenetv3_small_050", (0.485, 0.456, 0.406))],
)
def test_pixels_are_prepared_as_timm_says(model, mean):
    black = theirs(model).preprocess(torch.zeros(1, 3, 64, 64))
    sd = {0.5: 0.5, 0.485: 0.229}[mean[0]]
    assert black[0, 0, 0, 0].item() == pytest.approx(-mean[0] / sd)
    assert black.shape == (1, 3, 64, 64)


@pytest.mark.parametrize("n_classes", [1000, 7, 0])
def test_responses_are_those_of_the_owners_model(tmp_path, n_classes):
    """Bit for bit, whether it has ImageNet's classes, others, or no classifier."""
    torch.manual_seed(5)
    model = timm.create_model(VIT, num_classes=n_classes).eval()
    torch.save(model.state_dict(), tmp_path / "weights.pt")
    loaded = theirs(weights=tmp_path / "weights.pt", input_size=224)
    assert loaded.n_outputs == (n_classes or 192)
    with torch.no_grad():
        assert torch.equal(loaded(images(224)), model(images(224)))


def test_the_seed_decides_on_every_initial_weight():
    first, again, other = (theirs(seed=seed).body.state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not torch.equal(first["blocks.0.attn.qkv.weight"], other["blocks.0.attn.qkv.weight"])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"model": "resnet5"}, "theirs.model: found 'resnet5', expected one of timm's models, su"),
        ({"model": f"{VIT}.nope"}, f"theirs.model: found '{VIT}.nope', which timm refuses .*nope"),
        ({"model": "hf-hub:timm/vit"}, "theirs.model: found 'hf-hub:timm/vit', expected one of"),
        ({"layers": ["blocks.1@cls"]}, "layer 'blocks.1@cls' of theirs, expected @class, @patches"),
        ({"layers": ["blocks.x@class"]}, "found the layer 'blocks.x@class' of theirs, expected na"),
    ],
)
def test_an_unknown_name_is_named(changes, sentence):
    with pytest.raises(InputError, match=sentence):
        theirs(**changes)


def test_weights_of_another_size_of_images_are_named(tmp_path):
    torch.save(timm.create_model(VIT).state_dict(), tmp_path / "weights.pt")
    expected = (
        rf"found 'pos_embed' of shape \(1, 197, 192\), expected \(1, 17, 192\) for timm's {VIT}"
    )
    with pytest.raises(InputError, match=expected):
        theirs(weights=tmp_path / "weights.pt")


def test_without_timm_the_group_is_named(monkeypatch):
    load = builtins.__import__

    def without(name, *arguments, **options):
        if name == "timm":
            raise ImportError("No module named 'timm'")
        return load(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError) as error:
        theirs()
    assert str(error.value) == (
        "config variants.theirs.architecture: found timm_model without timm (No module named "
        "'timm'), expected the group timm: uv run --group timm snakemake ..."
    )
