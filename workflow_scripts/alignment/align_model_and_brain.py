"""Score one method between one candidate network and the mice, in both directions."""

from workflow_scripts.alignment.cells import direction_cells
from workflow_scripts.alignment.shard import write_shard
from workflow_scripts.brains.subjects import read_mice
from workflow_scripts.common.job import job
from workflow_scripts.networks.activation_file import read_activations


def main(activations, sessions, settings, outputs):
    """Write the scores of each direction to its file."""
    layers = read_activations(activations, settings["subject"], settings["layers"], "post")
    filters = (settings[key] for key in ("areas", "min_reliability", "n_scenes", "preset"))
    n_halves = settings["noise_correction"]
    mice, data_kind = read_mice(sessions, *filters, with_trials=n_halves is not None)
    for direction, output in outputs.items():
        write_shard(
            direction_cells(direction, layers, mice),
            direction,
            settings,
            output,
            stimuli="scenes",
            data_kind=data_kind,
            min_units=settings["min_units"],
            n_halves=n_halves,
        )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(
            snakemake.input.activations,
            snakemake.input.sessions,
            snakemake.params.settings,
            dict(snakemake.output.items()),
        )
