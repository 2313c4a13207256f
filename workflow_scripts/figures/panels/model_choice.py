"""Which candidate is most like each area of a brain: a matrix for each method and direction."""

from itertools import product

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure
from matplotlib.image import AxesImage

from workflow_scripts.figures.bars import DIRECTION_NAMES, candidate_labels, present
from workflow_scripts.figures.matrices import columns, name_cells
from workflow_scripts.figures.panel import Card, PanelData

CARD = Card(
    title="Which model is most like each area?",
    caption="Score of each candidate model (row) with each area (column), divided by the highest "
    "in the column, from models to the brain (above) and from the brain to models (below). A point "
    "marks the model with the highest score, if that is above 0: filled where the 95 % interval of "
    "its lead over the best of the others is above 0, open where the choice is not sure. White: no "
    "positive score.",
    tables=("model_choice",),
    value="margin",
    populations=("brain",),
    size=(7.5, 3.6),
    grid=(6, 1),
    controls=False,
)

WIDTH, HEIGHT = 56, 50
"""Width and height of a matrix, in points."""

DARKEST = 1.8
"""Share of the highest score that would be black: the highest leaves the marks legible."""


def draw(figure: SubFigure, data: PanelData) -> None:
    """Columns of the grid are methods, rows are directions."""
    table = data.tables["model_choice"]
    methods = present(table, data.methods, CARD.value)
    directions = [name for name in DIRECTION_NAMES if name in set(table["direction"])]
    candidates = candidate_labels(table["candidate"])
    room = columns([method.label for method in methods], list(candidates.values()))
    n_columns = min(len(methods), CARD.grid[0], room)
    n_rows = -(-len(methods) // n_columns) * len(directions)
    grid = figure.subplots(n_rows, n_columns, squeeze=False)
    for axes in grid.ravel():
        axes.set_axis_off()
    for (number, method), (step, direction) in product(enumerate(methods), enumerate(directions)):
        axes = grid[number // n_columns * len(directions) + step, number % n_columns]
        rows = table[(table["method"] == method.name) & (table["direction"] == direction)]
        image = _draw_matrix(axes, rows, candidates, data.parts)
        if step == 0:
            axes.set_title(method.label, fontsize=7.5)
        if number % n_columns == 0:
            axes.set_ylabel(DIRECTION_NAMES[direction].replace(" ", "\n", 1))
        last = number + n_columns >= len(methods) and direction == directions[-1]
        axes.tick_params(labelbottom=last, labelleft=number % n_columns == 0)
    bar = figure.colorbar(image, ax=grid, shrink=0.7, label="score / highest score")
    bar.ax.set_ylim(0, 1)
    figure.suptitle(f"{CARD.title}  ●: its lead is sure  ○: its lead may be chance")


def _draw_matrix(
    axes: Axes, rows: pd.DataFrame, candidates: dict[str, str], areas: list[str]
) -> AxesImage:
    """Candidates by areas, of one method and direction."""
    score, low = (
        rows.pivot(index="candidate", columns="area", values=name)
        .reindex(index=list(candidates), columns=areas)
        .to_numpy(float)
        for name in ("score", "ci_low")
    )
    best = np.nanmax(score, axis=0, initial=-np.inf)
    shade = np.divide(score, best, out=np.full(score.shape, np.nan), where=best > 0)
    axes.set_axis_on()
    image = axes.imshow(shade, cmap="Greys", vmin=0, vmax=DARKEST, aspect="auto")
    name_cells(axes.xaxis, areas, WIDTH)
    name_cells(axes.yaxis, list(candidates.values()), HEIGHT)
    y, x = np.nonzero((score == best) & (best > 0))
    faces = np.where(low[y, x] > 0, "black", "none")
    axes.scatter(x, y, s=min(16, 4 * WIDTH / len(areas)), color=faces, edgecolor="black")
    return image
