"""Score one method between one network, every network before it in config, and its own layers."""

from itertools import product

from workflow_scripts.jobs import job
from workflow_scripts.registry import read_card
from workflow_scripts.responses import read_activations
from workflow_scripts.shards import write_shard


def shard_cells(sources, targets):
    """Cells of the last subject with itself and, in both directions, with each one before it.

    Parameters
    ----------
    sources, targets : list of list of Profile
        Profiles of each subject, the shard's own subject last, at the method's source stage and
        target stage.

    Returns
    -------
    list of tuple of Profile
        Without pairs of a profile and itself.
    """
    own = [
        (source, target)
        for source, target in product(sources[-1], targets[-1])
        if source.part != target.part
    ]
    for earlier_sources, earlier_targets in zip(sources[:-1], targets[:-1], strict=True):
        own += product(sources[-1], earlier_targets)
        own += product(earlier_sources, targets[-1])
    return own


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
