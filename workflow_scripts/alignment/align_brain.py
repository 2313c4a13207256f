"""Score one method from one area, pooled over all other subjects, to every area of each subject."""

from collections.abc import Sequence
from typing import Any

from workflow_scripts.alignment.cells import brain_cells
from workflow_scripts.alignment.shard import write_shard
from workflow_scripts.brains.subjects import Filters, read_subjects
from workflow_scripts.common.files import PathLike
from workflow_scripts.common.job import job


def main(recordings: Sequence[PathLike], settings: dict[str, Any], output: PathLike) -> None:
    """Write the scores from one area of a brain.

    Parameters
    ----------
    recordings : list of str or path-like
        One file per subject.
    settings : dict
        Those that `workflow_scripts.alignment.shard.write_shard` takes, and ``area``.
    output : str or path-like
    """
    subjects, data_kind = read_subjects(
        recordings,
        Filters(**settings["filters"]),
        settings["brain"],
        with_trials=settings["noise_correction"] is not None,
    )
    cells = brain_cells(subjects, settings["area"])
    write_shard(cells, "brain", settings, data_kind, output)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(snakemake.input.recordings, snakemake.params.settings, snakemake.output[0])
