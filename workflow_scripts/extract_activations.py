"""Read a trained network's layers, before and after the non-linearity, on one stimulus set."""

import numpy as np
import torch
import xarray as xr
from safetensors.torch import load_file

from workflow_scripts.arrays import choose_device
from workflow_scripts.files import write_netcdf
from workflow_scripts.jobs import logged
from workflow_scripts.network import (
    build_network,
    normalise,
    set_noise,
    to_input,
    torch_generator,
)
from workflow_scripts.provenance import stamp
from workflow_scripts.seeds import derive_seed, generator
from workflow_scripts.stimuli import read_images
from workflow_scripts.units import choose_units


def read_layers(network, images, choose, layers, batch_size):
    """Responses of the chosen units of all layers in one pass over the images.

    Parameters
    ----------
    network : torch.nn.Module
        As `build_network` returns it, on its device.
    images : torch.Tensor, shape (n, 3, size, size)
        Normalised, on the same device.
    choose : callable
        From a layer's name and shape (channels, rows, columns) to unit indices.
    layers : list of str
    batch_size : int

    Returns
    -------
    responses : dict of str to dict of str to numpy.ndarray
        By layer and stage (``pre``, ``post``), float32 of shape (n, units).
    units : dict of str to tuple of numpy.ndarray
        Channel, row and column of each unit, by layer.
    """
    captured, units = {}, {}

    def hook(layer):
        def keep(module, inputs, output):
            captured[layer] = (inputs[0], output)

        return keep

    modules = network.activations()
    hooks = [modules[layer].register_forward_hook(hook(layer)) for layer in layers]
    parts = {layer: {"pre": [], "post": []} for layer in layers}
    with torch.no_grad():
        for batch in images.split(batch_size):
            network(batch)
            for layer in layers:
                for stage, values in zip(("pre", "post"), captured[layer], strict=True):
                    values = values.reshape(
                        len(batch), values.shape[1], *(values.shape[2:] or (1, 1))
                    )
                    if layer not in units:
                        units[layer] = choose(layer, tuple(values.shape[1:]))
                    parts[layer][stage].append(values[(slice(None), *units[layer])].cpu().numpy())
    for item in hooks:
        item.remove()
    return {
        layer: {stage: np.concatenate(values) for stage, values in stages.items()}
        for layer, stages in parts.items()
    }, units


def main(weights, images_path, seed, settings, output, threads):
    """Write the mean over noisy passes of every layer's responses, a netCDF group a layer."""
    torch.set_num_threads(threads)
    variant, units = settings["variant"], settings["units"]
    device = torch.device(choose_device(settings["device"]))
    network = build_network(variant, torch_generator(0))
    network.load_state_dict(load_file(weights))
    network.to(device).eval()
    stimuli = read_images(images_path)
    images = normalise(to_input(stimuli["image"].values, device))

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
        responses, chosen = read_layers(network, images, choose, settings["layers"], 256)
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
    with logged(snakemake.log[0]):
        main(
            snakemake.input.weights,
            snakemake.input.images,
            int(snakemake.wildcards.seed),
            snakemake.params.settings,
            snakemake.output[0],
            snakemake.threads,
        )
