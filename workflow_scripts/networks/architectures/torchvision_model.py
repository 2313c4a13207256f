"""External models: torchvision's classification networks with weights from a file, or random."""

import difflib

import torch
from torch import nn

from workflow_scripts.common.errors import InputError
from workflow_scripts.networks.blocks import keep_inputs
from workflow_scripts.networks.weights import read_state_dict

N_CLASSES = 1000


class External(nn.Module):
    """A torchvision model that can be read at every module that it names.

    Parameters
    ----------
    variant : str
        Its name in the configuration, for errors.
    model : str
        Name of one of torchvision's classification models.
    weights : str or path-like or None
        State dict (see `read_state_dict`); None: the random initial weights of torchvision, each
        kind of layer with the distribution that its authors gave it.
    layers : list of str
        Names of modules that are going to be read.
    seed : int
        Seed of the initial weights.

    Raises
    ------
    InputError
        If torchvision has no such model or the model no such layer, or if the state dict is not
        that of the model.
    """

    def __init__(self, variant, model, weights, layers, seed):
        from torchvision import models

        super().__init__()
        self.variant, self.model = variant, model
        known = models.list_models(module=models)
        if model not in known:
            raise InputError(
                f"config variants.{variant}.model: found {model!r}, expected one of torchvision's "
                f"classification models{_such_as(model, known)}"
            )
        state = None if weights is None else read_state_dict(weights)
        self.body = _build(model, N_CLASSES, seed)
        if state is not None:
            *_, last = self.body.state_dict()
            if last in state and state[last].shape[:1] != (N_CLASSES,):
                # Trained on other classes: the classifier is as large as in the file.
                self.body = _build(model, *state[last].shape[:1], seed)
            _load(self.body, state, weights, model)
        keep_inputs(self)
        for layer in layers:
            if layer not in self.activations():
                raise InputError(
                    f"config candidates: found the layer {layer!r} of {variant}, expected modules "
                    f"of torchvision's {model}{_such_as(layer, self.activations())}"
                )

    def activations(self):
        """Every module, by its name."""
        return {name: module for name, module in self.body.named_modules() if name}

    def forward(self, images):
        try:
            return self.body(images)
        except (AssertionError, RuntimeError) as error:
            reason = str(error).partition("\n")[0]
            raise InputError(
                f"config variants.{self.variant}.input_size: {self.model} failed on images of "
                f"{images.shape[-1]} pixels, expected a size that it takes: {reason}"
            ) from error


def _build(model, n_classes, seed):
    """Model with initial weights that the seed alone decides on.

    torchvision draws them from the global generator, which stays as it was.
    """
    from torchvision.models import get_model

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return get_model(model, weights=None, num_classes=n_classes)


def _load(body, state, path, model):
    """Load a state dict, or say in one sentence what is first wrong with it."""
    for key, value in body.state_dict().items():
        if key in state and state[key].shape != value.shape:
            raise InputError(
                f"{path}: found {key!r} of shape {tuple(state[key].shape)}, expected "
                f"{tuple(value.shape)} for torchvision's {model}"
            )
    missing, unexpected = body.load_state_dict(state, strict=False)
    # Auxiliary classifiers only train; torchvision's GoogLeNet with published weights has none.
    missing = [key for key in missing if not key.lower().startswith("aux")]
    if missing or unexpected:
        wrong = [
            f"no {key!r} of shape {tuple(body.state_dict()[key].shape)}" for key in missing[:1]
        ]
        wrong += [
            f"the unknown {key!r} of shape {tuple(state[key].shape)}" for key in unexpected[:1]
        ]
        raise InputError(
            f"{path}: found {' and '.join(wrong)}, expected the state dict of torchvision's {model}"
        )


def _such_as(name, known):
    close = difflib.get_close_matches(name, known, n=3)
    return f", such as {', '.join(close)}" if close else ""
