"""Train a group of networks of one variant, which differ in their seed."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

import pandas as pd
import torch

from workflow_scripts.common.devices import choose_device
from workflow_scripts.common.files import PathLike, replacing, write_table
from workflow_scripts.common.job import job
from workflow_scripts.common.provenance import stamp
from workflow_scripts.images.sets import read_training
from workflow_scripts.images.stimulus_file import read_images
from workflow_scripts.networks.checkpoints import Checkpoints, fingerprint
from workflow_scripts.networks.trainer import Epoch
from workflow_scripts.networks.training import train
from workflow_scripts.networks.weights import write_weights


def main(
    inputs: Any,
    output: Any,
    settings: dict[str, Any],
    seeds: Sequence[int],
    code: Sequence[str],
    folder: PathLike,
) -> None:
    """Write the weights, what made them, and the training curve; checkpoints are in `folder`."""
    device = torch.device(choose_device(settings["device"]))
    # Bit for bit on the CPU; a GPU has no deterministic form of every operation.
    torch.use_deterministic_algorithms(device.type == "cpu")
    checkpoints = Checkpoints(
        folder,
        fingerprint(settings, code, [*inputs.training, inputs.validation], device.type),
        # Not a parameter of the job: how often checkpoints are written changes no result.
        float(os.environ["CHECKPOINT_MINUTES"]),
    )
    networks, curve = train(
        settings["variant"],
        read_training(inputs.training, settings["stimuli"], settings["seed"]),
        read_images(inputs.validation),
        master_seed=settings["seed"],
        seeds=seeds,
        device=device,
        checkpoints=checkpoints,
    )
    write_weights(networks, output.weights)
    facts = stamp(settings, seed=settings["seed"], data_kind="networks", device=str(device))
    with replacing(output.config) as temporary:
        text = json.dumps({**facts, "parameters": settings, "network_seeds": seeds}, indent=2)
        temporary.write_text(text)
    columns = [field.name for field in fields(Epoch)]
    write_table(pd.DataFrame(map(asdict, curve), columns=columns), output.curve)
    checkpoints.remove(seeds)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        torch.set_num_threads(snakemake.threads)
        main(
            snakemake.input,
            snakemake.output,
            snakemake.params.settings,
            [int(seed) for seed in snakemake.wildcards.seeds.split("_")],
            [*snakemake.params.code, *snakemake.params.architecture_code],
            snakemake.params.checkpoints,
        )
