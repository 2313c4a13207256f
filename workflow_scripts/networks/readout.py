"""Responses of a network's layers, before and after their non-linearities.

A layer is a module by its name. Of the tokens of a transformer, the name may say which are read:
``<module>@class``, ``<module>@patches`` or ``<module>@mean``, the mean over patches.
"""

from collections.abc import Callable
from math import isqrt
from typing import Any

import numpy as np
import torch
from torch import nn

from workflow_scripts.common.errors import InputError
from workflow_scripts.networks.blocks import Network, NoisySoftplus, Prefix
from workflow_scripts.networks.unit_sampling import Projection, Units

Responses = dict[str, dict[str, np.ndarray]]
"""Responses (n, units) by layer and stage, ``pre`` or ``post``."""

NONLINEARITIES = (
    NoisySoftplus,
    nn.ReLU,
    nn.ReLU6,
    nn.GELU,
    nn.SiLU,
    nn.Hardswish,
    nn.Sigmoid,
    nn.Hardsigmoid,
)
"""Modules that apply one function to every unit: they have values before and after it."""


def as_maps(values: Any, layer: str, prefix: Prefix | None = None) -> torch.Tensor:
    """Output of a module as (image, channel, row, column).

    A vector is one position. Of a transformer's tokens (image, token, channel), the patches are a
    square, row by row; the class token and the mean over patches are vectors. A map with four
    dimensions is square, which tells channels that come last, as in Swin Transformers, from
    channels that come first, as everywhere else.

    Parameters
    ----------
    values : torch.Tensor or object
        What the module returned.
    layer : str
        Its name, which may say which tokens are read. Without ``@`` they are the patches.
    prefix : Prefix, optional
        Tokens before the patches, if the model says it. Otherwise a class token comes before a
        square of patches, and a square alone has none.

    Raises
    ------
    InputError
        If the output has another form, or has no such tokens.
    """
    shape = tuple(getattr(values, "shape", ()))
    found = f"an output of shape {shape}" if shape else f"a {type(values).__name__}"
    tokens = layer.partition("@")[2]
    if len(shape) == 3:
        prefix = prefix or _guessed_prefix(shape[1])
        if prefix and (maps := _read_tokens(values, tokens, prefix)) is not None:
            return maps
    elif not tokens:
        if len(shape) == 2:
            return values[:, :, None, None]
        if len(shape) == 4 and shape[2] == shape[3]:
            return values
        if len(shape) == 4 and shape[1] == shape[2]:
            return values.permute(0, 3, 1, 2)
    patches = "(image, token, channel) with a square of patches, perhaps after a class token"
    expected = {
        "": "(image, channel), (image, channel, row, column) with as many rows as columns, or "
        + patches,
        "class": "(image, token, channel) with a class token",
    }
    raise InputError(f"layer {layer!r}", found, expected.get(tokens, patches))


def _guessed_prefix(n_tokens: int) -> Prefix | None:
    """Tokens before a square of patches, of a model that does not say it."""
    for n in (0, 1):
        if n_tokens > n and isqrt(n_tokens - n) ** 2 == n_tokens - n:
            return Prefix(n, has_class=n == 1)
    return None


def _read_tokens(values: torch.Tensor, tokens: str, prefix: Prefix) -> torch.Tensor | None:
    """Tokens (image, token, channel) as maps; None if there are none of this kind."""
    if tokens == "class":
        return values[:, 0, :, None, None] if prefix.has_class else None
    patches = values[:, prefix.n :]
    n_patches = patches.shape[1]
    if tokens == "mean":
        return patches.mean(1)[:, :, None, None] if n_patches else None
    side = isqrt(n_patches)
    if n_patches == 0 or side**2 != n_patches:
        return None
    return patches.mT.unflatten(2, (side, side))


def as_they_are(images: torch.Tensor) -> torch.Tensor:
    """The same images."""
    return images


def read_layers(
    network: Network,
    images: torch.Tensor,
    choose: Callable[[str, tuple[int, ...]], Units | Projection],
    layers: list[str],
    batch_size: int,
    prepare: Callable[[torch.Tensor], torch.Tensor] = as_they_are,
) -> tuple[Responses, dict[str, Units]]:
    """Responses of the chosen units of all layers in one pass over the images.

    Parameters
    ----------
    network : Network
        On its device.
    images : torch.Tensor, shape (n, ...)
    choose : callable
        From a layer's name and shape (channels, rows, columns) to its units that are read, or to
        their projection. It always has the same answer.
    layers : list of str
        Names of modules, perhaps with the tokens that are read (see `as_maps`).
    batch_size : int
    prepare : callable, optional
        From a batch of the images to what the network takes, on its device. Without it the images
        are that already.

    Returns
    -------
    responses : dict of str to dict of str to numpy.ndarray
        By layer and stage, float32 of shape (n, units): ``post`` is the output and ``pre`` the
        input of a non-linearity; other modules, and projected layers, have ``post`` alone. If a
        module is called several times in one pass, as the rectification in a block of ResNet is,
        its last call counts.
    units : dict of str to tuple of numpy.ndarray
        Channel, row and column of each unit, by layer.

    Raises
    ------
    InputError
        If a layer is not called, or its output has a form that `as_maps` refuses.
    """
    captured: dict[tuple[str, str], torch.Tensor] = {}
    units: dict[str, Units] = {}

    def hook(layer: str) -> Callable[[nn.Module, Any, Any], None]:
        def keep(module: nn.Module, inputs: Any, output: Any) -> None:
            stages = {"pre": inputs[0]} if isinstance(module, NONLINEARITIES) else {}
            for stage, values in {**stages, "post": output}.items():
                maps = as_maps(values, layer, network.prefix)
                chosen = choose(layer, tuple(maps.shape[1:]))
                # A copy, made at once: what follows may write into the output.
                if not isinstance(chosen, Projection):
                    units[layer], captured[layer, stage] = chosen, maps[(slice(None), *chosen)]
                elif stage == "post":
                    sums = chosen.apply(maps.flatten(1).float().cpu().numpy())
                    units[layer], captured[layer, stage] = chosen.units, torch.from_numpy(sums)

        return keep

    modules = network.activations()
    hooks = [
        modules[layer.partition("@")[0]].register_forward_hook(hook(layer)) for layer in layers
    ]
    batches: dict[str, dict[str, list[np.ndarray]]] = {layer: {} for layer in layers}
    with torch.no_grad():
        for batch in images.split(batch_size):
            network(prepare(batch))
            for layer in layers:
                if layer not in units:
                    raise InputError(
                        f"layer {layer!r}", "a module that is not called", "one that is called"
                    )
            for (layer, stage), values in captured.items():
                batches[layer].setdefault(stage, []).append(values.float().cpu().numpy())
    for item in hooks:
        item.remove()
    return {
        layer: {stage: np.concatenate(values) for stage, values in stages.items()}
        for layer, stages in batches.items()
    }, units
