"""timm's models, with weights from a file or random ones."""

from typing import Any

import torch

from workflow_scripts.common.errors import InputError
from workflow_scripts.common.forms import Count, FilePath, ShortText
from workflow_scripts.networks.architecture import Card, such_as
from workflow_scripts.networks.elsewhere import ModelFromElsewhere, load_state
from workflow_scripts.networks.weights import read_state_dict

CARD = Card(
    label="timm model",
    layers=(),
    trained=False,
    reference="Wightman 2019, doi:10.5281/zenodo.4414861",
)


def build(*, model: ShortText, weights: FilePath | None, input_size: Count) -> ModelFromElsewhere:
    """Model with the weights that its owner trained.

    Parameters
    ----------
    model : str
        Name of one of timm's models. Behind a point it may name the weights for which timm lists
        it, as in ``vit_base_patch16_224.dino``: their mean and deviation of pixels are used.
    weights : str or path-like or None
        State dict (see `read_state_dict`). None: the random initial weights of timm, from PyTorch's
        global generator.
    input_size : int
        Side in pixels of the images that the model is going to see.

    Raises
    ------
    InputError
        If timm is not installed or has no such model, the state dict is not that of the model, or
        the model does not take images of this size.
    """
    try:
        import timm
        from timm.data import resolve_model_data_config
    except ImportError as error:
        raise InputError(
            "architecture",
            f"timm_model without timm ({error})",
            "the group timm: uv run --group timm snakemake ...",
        ) from error
    # Otherwise timm would look for some names on the internet.
    if not timm.is_model(model):
        known = timm.list_models()
        raise InputError("model", repr(model), f"one of timm's models{such_as(model, known)}")

    def create(**options: Any) -> torch.nn.Module:
        try:
            body: torch.nn.Module = timm.create_model(model, pretrained=False, **options)
        except RuntimeError as error:
            found = f"{model!r}, which timm refuses ({error})"
            raise InputError(
                "model", found, "a model of timm, perhaps with .<its weights>"
            ) from error
        return body

    body = create()
    facts, card = resolve_model_data_config(body), vars(body)["pretrained_cfg"]
    options: dict[str, int] = {}
    if card["fixed_input_size"] and facts["input_size"][-1] != input_size:
        options["img_size"] = input_size
    state = {} if weights is None else read_state_dict(weights)
    if weights is not None:
        # Trained on other classes, or saved without a classifier: as large as in the file.
        heads = card["classifier"]
        classifier = state.get(f"{heads if isinstance(heads, str) else heads[0]}.weight", ())
        options["num_classes"] = len(classifier)
    if options:
        body = create(**options)
    if weights is not None:
        load_state(body, state, weights, f"timm's {model}")
    mean, sd = (torch.tensor(facts[name]).view(3, 1, 1) for name in ("mean", "std"))

    def preprocess(images: torch.Tensor) -> torch.Tensor:
        return (images - mean.to(images.device)) / sd.to(images.device)

    return ModelFromElsewhere(body, model, input_size, preprocess)
