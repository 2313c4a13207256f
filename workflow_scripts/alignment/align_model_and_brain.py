"""Score one method between one candidate network and a brain, in both directions."""

from collections.abc import Mapping, Sequence
from typing import Any

from workflow_scripts.alignment.cells import DIRECTIONS, direction_cells, subject_groups
from workflow_scripts.alignment.shard import write_shard
from workflow_scripts.brains.stimulus_table import read_stimuli
from workflow_scripts.brains.subjects import Filters, read_subjects
from workflow_scripts.common.files import PathLike
from workflow_scripts.common.job import job
from workflow_scripts.networks.activation_file import read_activations


def main(
    activations: PathLike,
    recordings: Sequence[PathLike],
    stimulus_table: PathLike,
    settings: dict[str, Any],
    outputs: Mapping[str, PathLike],
) -> None:
    """Write the scores of each direction.

    Parameters
    ----------
    activations : str or path-like
        File of the candidate.
    recordings : list of str or path-like
        One file per subject of the brain.
    stimulus_table : str or path-like
        Table of the brain's stimuli.
    settings : dict
        Those that `workflow_scripts.alignment.shard.write_shard` takes, ``subject`` (name of the
        candidate) and ``layers``.
    outputs : dict of str to str or path-like
        File of each of `workflow_scripts.alignment.cells.DIRECTIONS`.
    """
    stimuli = read_stimuli(stimulus_table)
    layers = read_activations(
        activations, settings["subject"], settings["layers"], "post", stimuli.names
    )
    subjects, data_kind = read_subjects(
        recordings,
        Filters(**settings["filters"]),
        settings["brain"],
        stimuli,
    )
    for direction in DIRECTIONS:
        cells = direction_cells(direction, layers, subjects)
        write_shard(
            cells,
            direction,
            settings,
            stimuli,
            data_kind,
            outputs[direction],
            chooses=True,
            subject_groups=subject_groups(subjects),
        )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(
            snakemake.input.activations,
            snakemake.input.recordings,
            snakemake.input.stimuli,
            snakemake.params.settings,
            snakemake.output,
        )
