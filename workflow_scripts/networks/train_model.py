"""Train a group of networks of one variant, which differ in their seed."""

import json
import os

import pandas as pd
import torch

from workflow_scripts.common.devices import choose_device
from workflow_scripts.common.files import replacing, write_table
from workflow_scripts.common.job import job
from workflow_scripts.common.provenance import stamp
from workflow_scripts.images.sets import read_training
from workflow_scripts.images.stimulus_file import read_images
from workflow_scripts.networks.checkpoints import Checkpoints, fingerprint
from workflow_scripts.networks.trainer import CURVE_COLUMNS
from workflow_scripts.networks.training import train
from workflow_scripts.networks.weights import write_weights


def main(training, validation, seeds, settings, code, folder, output, threads):
    """Write the weights, the configuration beside them, and the training curve."""
    torch.set_num_threads(threads)
    device = torch.device(choose_device(settings["device"]))
    # Bit for bit on the CPU; a GPU has no deterministic form of every operation.
    torch.use_deterministic_algorithms(device.type == "cpu")
    checkpoints = Checkpoints(
        folder,
        fingerprint(settings, code, [*training, validation], device.type),
        # How often does not change what is trained, so that it is no parameter.
        float(os.environ["CHECKPOINT_MINUTES"]),
    )
    networks, curve = train(
        settings["variant"],
        read_training(training, settings["stimuli"], settings["seed"]),
        read_images(validation),
        master_seed=settings["seed"],
        seeds=seeds,
        device=device,
        checkpoints=checkpoints,
    )
    write_weights(networks, output.weights)
    facts = stamp(settings, seed=settings["seed"], data_kind="networks", device=str(device))
    with replacing(output.config) as temporary:
        temporary.write_text(
            json.dumps({**facts, "parameters": settings, "network_seeds": seeds}, indent=2)
        )
    write_table(pd.DataFrame(curve, columns=CURVE_COLUMNS), output.curve)
    checkpoints.remove(seeds)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(
            snakemake.input.training,
            snakemake.input.validation,
            [int(seed) for seed in snakemake.wildcards.seeds.split("_")],
            snakemake.params.settings,
            snakemake.params.code,
            snakemake.params.checkpoints,
            snakemake.output,
            snakemake.threads,
        )
