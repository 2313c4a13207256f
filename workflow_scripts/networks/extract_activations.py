"""Read a network's layers, before and after the non-linearity, on one stimulus set."""

from typing import Any

import torch

from workflow_scripts.common.devices import choose_device
from workflow_scripts.common.files import PathLike
from workflow_scripts.common.job import job
from workflow_scripts.common.provenance import stamp
from workflow_scripts.common.random_streams import derive_seed
from workflow_scripts.images.pixels import to_input
from workflow_scripts.images.squares import SIZE
from workflow_scripts.images.stimulus_file import read_images
from workflow_scripts.networks.activation_file import write_activations
from workflow_scripts.networks.blocks import set_noise, torch_generator
from workflow_scripts.networks.loading import load_network
from workflow_scripts.networks.noisy_passes import Passes, mean_responses
from workflow_scripts.networks.unit_sampling import unit_chooser

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
    variant, name = settings["variant"], settings["variant_name"]
    device = torch.device(choose_device(settings["device"]))
    network = load_network(weights, seed, settings).to(device).eval()
    stimuli = read_images(stimulus_file)
    images = torch.as_tensor(stimuli["image"].values)
    batch_size = max(1, BATCH * SIZE**2 // images[0, ..., 0].numel())

    def prepare(batch: torch.Tensor) -> torch.Tensor:
        return network.preprocess(to_input(batch.numpy(), device))

    noise = derive_seed(settings["seed"], "extract", settings["stimuli"], name, seed)
    set_noise(network, torch_generator(noise, device))
    passes = Passes(**settings["passes"]) if variant.get("noise_gain") is not None else None
    averaged = mean_responses(
        network,
        images,
        unit_chooser(settings, seed),
        settings["layers"],
        batch_size,
        passes,
        prepare,
    )
    groups = stimuli["group"].values if "group" in stimuli else None
    layers = averaged.datasets(stimuli["stimulus"].values, groups)
    facts = stamp(settings, seed=settings["seed"], data_kind="networks", device=str(device))
    facts |= averaged.report(passes)
    write_activations(layers, facts, output)


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
