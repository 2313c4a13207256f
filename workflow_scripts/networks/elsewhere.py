"""Models from elsewhere: what all architectures share whose networks are not trained here."""

from collections.abc import Callable

import torch
from torch import nn

from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike
from workflow_scripts.networks.blocks import Network, Prefix, keep_inputs
from workflow_scripts.networks.own_code import naming_errors

Preprocess = Callable[[torch.Tensor], torch.Tensor]


class ModelFromElsewhere(Network):
    """A model that can be read at every module that it names.

    Parameters
    ----------
    body : torch.nn.Module
        The model.
    name : str
        What it is called, for errors.
    input_size : int
        Side in pixels of the images that the model is going to see.
    preprocess : callable, optional
        From images (n, 3, y, x) in [0, 1] to what the model wants; without it, ImageNet's mean is
        subtracted and the result divided by ImageNet's standard deviation.

    Raises
    ------
    InputError
        If `preprocess` fails, or the model does not take images of this size.
    """

    def __init__(
        self, body: nn.Module, name: str, input_size: int, preprocess: Preprocess | None = None
    ) -> None:
        super().__init__()
        self.body = body
        self.own_preprocess = preprocess
        self.prefix = prefix_of(body)
        keep_inputs(self)
        self.n_outputs = self._outputs_at(input_size, name)

    def preprocess(self, images: torch.Tensor) -> torch.Tensor:
        """Images as the model's owner prepares them."""
        return self.own_preprocess(images) if self.own_preprocess else super().preprocess(images)

    def activations(self) -> dict[str, nn.Module]:
        """Every module, by its name."""
        return {name: module for name, module in self.body.named_modules() if name}

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        answer: torch.Tensor = self.body(images)
        return answer

    @torch.no_grad()
    def _outputs_at(self, size: int, name: str) -> int:
        """Number of outputs, from one black image; 0 if they are not a vector."""
        was_training = self.body.training
        self.body.eval()
        expected = "a function that takes float images (n, 3, y, x) from 0 to 1"
        with naming_errors("function", f"{name!r}, whose preprocessing fails", expected):
            images = self.preprocess(torch.zeros(1, 3, size, size))
        expected = "a size that it takes, if the size is the cause"
        with naming_errors("input_size", f"{size}, at which {name} fails", expected):
            answer = self.body(images)
        self.body.train(was_training)
        return answer.shape[1] if isinstance(answer, torch.Tensor) and answer.ndim == 2 else 0


def prefix_of(body: nn.Module) -> Prefix | None:
    """Tokens before the patches, as the model, or the first part of it that says it, says it.

    timm says their number. The models of DINOv2 and of Hugging Face say how many registers follow
    the class token, Hugging Face's in their configuration.
    """
    for module in body.modules():
        n = getattr(module, "num_prefix_tokens", None)
        if isinstance(n, int):
            return Prefix(n, has_class=getattr(module, "cls_token", None) is not None)
        for place in (module, getattr(module, "config", None)):
            n = getattr(place, "num_register_tokens", None)
            if isinstance(n, int):
                return Prefix(1 + n, has_class=True)
    return None


def load_state(body: nn.Module, state: dict[str, torch.Tensor], path: PathLike, name: str) -> None:
    """Load a state dict, or name in one sentence the first thing that is wrong with it.

    Parameters
    ----------
    body : torch.nn.Module
    state : dict of str to torch.Tensor
    path : str or path-like
        File of the state dict.
    name : str
        What the model is called.

    Raises
    ------
    InputError
        If the state dict is not that of the model.
    """
    for key, value in body.state_dict().items():
        if key in state and state[key].shape != value.shape:
            raise InputError(
                path,
                f"{key!r} of shape {tuple(state[key].shape)}",
                f"{tuple(value.shape)} for {name}",
            )
        if key in state:
            _check_numbers(key, state[key], value, path, name)
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
        raise InputError(path, " and ".join(wrong), f"the state dict of {name}")


def _check_numbers(
    key: str, given: torch.Tensor, wanted: torch.Tensor, path: PathLike, name: str
) -> None:
    """Refuse weights that PyTorch would convert without a word, or that are not numbers."""
    if given.layout != torch.strided or given.is_meta or given.is_quantized:
        found = f"{key!r} as a sparse, quantised or empty tensor"
        raise InputError(path, found, f"every value of it, for {name}")
    loses_imaginary_part = given.is_complex() and not wanted.is_complex()
    if loses_imaginary_part or (wanted.is_floating_point() and not given.is_floating_point()):
        # Quantised weights, whose scales are elsewhere, are integers.
        found = f"{key!r} of type {str(given.dtype).removeprefix('torch.')}"
        expected = "floating-point numbers" if wanted.is_floating_point() else "integers"
        raise InputError(path, found, f"{expected}, for {name}")
    if given.is_floating_point() and not given.float().isfinite().all():
        raise InputError(path, f"{key!r} with a value that is not finite", f"numbers, for {name}")
