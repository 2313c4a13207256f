"""Draw the subjects of a brain: units before and after each filter, and their reliability."""

from collections.abc import Iterable, Mapping
from typing import Any

from workflow_scripts.brains.description import brain_title, describe_brain
from workflow_scripts.common.files import PathLike, read_table
from workflow_scripts.common.job import job
from workflow_scripts.figures.style import save
from workflow_scripts.figures.subjects_figure import draw


def main(
    subjects_path: PathLike,
    units_path: PathLike,
    settings: Mapping[str, Any],
    outputs: Iterable[PathLike],
) -> None:
    """Write the figure in every format asked for."""
    subjects = read_table(subjects_path)
    figure = draw(
        subjects,
        read_table(units_path),
        areas=settings["areas"],
        min_units=settings["min_units"],
        min_reliability=settings["min_reliability"],
        description=describe_brain(settings["brain"], subjects),
        title=brain_title(settings["brain"], subjects),
    )
    for output in outputs:
        save(figure, output)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(
            snakemake.input.subjects,
            snakemake.input.units,
            snakemake.params.settings,
            snakemake.output,
        )
