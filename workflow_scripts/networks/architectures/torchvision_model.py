"""torchvision's classification networks, with weights from a file or random ones."""

import torch
from torch import nn
from torchvision import models
from torchvision.models import get_model

from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike
from workflow_scripts.common.forms import Count, FilePath, ShortText
from workflow_scripts.networks.architecture import Card, such_as
from workflow_scripts.networks.blocks import Network, keep_inputs
from workflow_scripts.networks.weights import read_state_dict

CARD = Card(
    label="torchvision model",
    layers=(),
    trained=False,
    reference="Marcel & Rodriguez 2010, doi:10.1145/1873951.1874254",
)

N_CLASSES = 1000
"""Classes of ImageNet, for which torchvision's models are made."""


class TorchvisionModel(Network):
    """A torchvision model that can be read at every module that it names.

    Parameters
    ----------
    body : torch.nn.Module
        The model.
    n_classes : int
        Number of its outputs.
    """

    def __init__(self, body: nn.Module, n_classes: int) -> None:
        super().__init__()
        self.body = body
        self.n_outputs = n_classes
        keep_inputs(self)

    def activations(self) -> dict[str, nn.Module]:
        """Every module, by its name."""
        return {name: module for name, module in self.body.named_modules() if name}

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.body(images)
        return logits


def build(*, model: ShortText, weights: FilePath | None, input_size: Count) -> TorchvisionModel:
    """Model with the weights that its owner trained.

    Parameters
    ----------
    model : str
        Name of one of torchvision's classification models.
    weights : str or path-like or None
        State dict (see `read_state_dict`). None: the random initial weights of torchvision, which
        gives each kind of layer the distribution that its authors chose, from PyTorch's global
        generator.
    input_size : int
        Side in pixels of the images that the model is going to see.

    Raises
    ------
    InputError
        If torchvision has no such model, the state dict is not that of the model, or the model does
        not take images of this size.
    """
    known = models.list_models(module=models)
    if model not in known:
        raise InputError(
            "model",
            repr(model),
            f"one of torchvision's classification models{such_as(model, known)}",
        )
    body, n_classes = get_model(model, weights=None, num_classes=N_CLASSES), N_CLASSES
    if weights is not None:
        state = read_state_dict(weights)
        *_, last = body.state_dict()
        if last in state and state[last].ndim and len(state[last]) != N_CLASSES:
            # Trained on other classes: the classifier is as large as in the file.
            n_classes = len(state[last])
            body = get_model(model, weights=None, num_classes=n_classes)
        _load(body, state, weights, model)
    _check_size(body, model, input_size)
    return TorchvisionModel(body, n_classes)


def _load(body: nn.Module, state: dict[str, torch.Tensor], path: PathLike, model: str) -> None:
    """Load a state dict, or name in one sentence the first thing that is wrong with it."""
    for key, value in body.state_dict().items():
        if key in state and state[key].shape != value.shape:
            raise InputError(
                path,
                f"{key!r} of shape {tuple(state[key].shape)}",
                f"{tuple(value.shape)} for torchvision's {model}",
            )
    missing, unexpected = body.load_state_dict(state, strict=False)
    # Auxiliary classifiers serve only training; GoogLeNet's published weights do without them.
    missing = [key for key in missing if not key.lower().startswith("aux")]
    if missing or unexpected:
        wrong = [
            f"no {key!r} of shape {tuple(body.state_dict()[key].shape)}" for key in missing[:1]
        ]
        wrong += [
            f"the unknown {key!r} of shape {tuple(state[key].shape)}" for key in unexpected[:1]
        ]
        raise InputError(path, " and ".join(wrong), f"the state dict of torchvision's {model}")


@torch.no_grad()
def _check_size(body: nn.Module, model: str, size: int) -> None:
    """Refuse a size of images that the model does not take, by showing it one image of zeros."""
    body.eval()
    try:
        body(torch.zeros(1, 3, size, size))
    except (AssertionError, RuntimeError) as error:
        reason = str(error).partition("\n")[0]
        raise InputError(
            "input_size", f"{size}, at which {model} fails ({reason})", "a size that it takes"
        ) from error
    body.train()
