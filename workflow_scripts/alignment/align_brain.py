"""Score one method from one area of the other subjects to every area of each subject.

In groups, these are pseudo-subjects, in several random groupings of the subjects.
"""

from collections.abc import Sequence
from typing import Any

from workflow_scripts.alignment.cells import (
    group_cells,
    pair_cells,
    pooled_cells,
    subject_groups,
)
from workflow_scripts.alignment.shard import write_shard
from workflow_scripts.brains.stimulus_table import read_stimuli
from workflow_scripts.brains.subjects import Filters, read_subjects
from workflow_scripts.common.files import PathLike
from workflow_scripts.common.job import job
from workflow_scripts.common.random_streams import generator


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
        Those that `workflow_scripts.alignment.shard.write_shard` takes, ``area``, ``sources``:
        whether subjects are ``pooled``, or compared in ``pairs`` or in ``groups``, and for these
        ``groups``, with ``n_groups`` and ``n_groupings``.
    output : str or path-like
    """
    stimuli = read_stimuli(stimulus_table)
    area, sources = settings["area"], settings["sources"]
    groups = settings["groups"] if sources == "groups" else None
    subjects, data_kind = read_subjects(
        recordings,
        Filters(**settings["filters"]),
        settings["brain"],
        stimuli,
        n_needed=2 * groups["n_groups"] if groups else 2,
    )
    # No subject is left out of pseudo-subjects, which would then have to be fitted again.
    left_out: list[list[str]] = []
    if groups:
        generators = [
            generator(settings["seed"], "groups", settings["brain"], number)
            for number in range(groups["n_groupings"])
        ]
        cells = group_cells(subjects, area, groups["n_groups"], generators)
    else:
        choose = pooled_cells if sources == "pooled" else pair_cells
        cells = choose(subjects, area)
        left_out = subject_groups(subjects)
    write_shard(
        cells,
        "groups" if groups else "brain",
        settings,
        stimuli,
        data_kind,
        output,
        subject_groups=left_out,
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(
            snakemake.input.recordings,
            snakemake.input.stimuli,
            snakemake.params.settings,
            snakemake.output[0],
        )
