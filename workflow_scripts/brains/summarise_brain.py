"""Count a brain's units before and after each filter, and say who is left out and why."""

from collections.abc import Sequence
from typing import Any

from workflow_scripts.brains.counts import count_brain, report
from workflow_scripts.brains.stimulus_table import read_stimuli
from workflow_scripts.brains.subjects import Filters
from workflow_scripts.common.files import PathLike, write_table
from workflow_scripts.common.job import job


def main(
    recordings: Sequence[PathLike],
    stimuli: PathLike,
    settings: dict[str, Any],
    subjects_path: PathLike,
    units_path: PathLike,
) -> None:
    """Write the tables of subjects and units."""
    brain = settings["brain"]
    subjects, units = count_brain(
        recordings, Filters(**settings["filters"]), brain, read_stimuli(stimuli)
    )
    report(subjects, settings["expected_subjects"], brain)
    write_table(subjects, subjects_path)
    write_table(units, units_path)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(
            snakemake.input.recordings,
            snakemake.input.stimuli,
            snakemake.params.settings,
            snakemake.output.subjects,
            snakemake.output.units,
        )
