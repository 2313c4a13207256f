"""Scores from the areas of other brains to those of this one: a map for each method."""

import numpy as np
from matplotlib.figure import SubFigure
from matplotlib.ticker import MaxNLocator

from workflow_scripts.figures.bars import present
from workflow_scripts.figures.matrices import grid, write_numbers
from workflow_scripts.figures.panel import Card, PanelData

CARD = Card(
    title="Areas of one brain from those of another",
    caption="Score from each area of another brain, pooled over its subjects, to each area of this "
    "one, mean over its subjects; the scale of colours is that of the method.",
    tables=("between_brains",),
    value="score",
    populations=("brain",),
    size=(9.0, 5.0),
)

MAX_COLUMNS = 4
"""Maps in a row, so that the names of areas stay apart."""

PALETTE = "viridis"


def draw(figure: SubFigure, data: PanelData) -> None:
    """Rows are the areas of other brains, columns those of this one; numbers where they fit."""
    table = data.tables["between_brains"]
    methods = present(table, data.methods, CARD.value)
    n_columns = min(len(methods), MAX_COLUMNS)
    several = table["source_brain"].nunique() > 1
    label = table["source_brain"] + " " if several else ""
    table = table.assign(source=label + table["source_area"])
    sources = list(dict.fromkeys(table["source"]))
    for axes, method in zip(grid(figure, len(methods), n_columns), methods, strict=True):
        rows = table[table["method"] == method.name]
        values = rows.pivot(index="source", columns="area", values="score")
        scores = values.reindex(index=sources, columns=data.parts).to_numpy(float)
        image = axes.imshow(scores, cmap=PALETTE, aspect="auto")
        axes.set_xticks(range(len(data.parts)), data.parts, rotation=90, fontsize=_size(data.parts))
        axes.set_yticks(range(len(sources)), sources, fontsize=_size(sources))
        axes.set_title(method.label, fontsize=8)
        figure.colorbar(image, ax=axes, shrink=0.8, label="score", ticks=MaxNLocator(2))
        if scores.size <= 36 and len(methods) <= 2 * n_columns:
            middle = np.nanmean([np.nanmin(scores), np.nanmax(scores)])
            texts = [["" if np.isnan(score) else f"{score:.2f}" for score in row] for row in scores]
            write_numbers(axes, np.array(texts), scores < middle, size=7)
    source = "areas of other brains" if several else f"areas of {table['source_brain'].iloc[0]}"
    figure.supylabel(source, fontsize=9)
    figure.supxlabel(f"areas of {table['population'].iloc[0]}", fontsize=9)


def _size(names: list[str]) -> float:
    """Size of the letters of names that stand along the side of a map."""
    return 8 if len(names) <= 10 else 4.5
