"""Read a network's layers, before and after the non-linearity, on one stimulus set."""

from typing import Any

import torch

from workflow_scripts.common.devices import choose_device
from workflow_scripts.common.files import PathLike
from workflow_scripts.common.job import job
from workflow_scripts.common.provenance import stamp
from workflow_scripts.common.random_streams import derive_seed, generator
from workflow_scripts.images.pixels import normalise, to_input
from workflow_scripts.images.squares import SIZE
from workflow_scripts.images.stimulus_file import read_images
from workflow_scripts.networks.activation_file import write_activations
from workflow_scripts.networks.blocks import set_noise, torch_generator
from workflow_scripts.networks.loading import load_network
from workflow_scripts.networks.readout import Units, mean_responses
from workflow_scripts.networks.unit_sampling import choose_units

BATCH = 256
"""Images in one pass at 64 pixels; fewer of larger ones, for the same memory."""


def main(
    weights: PathLike,
    stimulus_file: PathLike,
    seed: int,
    settings: dict[str, Any],
    output: PathLike,
) -> None:
    """Write the mean over noisy passes of the responses of every layer."""
    variant, name, options = settings["variant"], settings["variant_name"], settings["units"]
    device = torch.device(choose_device(settings["device"]))
    network = load_network(weights, seed, settings).to(device).eval()
    stimuli = read_images(stimulus_file)
    images = normalise(to_input(stimuli["image"].values, device))
    batch_size = max(1, BATCH * SIZE**2 // images[0, 0].numel())

    def choose(layer: str, shape: tuple[int, ...]) -> Units:
        names = [name, seed] if options["mode"] == "random_independent" else []
        stream = generator(settings["seed"], "units", *names, layer)
        return choose_units(shape, **options, generator=stream)

    noise = derive_seed(settings["seed"], "extract", settings["stimuli"], name, seed)
    set_noise(network, torch_generator(noise, device))
    # Without noise all passes are equal.
    n_passes = settings["n_trials"] if variant.get("noise_gain") is not None else 1
    responses, units = mean_responses(
        network, images, choose, settings["layers"], batch_size, n_passes
    )
    facts = stamp(settings, seed=settings["seed"], data_kind="networks", device=str(device))
    write_activations(responses, units, stimuli["stimulus"].values, facts, output)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        torch.set_num_threads(snakemake.threads)
        main(
            snakemake.input.weights,
            snakemake.input.images,
            int(snakemake.wildcards.seed),
            snakemake.params.settings,
            snakemake.output[0],
        )
