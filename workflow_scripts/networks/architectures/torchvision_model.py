"""torchvision's classification networks, with weights from a file or random ones."""

from torchvision import models
from torchvision.models import get_model

from workflow_scripts.common.errors import InputError
from workflow_scripts.common.forms import Count, FilePath, ShortText
from workflow_scripts.networks.architecture import Card, such_as
from workflow_scripts.networks.elsewhere import ModelFromElsewhere, load_state
from workflow_scripts.networks.weights import read_state_dict

CARD = Card(
    label="torchvision model",
    layers=(),
    trained=False,
    reference="Marcel & Rodriguez 2010, doi:10.1145/1873951.1874254",
)

N_CLASSES = 1000
"""Classes of ImageNet, for which torchvision's models are made."""


def build(*, model: ShortText, weights: FilePath | None, input_size: Count) -> ModelFromElsewhere:
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
    body = get_model(model, weights=None, num_classes=N_CLASSES)
    if weights is not None:
        state = read_state_dict(weights)
        *_, last = body.state_dict()
        if last in state and state[last].ndim and len(state[last]) != N_CLASSES:
            # Trained on other classes: the classifier is as large as in the file.
            body = get_model(model, weights=None, num_classes=len(state[last]))
        load_state(body, state, weights, f"torchvision's {model}")
    return ModelFromElsewhere(body, model, input_size)
