"""Score one method between one candidate network and the mice, in one direction."""

from itertools import product

from workflow_scripts.alignment import score_cells
from workflow_scripts.files import write_netcdf
from workflow_scripts.jobs import logged
from workflow_scripts.provenance import stamp
from workflow_scripts.responses import data_kind_of, pool, read_activations, read_mouse
from workflow_scripts.seeds import generator
from workflow_scripts.splits import make_splits


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


def main(activations, sessions, settings, output):
    """Write the shard's scores."""
    layers = read_activations(activations, settings["subject"], settings["layers"], "post")
    mice = [read_mouse(path, settings["areas"], settings["min_reliability"]) for path in sessions]
    cells = direction_cells(settings["direction"], layers, mice)
    splits = make_splits(
        len(layers[0].values),
        **settings["splits"],
        generator=generator(settings["seed"], "splits", "scenes"),
    )
    scores = score_cells(
        settings["method"], settings["parameters"], cells, splits, settings["min_units"]
    )
    scores.attrs = {
        "comparison": settings["direction"],
        "method": settings["method"],
        **stamp(settings, seed=settings["seed"], data_kind=data_kind_of(sessions)),
    }
    write_netcdf(scores, output)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(
            snakemake.input.activations,
            snakemake.input.sessions,
            snakemake.params.settings,
            snakemake.output[0],
        )
