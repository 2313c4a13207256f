"""A model from a function of one's own: by module or path, with or without preprocessing."""

import re

import numpy as np
import pytest
import torch

from workflow_scripts.common.errors import InputError
from workflow_scripts.images.pixels import normalise
from workflow_scripts.networks.blocks import Prefix, torch_generator
from workflow_scripts.networks.loading import load_network
from workflow_scripts.networks.own_code import code_of
from workflow_scripts.networks.readout import read_layers
from workflow_scripts.networks.unit_sampling import choose_units

CODE = '''
"""A small network."""
import torch
from torch import nn

import sizes_of_mine


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.filters = nn.Conv2d(3, sizes_of_mine.CHANNELS, 5)
        self.active = nn.Softplus()
        self.num_register_tokens = 4

    def forward(self, images):
        return self.active(self.filters(images)).mean((2, 3))


def build():
    return Small()


def build_with_pixels():
    return Small(), lambda images: images * 255 - 100


def nothing():
    return {"model": Small()}


def half():
    return Small(), None


def pil():
    from torchvision.transforms import ToTensor

    return Small(), ToTensor()


class Picky(Small):
    def forward(self, images):
        raise ValueError("Input image size (32*32) doesn't match model.\\nUse 224.")


def picky():
    return Picky()


def without_file():
    open("no weights.pt")


def sized(n):
    return Small()


def ending():
    raise SystemExit(0)


answer = 42
'''


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The folder where Snakemake runs, with a module of one's own and one that it imports."""
    monkeypatch.chdir(tmp_path)
    for place in ("mine_here.py", "models/mine.py"):
        path = tmp_path / place
        path.parent.mkdir(exist_ok=True)
        path.write_text(CODE)
        path.with_name("sizes_of_mine.py").write_text("CHANNELS = 6\n")
    return tmp_path


def mine(function="models/mine.py:build", weights=None, layers=(), seed=0, input_size=32):
    """A network as a job loads it, of the variant called ``mine``."""
    variant = {"architecture": "own_model", "function": function, "input_size": input_size}
    settings = {
        "seed": 0,
        "variant_name": "mine",
        "variant": {**variant, "weights": None if weights is None else str(weights)},
        "layers": list(layers),
    }
    return load_network([], seed, settings).eval()


def images():
    return torch.rand(3, 3, 32, 32, generator=torch_generator(1))


@pytest.mark.parametrize("function", ["models/mine.py:build", "mine_here:build"])
def test_a_function_is_found_by_path_and_by_module(function):
    network = mine(function)
    assert network.n_outputs == 6
    assert torch.equal(network.preprocess(images()), normalise(images()))
    responses, _ = read_layers(
        network, images(), lambda _, shape: choose_units(shape, "all", 1, 1, None), ["active"], 3
    )
    expected = torch.nn.functional.softplus(network.body.filters(images())).detach().flatten(1)
    np.testing.assert_array_equal(responses["active"]["post"], expected.numpy())


def test_a_function_may_say_how_pixels_are_prepared():
    network = mine("models/mine.py:build_with_pixels")
    assert torch.equal(network.preprocess(images()), images() * 255 - 100)


def test_the_seed_decides_on_initial_weights_and_a_file_replaces_them(tmp_path):
    first, again, other = (mine(seed=seed).body.state_dict() for seed in (1, 1, 2))
    assert torch.equal(first["filters.weight"], again["filters.weight"])
    assert not torch.equal(first["filters.weight"], other["filters.weight"])
    torch.save(first, tmp_path / "weights.pt")
    loaded = mine(weights=tmp_path / "weights.pt", seed=2).body.state_dict()
    assert torch.equal(loaded["filters.weight"], first["filters.weight"])
    torch.save({"filters.weight": first["filters.weight"]}, tmp_path / "weights.pt")
    with pytest.raises(InputError, match="no 'filters.bias' .* the state dict of models/mine.py:b"):
        mine(weights=tmp_path / "weights.pt")


def test_registers_are_counted_as_the_model_says():
    assert mine().prefix == Prefix(5, has_class=True)


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        ("a/b:c", "found 'a/b:c', expected module:function or path/of/file.py:function"),
        ("..:c", "found '..:c', expected module:function or path/of/file.py:function"),
        ("mine", "found 'mine', expected module:function or path/of/file.py:function"),
        ("no/file.py:build", "found 'no/file.py:build', whose file does not exist, expected m"),
        (
            "no_module:build",
            "which cannot be imported (ModuleNotFoundError: No module named 'no_module'), expected",
        ),
        ("mine_here:bild", "found no function 'bild' in mine_here, expected one"),
        ("models/mine.py:answer", "found no function 'answer' in models/mine.py, expected one"),
        ("mine_here:nothing", "'mine_here:nothing', which returns a dict, expected a torch module"),
        ("mine_here:half", "which returns a tuple of Small, NoneType, expected a torch module"),
        (
            "mine_here:without_file",
            "which fails (FileNotFoundError: [Errno 2] No such file or directory: 'no weights.pt')",
        ),
        ("mine_here:sized", "which fails (TypeError: sized() missing 1 required positional argu"),
        ("mine_here:ending", "which fails (SystemExit: 0), expected a function without arguments"),
        ("mine_here:pil", "'mine_here:pil', whose preprocessing fails (TypeError: pic should be"),
    ],
)
def test_what_is_wrong_with_a_function_is_named(function, sentence):
    with pytest.raises(InputError) as error:
        mine(function)
    assert str(error.value).startswith("config variants.mine.function: found ")
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("function", ["broken:build", "broken.py:build"])
def test_a_module_that_fails_is_named_and_the_log_has_its_traceback(folder, caplog, function):
    (folder / "broken.py").write_text("import torch\n\nlayer = nn.ReLU()\n")
    sentence = f"'{function}', which cannot be imported (NameError: name 'nn' is not defined), exp"
    with pytest.raises(InputError, match=re.escape(sentence)):
        mine(function)
    assert 'broken.py", line 3, in <module>' in caplog.text


def test_a_module_that_lacks_a_library_names_it(folder):
    (folder / "lacking.py").write_text("import no_such_library\n\ndef build(): pass\n")
    with pytest.raises(InputError, match="'lacking:build', which cannot be imported .*no_such_lib"):
        mine("lacking:build")


def test_a_size_that_the_model_does_not_take_is_named():
    expected = r"config variants\.mine\.input_size: found 3, at which models/mine.py:build fails \("
    with pytest.raises(InputError, match=expected):
        mine(input_size=3)
    expected = "(ValueError: Input image size (32*32) doesn't match model.), expected a size that i"
    with pytest.raises(InputError, match=re.escape(expected)):
        mine("mine_here:picky")


def test_changed_code_is_another_parameter_of_the_job(folder):
    """Comments change nothing; a package of one's own and an installed one are found as well."""
    (line,) = code_of("models/mine.py:build")
    assert re.fullmatch(r"models/mine\.py [0-9a-f]{12}", line)
    path = folder / "models/mine.py"
    path.write_text(f"# Reworded.\n{CODE}")
    assert code_of("models/mine.py:build") == [line]
    path.write_text(CODE.replace("100", "101"))
    assert code_of("models/mine.py:build") != [line]
    (folder / "models/__init__.py").write_text("")
    assert code_of("models:build")[0].startswith("models/__init__.py ")
    assert code_of("models.mine:build") == code_of("models/mine.py:build")
    assert code_of("torchvision.models:resnet18") == []
    path.write_text("def build(:\n")
    with pytest.raises(
        InputError, match="function: found 'models.mine:build', whose file cannot be read"
    ):
        code_of("models.mine:build")


def test_code_inside_the_package_counts_with_what_it_imports():
    from workflow_scripts.common.fingerprints import PACKAGE

    function = f"{PACKAGE}/networks/architectures/resnet18.py:build"
    names = [line.split()[0] for line in code_of(function)]
    assert {"networks/architectures/resnet18.py", "networks/blocks.py"} <= set(names)
