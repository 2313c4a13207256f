"""Score one method from the areas of one brain to those of every subject of another brain."""

from collections.abc import Sequence
from typing import Any

from workflow_scripts.alignment.cells import Cell, subject_groups
from workflow_scripts.alignment.common_stimuli import common_stimuli
from workflow_scripts.alignment.shard import write_shard
from workflow_scripts.brains.copies import check_brains
from workflow_scripts.brains.stimulus_table import read_stimuli
from workflow_scripts.brains.subjects import Filters, read_subjects
from workflow_scripts.common.files import PathLike
from workflow_scripts.common.job import job
from workflow_scripts.common.profile import Pool


def main(
    sources: Sequence[PathLike],
    targets: Sequence[PathLike],
    stimulus_tables: Sequence[PathLike],
    settings: dict[str, Any],
    output: PathLike,
) -> None:
    """Write the scores from one brain, whose subjects are pooled, to another.

    Parameters
    ----------
    sources, targets : list of str or path-like
        Recordings of the subjects of each brain.
    stimulus_tables : list of str or path-like
        Tables of the stimuli of the source brain and of the target brain.
    settings : dict
        Those that `workflow_scripts.alignment.shard.write_shard` takes, ``source_brain`` (its
        name) and ``source_filters``.
    output : str or path-like
    """
    source_brain, brain = settings["source_brain"], settings["brain"]
    of_source, of_target = map(read_stimuli, stimulus_tables)
    stimuli = common_stimuli(of_source, of_target, f"config brains.{brain}.compare_with")
    pooled, source_kind = read_subjects(
        sources,
        Filters(**settings["source_filters"]),
        source_brain,
        stimuli,
    )
    subjects, target_kind = read_subjects(targets, Filters(**settings["filters"]), brain, stimuli)
    check_brains({source_brain: pooled, brain: subjects})
    areas = [
        Pool([subject[area] for subject in pooled], area, source_brain)
        for area in settings["source_filters"]["areas"]
    ]
    cells: list[Cell] = [
        (source, target) for source in areas for subject in subjects for target in subject.values()
    ]
    kinds = {source_kind, target_kind}
    write_shard(
        cells,
        "brain_to_brain",
        settings,
        stimuli,
        "simulated" if "simulated" in kinds else "recorded",
        output,
        subject_groups=subject_groups(subjects),
    )


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(
            snakemake.input.sources,
            snakemake.input.recordings,
            [snakemake.input.source_stimuli, snakemake.input.stimuli],
            snakemake.params.settings,
            snakemake.output[0],
        )
