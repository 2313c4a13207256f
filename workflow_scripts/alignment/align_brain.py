"""Score one method from one area of the other subjects to every area of each subject."""

from collections.abc import Sequence
from typing import Any

from workflow_scripts.alignment.cells import pair_cells, pooled_cells, subject_groups
from workflow_scripts.alignment.shard import write_shard
from workflow_scripts.brains.stimulus_table import read_stimuli
from workflow_scripts.brains.subjects import Filters, read_subjects
from workflow_scripts.common.files import PathLike
from workflow_scripts.common.job import job


def main(
    recordings: Sequence[PathLike],
    stimulus_table: PathLike,
    settings: dict[str, Any],
    output: PathLike,
) -> None:
    """Write the scores from one area of a brain.

    Parameters
    ----------
    recordings : list of str or path-like
        One file per subject.
    stimulus_table : str or path-like
        Table of the brain's stimuli.
    settings : dict
        Those that `workflow_scripts.alignment.shard.write_shard` takes, ``area``, and ``sources``:
        whether subjects are ``pooled`` or compared in ``pairs``.
    output : str or path-like
    """
    stimuli = read_stimuli(stimulus_table)
    subjects, data_kind = read_subjects(
        recordings,
        Filters(**settings["filters"]),
        settings["brain"],
        stimuli,
        n_needed=2,
    )
    choose = pooled_cells if settings["sources"] == "pooled" else pair_cells
    cells = choose(subjects, settings["area"])
    write_shard(
        cells,
        "brain",
        settings,
        stimuli,
        data_kind,
        output,
        subject_groups=subject_groups(subjects),
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(
            snakemake.input.recordings,
            snakemake.input.stimuli,
            snakemake.params.settings,
            snakemake.output[0],
        )
