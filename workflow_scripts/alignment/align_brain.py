"""Score one method from one area, pooled over all other mice, to every area of each mouse."""

from workflow_scripts.alignment.shard import write_shard
from workflow_scripts.brains.subjects import read_mice
from workflow_scripts.common.job import job
from workflow_scripts.common.profile import pool


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
    filters = (settings[key] for key in ("areas", "min_reliability", "n_scenes", "preset"))
    n_halves = settings["noise_correction"]
    mice, data_kind = read_mice(sessions, *filters, with_trials=n_halves is not None)
    write_shard(
        shard_cells(mice, settings["area"]),
        "mouse",
        settings,
        output,
        stimuli="scenes",
        data_kind=data_kind,
        min_units=settings["min_units"],
        n_halves=n_halves,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(snakemake.input.sessions, snakemake.params.settings, snakemake.output[0])
