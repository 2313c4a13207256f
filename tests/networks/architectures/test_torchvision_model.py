"""Models of others: from a state dict come the responses that torchvision itself would give."""

import os
import re

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torchvision import models
from torchvision.models import get_model, list_models

from workflow_scripts.common.errors import InputError
from workflow_scripts.networks.blocks import torch_generator
from workflow_scripts.networks.loading import load_network
from workflow_scripts.networks.readout import as_maps, read_layers
from workflow_scripts.networks.unit_sampling import choose_units
from workflow_scripts.networks.weights import read_state_dict


def all_units(layer, shape):
    return choose_units(shape, "all", 1, 1, None)


def theirs(model="squeezenet1_1", weights=None, layers=(), seed=0, input_size=64):
    """A network as a job loads it, of the variant called ``theirs``."""
    variant = {"architecture": "torchvision_model", "model": model, "input_size": input_size}
    settings = {
        "seed": 0,
        "variant_name": "theirs",
        "variant": {**variant, "weights": None if weights is None else str(weights)},
        "layers": list(layers),
    }
    return load_network([], seed, settings).eval()


def read(model, layers, size, weights=None):
    """Responses of all units to four images, of a network and by torchvision alone."""
    images = torch.rand(4, 3, size, size, generator=torch_generator(1))
    network = theirs(model, weights, layers, input_size=size)
    return read_layers(network, images, all_units, layers, 4), images


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A ResNet-18 as its owner has it, with statistics of batch normalisation, and its file."""
    torch.manual_seed(5)
    model = get_model("resnet18", weights=None)
    model(torch.rand(8, 3, 64, 64))
    path = tmp_path_factory.mktemp("weights") / "resnet18.pt"
    torch.save(model.state_dict(), path)
    return model.eval(), path


@pytest.mark.parametrize("size", [64, 224])
def test_responses_are_those_of_the_owners_model(trained, size):
    """Bit for bit, although what follows writes into some of the outputs, and reuses modules."""
    model, path = trained
    layers = ["bn1", "relu", "layer1.0.bn2", "layer1.0.relu", "layer4", "avgpool", "fc"]
    (responses, _), images = read("resnet18", layers, size, path)
    expected = {}
    hooks = []
    for layer in layers:

        def before(module, inputs, layer=layer):
            expected[layer, "pre"] = inputs[0].clone()

        def after(module, inputs, output, layer=layer):
            expected[layer, "post"] = output.clone()

        module = model.get_submodule(layer)
        hooks += [module.register_forward_pre_hook(before), module.register_forward_hook(after)]
    with torch.no_grad():
        model(images)
    for hook in hooks:
        hook.remove()
    for layer in layers:
        rectification = layer.endswith("relu")
        assert list(responses[layer]) == (["pre", "post"] if rectification else ["post"])
        for stage, values in responses[layer].items():
            np.testing.assert_array_equal(values, expected[layer, stage].flatten(1).numpy())
    sides = {64: 16, 224: 56}
    assert expected["layer1.0.bn2", "post"].shape[-1] == sides[size]


def test_a_module_that_is_reused_is_read_at_its_last_call():
    """The rectification of ResNet-50's blocks: 64, 64 and then 256 channels."""
    (responses, units), _ = read("resnet50", ["layer1.0.relu", "layer1.0"], 64)
    np.testing.assert_array_equal(responses["layer1.0.relu"]["post"], responses["layer1.0"]["post"])
    assert units["layer1.0.relu"][0].max() == 255


@pytest.mark.parametrize("form", ["safetensors", "pth", "checkpoint", "parallel"])
def test_every_form_of_a_state_dict_is_the_same_model(trained, tmp_path, form):
    model, _ = trained
    state = model.state_dict()
    path = tmp_path / f"weights.{'safetensors' if form == 'safetensors' else 'pth'}"
    if form == "safetensors":
        save_file(state, path)
    elif form == "pth":
        torch.save(state, path)
    elif form == "checkpoint":
        torch.save({"epoch": 3, "state_dict": state}, path)
    else:
        parallel = torch.nn.DataParallel(model).state_dict()
        assert set(parallel).isdisjoint(state)
        torch.save({"state_dict": parallel}, path)
    loaded = theirs("resnet18", path).body.state_dict()
    assert set(loaded) == set(state)
    assert all(torch.equal(loaded[key], state[key]) for key in state)


def test_the_classifier_is_as_large_as_in_the_file(tmp_path):
    model = get_model("squeezenet1_1", num_classes=7)
    torch.save(model.state_dict(), tmp_path / "weights.pt")
    loaded = theirs(weights=tmp_path / "weights.pt").body.state_dict()
    assert all(torch.equal(loaded[key], value) for key, value in model.state_dict().items())


def test_a_state_dict_may_lack_what_only_trains(tmp_path):
    """As that of torchvision's GoogLeNet does, if it has the published weights."""
    model = get_model("googlenet", weights=None, init_weights=False, aux_logits=False).eval()
    torch.save(model.state_dict(), tmp_path / "weights.pt")
    images = torch.rand(2, 3, 64, 64, generator=torch_generator(1))
    with torch.no_grad():
        assert torch.equal(theirs("googlenet", tmp_path / "weights.pt")(images), model(images))


# One of each kind that torchvision has. RegNets, whose classifier is ResNet's, have no form without
# memory for their weights.
KINDS = {
    re.split(r"_?[\d_]", name)[0]: name for name in list_models(module=models, exclude="regnet*")
}


@pytest.mark.parametrize("name", KINDS.values())
def test_the_last_entry_of_a_state_dict_is_the_classifiers(name):
    with torch.device("meta"):
        *_, last = get_model(name, weights=None, num_classes=7).state_dict().values()
    assert len(last) == 7


@pytest.mark.parametrize("model", ["squeezenet1_1", "vit_b_32", "shufflenet_v2_x0_5"])
def test_the_seed_decides_on_every_initial_weight(model):
    state = torch.get_rng_state()
    size = 224 if model == "vit_b_32" else 64
    first, again, other = (
        theirs(model, seed=seed, input_size=size).body.state_dict() for seed in (1, 1, 2)
    )
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(first[key], again[key]) for key in first)
    drawn = [key for key, value in first.items() if value.is_floating_point() and value.std() > 0]
    assert drawn
    assert not [key for key in drawn if torch.equal(first[key], other[key])]


WRONG = {
    "missing": (
        lambda state: state.pop("fc.weight"),
        "found no 'fc.weight' of shape (1000, 512), expected the state dict of torchvision's",
    ),
    "unexpected": (
        lambda state: state.update(head=torch.zeros(3)),
        "found the unknown 'head' of shape (3,), expected the state dict of torchvision's resnet18",
    ),
    "renamed": (
        lambda state: state.update({"stem.weight": state.pop("conv1.weight")}),
        "found no 'conv1.weight' of shape (64, 3, 7, 7) and the unknown 'stem.weight' of shape",
    ),
    "shape": (
        lambda state: state.update({"conv1.weight": torch.zeros(64, 1, 7, 7)}),
        "found 'conv1.weight' of shape (64, 1, 7, 7), expected (64, 3, 7, 7) for torchvision's",
    ),
    "no tensor": (
        lambda state: state.update({"fc.bias": 0}),
        "found no state dict, expected a tensor for each name",
    ),
}


@pytest.mark.parametrize(("edit", "sentence"), WRONG.values(), ids=WRONG)
def test_what_does_not_fit_is_named(trained, tmp_path, edit, sentence):
    state = dict(trained[0].state_dict())
    edit(state)
    path = tmp_path / "weights.pt"
    torch.save(state, path)
    with pytest.raises(InputError) as error:
        theirs("resnet18", path)
    assert str(error.value).startswith(f"{path}: {sentence}")
    assert "\n" not in str(error.value)


class Intruder:
    """Pickled, it makes a folder as soon as it is read."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (self.folder,)


def test_code_in_a_file_is_not_run(tmp_path):
    mark, path = tmp_path / "mark", tmp_path / "weights.pt"
    torch.save({"conv1.weight": Intruder(str(mark))}, path)
    with pytest.raises(InputError, match="weights.pt: found a file that is damaged or holds more"):
        read_state_dict(path)
    assert not mark.exists()
    torch.load(path, weights_only=False)
    assert mark.exists()  # the file is as dangerous as it should be


@pytest.mark.parametrize("name", ["weights.pt", "weights.safetensors"])
@pytest.mark.parametrize("content", [b"", b"no weights at all"])
def test_a_damaged_file_is_named(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        read_state_dict(path)
    assert str(error.value).startswith(f"{path}: found a file that is damaged")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("model", "layers", "sentence"),
    [
        (
            "resnet5",
            [],
            "config variants.theirs.model: found 'resnet5', expected one of torchvision",
        ),
        ("resnet5", [], "such as resnet50, resnet"),
        ("fcn_resnet50", [], "found 'fcn_resnet50', expected one of torchvision's classification"),
        (
            "resnet18",
            ["layer1", "layr4.1"],
            "config candidates: found the layer 'layr4.1' of theirs, expected names of its "
            "modules, such as layer4.1",
        ),
    ],
)
def test_an_unknown_name_is_named(model, layers, sentence):
    with pytest.raises(InputError) as error:
        theirs(model, layers=layers)
    assert sentence in str(error.value)


def test_a_size_that_the_model_does_not_take_is_named():
    with pytest.raises(InputError) as error:
        read("vit_b_32", ["heads"], 64)
    assert re.match(
        r"config variants\.theirs\.input_size: found 64, at which vit_b_32 fails \(.*\), expected "
        r"a size that it takes",
        str(error.value),
    )


def test_a_module_that_is_not_called_is_named():
    with pytest.raises(InputError, match="layer 'aux1.conv': found a module that is not called"):
        read("googlenet", ["aux1.conv"], 64)


def test_the_patches_of_a_transformer_are_a_square_map():
    """Seven by seven patches; the class token, which has no position, is not among them."""
    layer = "encoder.layers.encoder_layer_1"
    network = theirs("vit_b_32", layers=[layer], input_size=224)
    tokens = []
    network.activations()[layer].register_forward_hook(lambda *call: tokens.append(call[-1]))
    images = torch.rand(2, 3, 224, 224, generator=torch_generator(1))
    responses, units = read_layers(network, images, all_units, [layer], 2)
    channel, row, column = units[layer]
    assert tokens[0].shape == (2, 1 + 7 * 7, 768)
    assert len(channel) == 7 * 7 * 768
    expected = tokens[0][:, 1 + 7 * row + column, channel]
    np.testing.assert_array_equal(responses[layer]["post"], expected.numpy())


def test_channels_that_come_last_are_found():
    first = torch.rand(2, 5, 7, 7)
    torch.testing.assert_close(as_maps(first, "a"), first)
    torch.testing.assert_close(as_maps(first.permute(0, 2, 3, 1), "a"), first)
    (_, units), _ = read("swin_t", ["features.1", "features.5"], 64)
    for layer, channels in (("features.1", 96), ("features.5", 384)):
        assert units[layer][0].max() == channels - 1
        assert units[layer][1].max() == units[layer][2].max() < channels - 1


@pytest.mark.parametrize(
    ("output", "found"),
    [
        (torch.rand(2, 3, 4, 5), "an output of shape (2, 3, 4, 5)"),
        (torch.rand(2, 48, 8), "an output of shape (2, 48, 8)"),
        (torch.rand(2), "an output of shape (2,)"),
        ((torch.rand(2, 3), None), "a tuple"),
    ],
)
def test_an_output_of_another_form_is_named(output, found):
    with pytest.raises(InputError) as error:
        as_maps(output, "a.b")
    assert str(error.value).startswith(f"layer 'a.b': found {found}, expected (image, channel)")
