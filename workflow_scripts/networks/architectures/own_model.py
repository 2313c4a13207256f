"""A torch module from a function of one's own, with weights from a file or those it comes with."""

from torch import nn

from workflow_scripts.common.errors import InputError
from workflow_scripts.common.forms import Count, FilePath, ShortText
from workflow_scripts.networks.architecture import Card
from workflow_scripts.networks.elsewhere import ModelFromElsewhere, load_state
from workflow_scripts.networks.own_code import load_function, naming_errors
from workflow_scripts.networks.weights import read_state_dict

CARD = Card(
    label="model of one's own",
    layers=(),
    trained=False,
    reference="none; see the variant",
)


def build(
    *, function: ShortText, weights: FilePath | None, input_size: Count
) -> ModelFromElsewhere:
    """Model that a function makes.

    Parameters
    ----------
    function : str
        See `workflow_scripts.networks.own_code.load_function`. Called without arguments, it returns
        a torch module, or a pair of it and a function that brings images (n, 3, y, x) in [0, 1]
        into the form that the module wants. What it draws from PyTorch's global generator depends
        on the seed alone.
    weights : str or path-like or None
        State dict (see `read_state_dict`). None: the weights with which the function returns the
        module.
    input_size : int
        Side in pixels of the images that the model is going to see.

    Raises
    ------
    InputError
        If there is no such function, it fails or returns something else, the state dict is not that
        of the model, or the model does not take images of this size.
    """
    make = load_function(function)
    expected = "a function without arguments that returns a torch module"
    with naming_errors("function", f"{function!r}, which fails", expected):
        made = make()
    match made:
        case nn.Module() as body:
            preprocess = None
        case (nn.Module() as body, preprocess) if callable(preprocess):
            pass
        case other:
            raise InputError(
                "function",
                f"{function!r}, which returns {_kind(other)}",
                "a torch module, or a pair (module, preprocess) of it and a function of images",
            )
    if weights is not None:
        load_state(body, read_state_dict(weights), weights, function)
    return ModelFromElsewhere(body, function, input_size, preprocess)


def _kind(value: object) -> str:
    """Type of a value, for errors."""
    if isinstance(value, tuple):
        return f"a tuple of {', '.join(type(item).__name__ for item in value) or 'nothing'}"
    return f"a {type(value).__name__}"
