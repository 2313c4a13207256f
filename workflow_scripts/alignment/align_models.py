"""Score one method between one network, every network before it in config, and its own layers."""

from collections.abc import Sequence
from typing import Any

from workflow_scripts.alignment.cells import network_cells
from workflow_scripts.alignment.method import METHODS
from workflow_scripts.alignment.shard import write_shard
from workflow_scripts.common.files import PathLike
from workflow_scripts.common.job import job
from workflow_scripts.common.profile import Profile
from workflow_scripts.networks.activation_file import read_activations, read_stimuli


def main(activations: Sequence[PathLike], settings: dict[str, Any], output: PathLike) -> None:
    """Write the scores of the last of these networks.

    Parameters
    ----------
    activations : list of str or path-like
        One file per network, the shard's own network last.
    settings : dict
        Those that `workflow_scripts.alignment.shard.write_shard` takes, ``subjects`` (names of the
        networks) and ``layers``.
    output : str or path-like
    """
    card = METHODS.card(settings["implementation"])

    def read(stage: str) -> list[list[Profile]]:
        return [
            read_activations(path, subject, settings["layers"], stage)
            for path, subject in zip(activations, settings["subjects"], strict=True)
        ]

    sources = read(card.source_stage)
    targets = sources if card.target_stage == card.source_stage else read(card.target_stage)
    stimuli = read_stimuli(activations[-1], settings["layers"][0])
    cells = network_cells(sources, targets)
    write_shard(cells, "networks", settings, stimuli, "networks", output)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(snakemake.input.activations, snakemake.params.settings, snakemake.output[0])
