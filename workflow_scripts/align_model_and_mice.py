"""Score one method between one candidate network and the mice, in both directions."""

from itertools import product

from workflow_scripts.jobs import job
from workflow_scripts.responses import pool, read_activations, read_mice
from workflow_scripts.shards import write_shard


def direction_cells(direction, layers, mice):
    """Cells of one direction.

    Parameters
    ----------
    direction : {"model_to_mouse", "mouse_to_model"}
        To each mouse's areas from each layer, or to each layer from each area, pooled over mice.
    layers : list of Profile
    mice : list of dict of str to Profile

    Returns
    -------
    list of tuple of Profile
    """
    if direction == "model_to_mouse":
        return list(product(layers, [area for mouse in mice for area in mouse.values()]))
    pooled = [pool([mouse[area] for mouse in mice], area) for area in mice[0]]
    return list(product(pooled, layers))


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
