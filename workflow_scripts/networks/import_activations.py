"""Bring activations that somebody has already into the form of those that are read here."""

from typing import Any

from workflow_scripts.common.files import PathLike
from workflow_scripts.common.job import job
from workflow_scripts.common.provenance import stamp
from workflow_scripts.networks.activation_file import layer_dataset, write_activations
from workflow_scripts.networks.ready_activations import read_layer
from workflow_scripts.networks.unit_sampling import unit_chooser


def main(seed: int, settings: dict[str, Any], output: PathLike) -> None:
    """Write the units that are kept of every layer."""
    choose = unit_chooser(settings, seed)
    layers = {}
    for layer in settings["layers"]:
        responses, units, stimuli = read_layer(settings["path"], layer, choose)
        layers[layer] = layer_dataset({"post": responses}, units, stimuli)
    facts = stamp(settings, seed=settings["seed"], data_kind="networks")
    write_activations(layers, facts, output)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(
            int(snakemake.wildcards.seed),
            snakemake.params.settings,
            snakemake.output[0],
        )
