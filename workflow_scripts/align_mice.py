"""Score one method from one area, pooled over all other mice, to every area of each mouse."""

from workflow_scripts.alignment import score_cells
from workflow_scripts.files import write_netcdf
from workflow_scripts.jobs import logged
from workflow_scripts.provenance import stamp
from workflow_scripts.responses import data_kind_of, pool, read_mouse
from workflow_scripts.seeds import generator
from workflow_scripts.splits import make_splits


def shard_cells(mice, source_area):
    """Cells from the pooled area of all mice but one to that one's areas.

    Parameters
    ----------
    mice : list of dict of str to Profile
        Areas of each mouse.
    source_area : str

    Returns
    -------
    list of tuple of Profile
    """
    cells = []
    for mouse in mice:
        source = pool([other[source_area] for other in mice if other is not mouse], source_area)
        cells += [(source, target) for target in mouse.values()]
    return cells


def main(sessions, settings, output):
    """Write the shard's scores."""
    mice = [read_mouse(path, settings["areas"], settings["min_reliability"]) for path in sessions]
    cells = shard_cells(mice, settings["area"])
    splits = make_splits(
        len(cells[0][0].values),
        **settings["splits"],
        generator=generator(settings["seed"], "splits", "scenes"),
    )
    scores = score_cells(
        settings["method"], settings["parameters"], cells, splits, settings["min_units"]
    )
    scores.attrs = {
        "comparison": "mouse",
        "method": settings["method"],
        **stamp(settings, seed=settings["seed"], data_kind=data_kind_of(sessions)),
    }
    write_netcdf(scores, output)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(snakemake.input.sessions, snakemake.params.settings, snakemake.output[0])
