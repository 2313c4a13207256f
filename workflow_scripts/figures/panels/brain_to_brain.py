"""Scores from the areas of other brains to those of this one: a map for each method."""

import numpy as np
from matplotlib.figure import SubFigure
from matplotlib.ticker import MaxNLocator

from workflow_scripts.figures.bars import present
from workflow_scripts.figures.matrices import grid, name_cells, write_numbers
from workflow_scripts.figures.panel import Card, PanelData

CARD = Card(
    title="Areas of one brain from those of another",
    caption="Score from each area of another brain, pooled over its subjects, to each area of this "
    "one, mean over its subjects; the scale of colours is that of the method.",
    tables=("between_brains",),
    value="score",
    populations=("brain",),
    size=(7.5, 4.4),
    grid=(4, 2),
)

MAX_NUMBERED = 4
"""Most areas of this brain whose cells have room for a number."""

WIDTH, HEIGHT = 60, 90
"""Width and height of a map, in points."""

PALETTE = "viridis"


def draw(figure: SubFigure, data: PanelData) -> None:
    """Rows are the areas of other brains, columns those of this one; numbers where they fit."""
    table = data.tables["between_brains"]
    methods = present(table, data.methods, CARD.value)
    n_columns = min(len(methods), CARD.grid[0])
    several = table["source_brain"].nunique() > 1
    label = table["source_brain"] + " " if several else ""
    table = table.assign(source=label + table["source_area"])
    sources = list(dict.fromkeys(table["source"]))
    for axes, method in zip(grid(figure, len(methods), n_columns), methods, strict=True):
        rows = table[table["method"] == method.name]
        values = rows.pivot(index="source", columns="area", values="score")
        scores = values.reindex(index=sources, columns=data.parts).to_numpy(float)
        image = axes.imshow(scores, cmap=PALETTE, aspect="auto")
        name_cells(axes.xaxis, data.parts, WIDTH)
        name_cells(axes.yaxis, sources, HEIGHT)
        axes.set_title(method.label, fontsize=7.5)
        figure.colorbar(image, ax=axes, shrink=0.8, label="score", ticks=MaxNLocator(2))
        if len(data.parts) <= MAX_NUMBERED:
            middle = np.nanmean([np.nanmin(scores), np.nanmax(scores)])
            texts = [["" if np.isnan(score) else f"{score:.2f}" for score in row] for row in scores]
            write_numbers(axes, np.array(texts), scores < middle)
    source = "areas of other brains" if several else f"areas of {table['source_brain'].iloc[0]}"
    figure.supylabel(source)
    figure.supxlabel(f"areas of {table['population'].iloc[0]}")
