"""Score one method between one network, every network before it in config, and its own layers."""

from workflow_scripts.alignment.cells import shard_cells
from workflow_scripts.alignment.method import read_card
from workflow_scripts.alignment.shard import write_shard
from workflow_scripts.common.job import job
from workflow_scripts.networks.activation_file import read_activations


def main(activations, settings, output):
    """Write the shard's scores."""
    card = read_card(settings["method_file"])

    def read(stage):
        return [
            read_activations(path, subject, settings["layers"], stage)
            for path, subject in zip(activations, settings["subjects"], strict=True)
        ]

    sources = read(card.source_stage)
    targets = sources if card.target_stage == card.source_stage else read(card.target_stage)
    write_shard(
        shard_cells(sources, targets),
        "models",
        settings,
        output,
        stimuli="population",
        data_kind="networks",
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(snakemake.input.activations, snakemake.params.settings, snakemake.output[0])
