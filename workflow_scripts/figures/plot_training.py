"""Draw the training of a variant's networks, and the first-layer filters of one of them."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from workflow_scripts.common.files import PathLike, read_table
from workflow_scripts.common.job import job
from workflow_scripts.figures.filter_mosaic import filters_of
from workflow_scripts.figures.style import save
from workflow_scripts.figures.training_figure import draw
from workflow_scripts.images.sets import read_training_labels
from workflow_scripts.networks.weights import read_weights


def main(
    curves: Iterable[PathLike],
    weights: PathLike,
    labels: PathLike,
    settings: Mapping[str, Any],
    outputs: Iterable[PathLike],
) -> None:
    """Write the figure in every format asked for."""
    classes = read_training_labels(labels, settings["stimuli"], settings["seed"])
    figure = draw(
        pd.concat([read_table(path) for path in curves]),
        filters_of(read_weights(weights, settings["first_seed"], "np")),
        len(np.unique(classes)),
        settings,
    )
    for output in outputs:
        save(figure, output)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(
            snakemake.input.curves,
            snakemake.input.weights,
            snakemake.input.labels,
            snakemake.params.settings,
            snakemake.output,
        )
