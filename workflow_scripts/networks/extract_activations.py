"""Read a network's layers, before and after the non-linearity, on one stimulus set."""

import numpy as np
import torch
import xarray as xr

from workflow_scripts.common.devices import choose_device
from workflow_scripts.common.files import write_netcdf
from workflow_scripts.common.job import job
from workflow_scripts.common.provenance import stamp
from workflow_scripts.common.random_streams import derive_seed, generator
from workflow_scripts.images.pixels import normalise, to_input
from workflow_scripts.images.squares import SIZE
from workflow_scripts.images.stimulus_file import read_images
from workflow_scripts.networks.blocks import set_noise, torch_generator
from workflow_scripts.networks.readout import BATCH, load_network, read_layers
from workflow_scripts.networks.unit_sampling import choose_units


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
