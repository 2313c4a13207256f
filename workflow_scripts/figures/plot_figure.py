"""Draw one panel or one composed figure."""

import pandas as pd

from workflow_scripts.brains.summarise_brain import describe_mice
from workflow_scripts.common.job import job
from workflow_scripts.figures.style import draw, save

TABLES = ("predictivity", "silhouette", "mds", "separability")


def main(paths, mice, name, settings, outputs):
    """Write the figure in every format asked for."""
    tables = {table: pd.read_csv(path) for table, path in paths.items()}
    data = {"models": settings["models"], "mice": describe_mice(pd.read_csv(mice))}
    figure = draw(name, tables, {**settings, "data": data})
    for output in outputs:
        save(figure, output)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(
            {table: snakemake.input[table] for table in TABLES},
            snakemake.input.mice,
            snakemake.wildcards.figure,
            snakemake.params.settings,
            snakemake.output,
        )
