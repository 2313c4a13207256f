"""Which candidate is most like each area of a brain: a matrix for each method and direction."""

from itertools import product

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure
from matplotlib.image import AxesImage

from workflow_scripts.figures.bars import DIRECTION_NAMES, present
from workflow_scripts.figures.panel import Card, PanelData

CARD = Card(
    title="Which model is most like each area?",
    caption="Score of each candidate model (row) with each area (column), divided by the highest "
    "in the column, from models to the brain (above) and from the brain to models (below). A point "
    "marks the model with the highest score: filled where the 95 % interval of its lead over the "
    "best of the others is above 0, open where the choice is not sure. White: no positive score.",
    tables=("model_choice",),
    value="margin",
    populations=("brain",),
    size=(10.5, 4.6),
)

MAX_COLUMNS = 6
"""Matrices in a row, so that the names of methods above them stay apart."""

SIDE = 100
"""Height that all names of models above each other have, in points, and width of all marks."""

DARKEST = 1.8
"""Share of the highest score that would be black: the highest leaves the marks legible."""


def draw(figure: SubFigure, data: PanelData) -> None:
    """Columns of the grid are methods, rows are directions."""
    table = data.tables["model_choice"]
    methods = present(table, data.methods, CARD.value)
    directions = [name for name in DIRECTION_NAMES if name in set(table["direction"])]
    n_columns = min(len(methods), MAX_COLUMNS)
    n_rows = -(-len(methods) // n_columns) * len(directions)
    grid = figure.subplots(n_rows, n_columns, sharex=True, sharey=True, squeeze=False)
    for axes in grid.ravel():
        axes.set_axis_off()
    for (number, method), (step, direction) in product(enumerate(methods), enumerate(directions)):
        axes = grid[number // n_columns * len(directions) + step, number % n_columns]
        rows = table[(table["method"] == method.name) & (table["direction"] == direction)]
        image = _draw_matrix(axes, rows, data.parts, n_rows)
        if step == 0:
            axes.set_title(method.label, fontsize=8)
        if number % n_columns == 0:
            axes.set_ylabel(DIRECTION_NAMES[direction], fontsize=8 if n_rows < 4 else 6)
        last = number + n_columns >= len(methods) and direction == directions[-1]
        axes.tick_params(labelbottom=last)
    bar = figure.colorbar(image, ax=grid, shrink=0.7, label="score / highest score")
    bar.ax.set_ylim(0, 1)
    figure.suptitle(f"{CARD.title}  ●: its lead is sure  ○: its lead may be chance", fontsize=10)


def _draw_matrix(axes: Axes, rows: pd.DataFrame, areas: list[str], n_rows: int) -> AxesImage:
    """Candidates by areas, of one method and direction."""
    candidates = list(dict.fromkeys(rows["candidate"]))
    score, low = (
        rows.pivot(index="candidate", columns="area", values=name)
        .reindex(index=candidates, columns=areas)
        .to_numpy(float)
        for name in ("score", "ci_low")
    )
    best = np.nanmax(score, axis=0, initial=-np.inf)
    shade = np.divide(score, best, out=np.full(score.shape, np.nan), where=best > 0)
    axes.set_axis_on()
    image = axes.imshow(shade, cmap="Greys", vmin=0, vmax=DARKEST, aspect="auto")
    axes.set_xticks(range(len(areas)), areas, rotation=90, fontsize=min(7, SIDE / len(areas)))
    size = min(8, SIDE / (len(candidates) * n_rows / 2))
    axes.set_yticks(range(len(candidates)), candidates, fontsize=size)
    y, x = np.nonzero(score == best)
    faces = np.where(low[y, x] > 0, "black", "none")
    axes.scatter(x, y, s=min(25, 4 * SIDE / len(areas)), color=faces, edgecolor="black")
    return image
