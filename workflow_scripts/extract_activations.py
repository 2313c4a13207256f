"""Read a network's layers, before and after the non-linearity, on one stimulus set."""

from math import isqrt

import numpy as np
import torch
import xarray as xr

from workflow_scripts.arrays import choose_device
from workflow_scripts.errors import InputError
from workflow_scripts.external import External
from workflow_scripts.files import write_netcdf
from workflow_scripts.jobs import job
from workflow_scripts.network import (
    NONLINEARITIES,
    build_network,
    normalise,
    set_noise,
    to_input,
    torch_generator,
)
from workflow_scripts.provenance import stamp
from workflow_scripts.seeds import derive_seed, generator
from workflow_scripts.stimuli import SIZE, read_images
from workflow_scripts.units import choose_units
from workflow_scripts.weights import read_weights

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


def main(weights, images_path, seed, settings, output, threads):
    """Write the mean over noisy passes of every layer's responses, a netCDF group a layer."""
    torch.set_num_threads(threads)
    variant, units = settings["variant"], settings["units"]
    device = torch.device(choose_device(settings["device"]))
    network = load_network(weights, seed, settings).to(device).eval()
    stimuli = read_images(images_path)
    images = normalise(to_input(stimuli["image"].values, device))
    batch_size = max(1, BATCH * SIZE**2 // images[0, 0].numel())

    def choose(layer, shape):
        names = [settings["variant_name"], seed] if units["mode"] == "random_independent" else []
        stream = generator(settings["seed"], "units", *names, layer)
        return choose_units(
            shape, units["mode"], units["positions"], units["max_per_layer"], stream
        )

    # Without noise all passes are equal.
    n_trials = settings["n_trials"] if variant.get("noise_gain") is not None else 1
    noise = derive_seed(
        settings["seed"], "extract", settings["set"], settings["variant_name"], seed
    )
    set_noise(network, torch_generator(noise, device))
    totals = None
    for _ in range(n_trials):
        responses, chosen = read_layers(network, images, choose, settings["layers"], batch_size)
        if totals is None:
            totals = {
                layer: {stage: np.zeros(values.shape) for stage, values in stages.items()}
                for layer, stages in responses.items()
            }
        for layer, stages in responses.items():
            for stage, values in stages.items():
                totals[layer][stage] += values
    facts = stamp(settings, seed=settings["seed"], data_kind="networks", device=str(device))
    groups = {"/": xr.Dataset(attrs=facts)}
    for layer in settings["layers"]:
        channel, row, column = chosen[layer]
        groups[layer] = xr.Dataset(
            {
                stage: (("stimulus", "unit"), (total / n_trials).astype(np.float32))
                for stage, total in totals[layer].items()
            },
            coords={
                "stimulus": stimuli["stimulus"].values,
                "channel": ("unit", channel),
                "row": ("unit", row),
                "column": ("unit", column),
            },
        )
    write_netcdf(groups, output)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(
            snakemake.input.weights or None,  # an external model may have no file
            snakemake.input.images,
            int(snakemake.wildcards.seed),
            snakemake.params.settings,
            snakemake.output[0],
            snakemake.threads,
        )
