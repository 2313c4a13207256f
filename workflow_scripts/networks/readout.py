"""Responses of a network's layers, before and after their non-linearities."""

from collections.abc import Callable
from math import isqrt
from typing import Any

import numpy as np
import torch
from torch import nn

from workflow_scripts.common.errors import InputError
from workflow_scripts.networks.blocks import Network, NoisySoftplus

Units = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Channel, row and column of each unit of a layer."""

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


def as_maps(values: Any, layer: str) -> torch.Tensor:
    """Output of a module as (image, channel, row, column).

    A vector is one position. Of a vision transformer's tokens (image, token, channel), the first
    is the class token, which has no position and is left out; the others are a square, row by
    row. A map with four dimensions is square, which tells channels that come last, as in Swin
    Transformers, from channels that come first, as everywhere else.

    Parameters
    ----------
    values : torch.Tensor or object
        What the module returned.
    layer : str
        Its name, for errors.

    Raises
    ------
    InputError
        If the output has another form.
    """
    shape = tuple(getattr(values, "shape", ()))
    if len(shape) == 2:
        return values[:, :, None, None]
    if len(shape) == 3 and (side := isqrt(shape[1] - 1)) ** 2 == shape[1] - 1:
        return values[:, 1:].mT.unflatten(2, (side, side))
    if len(shape) == 4 and shape[2] == shape[3]:
        return values
    if len(shape) == 4 and shape[1] == shape[2]:
        return values.permute(0, 3, 1, 2)
    raise InputError(
        f"layer {layer!r}",
        f"an output of shape {shape}" if shape else f"a {type(values).__name__}",
        "(image, channel), (image, channel, row, column) with as many rows as columns, or (image, "
        "token, channel) with a class token and a square of others",
    )


def read_layers(
    network: Network,
    images: torch.Tensor,
    choose: Callable[[str, tuple[int, ...]], Units],
    layers: list[str],
    batch_size: int,
) -> tuple[Responses, dict[str, Units]]:
    """Responses of the chosen units of all layers in one pass over the images.

    Parameters
    ----------
    network : Network
        On its device.
    images : torch.Tensor, shape (n, 3, size, size)
        Normalised, on the same device.
    choose : callable
        From a layer's name and shape (channels, rows, columns) to its units that are read.
    layers : list of str
    batch_size : int

    Returns
    -------
    responses : dict of str to dict of str to numpy.ndarray
        By layer and stage, float32 of shape (n, units): ``post`` is the output and ``pre`` the
        input of a non-linearity; other modules have ``post`` alone. If a module is called several
        times in one pass, as the rectification in a block of ResNet is, its last call counts.
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
                maps = as_maps(values, layer)
                units[layer] = choose(layer, tuple(maps.shape[1:]))
                # A copy, made at once: what follows may write into the output.
                captured[layer, stage] = maps[(slice(None), *units[layer])]

        return keep

    modules = network.activations()
    hooks = [modules[layer].register_forward_hook(hook(layer)) for layer in layers]
    batches: dict[str, dict[str, list[np.ndarray]]] = {layer: {} for layer in layers}
    with torch.no_grad():
        for batch in images.split(batch_size):
            network(batch)
            for layer in layers:
                if layer not in units:
                    raise InputError(
                        f"layer {layer!r}", "a module that is not called", "one that is called"
                    )
            for (layer, stage), values in captured.items():
                batches[layer].setdefault(stage, []).append(values.cpu().numpy())
    for item in hooks:
        item.remove()
    return {
        layer: {stage: np.concatenate(values) for stage, values in stages.items()}
        for layer, stages in batches.items()
    }, units


def mean_responses(
    network: Network,
    images: torch.Tensor,
    choose: Callable[[str, tuple[int, ...]], Units],
    layers: list[str],
    batch_size: int,
    n_passes: int,
) -> tuple[Responses, dict[str, Units]]:
    """Mean over several passes of what `read_layers` returns for one pass."""
    totals: Responses = {}
    for _ in range(n_passes):
        responses, units = read_layers(network, images, choose, layers, batch_size)
        for layer, stages in responses.items():
            sums = totals.setdefault(layer, {})
            for stage, values in stages.items():
                sums[stage] = sums.get(stage, np.zeros(values.shape)) + values
    means = {
        layer: {stage: (sums / n_passes).astype(np.float32) for stage, sums in stages.items()}
        for layer, stages in totals.items()
    }
    return means, units
