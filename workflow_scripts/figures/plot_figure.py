"""Draw one panel or one composed figure of the networks or of a brain."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from workflow_scripts.brains.description import brain_title, describe_brain
from workflow_scripts.common.files import PathLike, read_table
from workflow_scripts.common.job import job
from workflow_scripts.figures.composition import composition
from workflow_scripts.figures.panel import MethodLook, PanelData
from workflow_scripts.figures.population_figure import draw
from workflow_scripts.figures.style import save


def main(
    paths: Mapping[str, Sequence[PathLike]],
    population: str,
    name: str,
    settings: Mapping[str, Any],
    outputs: Iterable[PathLike],
) -> None:
    """Write the figure in every format asked for.

    The population is the networks, a brain, or all simulated brains. Only brains have tables of
    ``subjects`` and ``stimuli``; the others among `paths` are those that the figure asks for.
    """
    content = composition(name)
    tables, scores = (
        {table: pd.concat(map(read_table, paths[table])) for table in tables}
        for tables in (content.tables, content.scores)
    )
    data = PanelData(
        tables,
        [MethodLook(**method) for method in settings["methods"]],
        settings["parts"],
        settings["truths"],
        scores,
        settings["parameters"],
    )
    description, title = settings["models"], None
    if settings["brains"]:
        subjects, stimuli = (
            dict(zip(settings["brains"], map(read_table, paths[table]), strict=True))
            for table in ("subjects", "stimuli")
        )
        description = "; ".join(
            f"{describe_brain(brain, table)}, {stimuli[brain]['takes_part'].sum()} images"
            for brain, table in subjects.items()
        )
        title = brain_title(population, subjects[population]) if population in subjects else None
    figure = draw(name, data, description, title)
    for output in outputs:
        save(figure, output)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(
            snakemake.input,
            snakemake.wildcards.population,
            snakemake.wildcards.figure,
            snakemake.params.settings,
            snakemake.output,
        )
