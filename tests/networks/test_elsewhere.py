"""Weights from elsewhere are taken as they are, or refused by name."""

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from workflow_scripts.common.errors import InputError
from workflow_scripts.networks.elsewhere import load_state
from workflow_scripts.networks.weights import read_state_dict


def load(path, **changes):
    """A layer of ones with the weights of a file, some of which are changed."""
    state = {"weight": torch.ones(2, 3), "bias": torch.ones(2), **changes}
    if path.suffix == ".safetensors":
        save_file(state, path)
    else:
        torch.save(state, path)
    layer = nn.Linear(3, 2)
    load_state(layer, read_state_dict(path), path, "the layer")
    return layer


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions_are_converted(tmp_path, suffix, dtype):
    layer = load(tmp_path / f"w{suffix}", weight=torch.full((2, 3), 0.5, dtype=dtype))
    assert layer.weight.dtype == torch.float32
    assert (layer.weight == 0.5).all()


QUANTISED = "of type int8, expected floating-point numbers, for the layer"
EMPTY = "as a sparse, quantised or empty tensor, expected every value of it, for the layer"


@pytest.mark.parametrize(
    ("weight", "sentence"),
    [
        (torch.ones(2, 3, dtype=torch.int8), QUANTISED),
        (torch.ones(2, 3, dtype=torch.bool), "of type bool, expected floating-point numbers"),
        (torch.ones(2, 3, dtype=torch.complex64), "of type complex64, expected floating-point"),
        (torch.full((2, 3), float("nan")), "with a value that is not finite, expected numbers"),
        (torch.full((2, 3), float("inf")), "with a value that is not finite, expected numbers"),
        (torch.ones(2, 3).to_sparse(), EMPTY),
        (torch.ones(2, 3, device="meta"), EMPTY),
        (torch.zeros(1).expand(10**9, 3), "of shape (1000000000, 3), of which the file has only a"),
    ],
)
def test_what_would_be_converted_without_a_word_is_named(tmp_path, weight, sentence):
    """The last one has a few bytes, and would take 12 GB."""
    with pytest.raises(InputError) as error:
        load(tmp_path / "w.pt", weight=weight)
    assert str(error.value).startswith(f"{tmp_path}/w.pt: found 'weight' {sentence}")


def test_complex_numbers_in_the_place_of_integers_are_named(tmp_path):
    """Such as the indices of relative positions of a transformer."""
    layer = nn.Linear(3, 2)
    layer.register_buffer("index", torch.tensor([0, 1]))
    state = {**layer.state_dict(), "index": torch.tensor([0, 1j])}
    with pytest.raises(InputError, match="'index' of type complex64, expected integers, for the"):
        load_state(layer, state, tmp_path / "w.pt", "the layer")


def test_names_that_are_not_text_are_refused(tmp_path):
    torch.save({1: torch.ones(1)}, tmp_path / "w.pt")
    with pytest.raises(InputError, match="found no state dict, expected a tensor for each name"):
        read_state_dict(tmp_path / "w.pt")
