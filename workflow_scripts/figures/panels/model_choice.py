"""Which candidate is most like each area of a brain: a matrix for each method and direction."""

import numpy as np
from matplotlib.figure import SubFigure

from workflow_scripts.figures.bars import DIRECTION_NAMES, present
from workflow_scripts.figures.matrices import grid, write_numbers
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

SIDE = 115
"""Height that all names of models above each other have, in points."""

MARKS = ("", "○", "●")
"""Of a model that is not chosen, one whose lead may be chance, and one whose lead is not."""

DARKEST = 1.8
"""Share of the highest score that would be black: the highest leaves the marks legible."""


def draw(figure: SubFigure, data: PanelData) -> None:
    """Columns of the grid are methods, rows are directions."""
    table = data.tables["model_choice"]
    methods = present(table, data.methods, CARD.value)
    directions = [name for name in DIRECTION_NAMES if name in set(table["direction"])]
    candidates = list(dict.fromkeys(table["candidate"]))
    places = grid(figure, len(directions) * len(methods), len(methods))
    for axes, (direction, method) in zip(
        places, ((d, m) for d in directions for m in methods), strict=True
    ):
        rows = table[(table["method"] == method.name) & (table["direction"] == direction)]
        score, low = (
            rows.pivot(index="candidate", columns="area", values=name)
            .reindex(index=candidates, columns=data.parts)
            .to_numpy(float)
            for name in ("score", "ci_low")
        )
        best = np.nanmax(score, axis=0, initial=-np.inf)
        shade = np.divide(score, best, out=np.full(score.shape, np.nan), where=best > 0)
        image = axes.imshow(shade, cmap="Greys", vmin=0, vmax=DARKEST, aspect="auto")
        axes.set_xticks(range(len(data.parts)), data.parts, rotation=90, fontsize=7)
        size = min(8, SIDE / (len(candidates) * len(directions)))
        axes.set_yticks(range(len(candidates)), candidates, fontsize=size)
        mark = np.where(score == best, np.where(low > 0, 2, 1), 0)
        write_numbers(axes, np.array(MARKS)[mark], np.zeros(mark.shape, bool), size=8)
        if direction == directions[0]:
            axes.set_title(method.label, fontsize=8)
    for number, direction in enumerate(directions):
        places[number * len(methods)].set_ylabel(DIRECTION_NAMES[direction], fontsize=8)
    bar = figure.colorbar(image, ax=places, shrink=0.7, label="score / highest score")
    bar.ax.set_ylim(0, 1)
    figure.suptitle(f"{CARD.title}  ●: its lead is sure  ○: its lead may be chance", fontsize=10)
