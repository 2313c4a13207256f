"""Responses of a network's layers, before and after their non-linearities."""

from math import isqrt

import numpy as np
import torch

from workflow_scripts.common.errors import InputError
from workflow_scripts.common.random_streams import derive_seed
from workflow_scripts.networks.architecture import build_network
from workflow_scripts.networks.architectures.torchvision_model import External
from workflow_scripts.networks.blocks import NONLINEARITIES, torch_generator
from workflow_scripts.networks.weights import read_weights

# Images in one pass at 64 pixels; of larger ones fewer, for the same memory.
BATCH = 256


def as_maps(values, layer):
    """Output of a module as (image, channel, row, column).

    A vector is one position. Of a vision transformer's tokens (image, token, channel), the first
    is the class token, which has no position and is left out; the others are a square, row by
    row. A map with four dimensions is square, which tells channels that come last, as in Swin
    Transformers, from channels that come first, as everywhere else.

    Raises
    ------
    InputError
        If the output has another form, naming the layer.
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
    found = f"an output of shape {shape}" if shape else f"a {type(values).__name__}"
    raise InputError(
        f"layer {layer!r}: found {found}, expected (image, channel), (image, channel, row, column) "
        "with as many rows as columns, or (image, token, channel) with a class token and a square "
        "of others"
    )


def read_layers(network, images, choose, layers, batch_size):
    """Responses of the chosen units of all layers in one pass over the images.

    Parameters
    ----------
    network : torch.nn.Module
        As `build_network` returns it or an `External`, on its device.
    images : torch.Tensor, shape (n, 3, size, size)
        Normalised, on the same device.
    choose : callable
        From a layer's name and shape (channels, rows, columns) to unit indices.
    layers : list of str
    batch_size : int

    Returns
    -------
    responses : dict of str to dict of str to numpy.ndarray
        By layer and stage, float32 of shape (n, units): ``post`` is the output and ``pre`` the
        input of a non-linearity; other modules have ``post`` alone. Of a module that is called
        several times in one pass, as the rectification in a block of ResNet, the last call counts.
    units : dict of str to tuple of numpy.ndarray
        Channel, row and column of each unit, by layer.

    Raises
    ------
    InputError
        If a layer is not called, or see `as_maps`.
    """
    captured, units = {}, {}

    def hook(layer):
        def keep(module, inputs, output):
            stages = {"pre": inputs[0]} if isinstance(module, NONLINEARITIES) else {}
            for stage, values in {**stages, "post": output}.items():
                maps = as_maps(values, layer)
                units[layer] = choose(layer, tuple(maps.shape[1:]))
                # A copy, made at once: what follows may write into the output.
                captured[layer, stage] = maps[(slice(None), *units[layer])]

        return keep

    modules = network.activations()
    hooks = [modules[layer].register_forward_hook(hook(layer)) for layer in layers]
    parts = {layer: {} for layer in layers}
    with torch.no_grad():
        for batch in images.split(batch_size):
            network(batch)
            for layer in layers:
                if layer not in units:
                    raise InputError(
                        f"layer {layer!r}: found a module that is not called, expected one that is"
                    )
            for (layer, stage), values in captured.items():
                parts[layer].setdefault(stage, []).append(values.cpu().numpy())
    for item in hooks:
        item.remove()
    return {
        layer: {stage: np.concatenate(values) for stage, values in stages.items()}
        for layer, stages in parts.items()
    }, units


def load_network(weights, seed, settings):
    """Network with its weights: trained here, or an external model's."""
    variant, name = settings["variant"], settings["variant_name"]
    if variant["architecture"] == "external":
        initialisation = derive_seed(settings["seed"], "external", seed)
        return External(name, variant["model"], weights, settings["layers"], initialisation)
    network = build_network(variant, torch_generator(0))
    network.load_state_dict(read_weights(weights, seed))
    return network
