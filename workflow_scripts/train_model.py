"""Train one network of one variant and seed."""

import json

import pandas as pd
import torch
from safetensors.torch import save_file

from workflow_scripts.arrays import choose_device
from workflow_scripts.files import replacing, write_table
from workflow_scripts.jobs import logged
from workflow_scripts.provenance import stamp
from workflow_scripts.stimuli import read_images, read_training
from workflow_scripts.training import train

CURVE_COLUMNS = ["epoch", "learning_rate", "loss", "accuracy", "images_per_second"]


def main(training, validation, seed, settings, output, threads):
    """Write the weights, the configuration beside them, and the training curve."""
    torch.set_num_threads(threads)
    device = torch.device(choose_device(settings["device"]))
    # Bit for bit on the CPU; a GPU has no deterministic form of every operation.
    torch.use_deterministic_algorithms(device.type == "cpu")
    network, curve = train(
        settings["variant"],
        read_training(training, settings["stimuli"], settings["seed"]),
        read_images(validation),
        master_seed=settings["seed"],
        seed=seed,
        device=device,
    )
    weights = {name: value.cpu().contiguous() for name, value in network.state_dict().items()}
    with replacing(output.weights) as temporary:
        save_file(weights, temporary)
    facts = stamp(settings, seed=settings["seed"], data_kind="networks", device=str(device))
    with replacing(output.config) as temporary:
        temporary.write_text(
            json.dumps({**facts, "parameters": settings, "network_seed": seed}, indent=2)
        )
    write_table(pd.DataFrame(curve, columns=CURVE_COLUMNS), output.curve)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(
            snakemake.input.training,
            snakemake.input.validation,
            int(snakemake.wildcards.seed),
            snakemake.params.settings,
            snakemake.output,
            snakemake.threads,
        )
