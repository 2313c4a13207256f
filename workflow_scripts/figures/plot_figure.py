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
    subjects: Sequence[PathLike],
    population: str,
    name: str,
    settings: Mapping[str, Any],
    outputs: Iterable[PathLike],
) -> None:
    """Write the figure in every format asked for; only brains have tables of `subjects`.

    The population is the networks, a brain, or all simulated brains.
    """
    data = PanelData(
        {name: pd.concat(map(read_table, files)) for name, files in paths.items()},
        [MethodLook(**method) for method in settings["methods"]],
        settings["parts"],
        settings["truths"],
    )
    description, title = settings["models"], None
    if subjects:
        brains = {
            brain: read_table(path)
            for brain, path in zip(settings["brains"], subjects, strict=True)
        }
        description = "; ".join(describe_brain(brain, table) for brain, table in brains.items())
        title = brain_title(population, brains[population]) if population in brains else None
    figure = draw(name, data, description, title)
    for output in outputs:
        save(figure, output)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(
            {
                name: snakemake.input[name]
                for name in composition(snakemake.wildcards.figure).tables
            },
            snakemake.input.get("subjects", []),
            snakemake.wildcards.population,
            snakemake.wildcards.figure,
            snakemake.params.settings,
            snakemake.output,
        )
