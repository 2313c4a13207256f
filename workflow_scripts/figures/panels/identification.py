"""Which part of another subject is taken for which: a confusion matrix for each method."""

import numpy as np
from matplotlib.figure import SubFigure

from workflow_scripts.figures.bars import present
from workflow_scripts.figures.matrices import grid, write_numbers
from workflow_scripts.figures.panel import Card, PanelData

CARD = Card(
    title="Identification of layers or areas",
    caption="For the targets of each row, the share of those that have their highest score from "
    "the layer or area of the column in another subject, or in the pool of the others; the number "
    "next to a method is the mean of the diagonal.",
    tables=("identification",),
    value="share",
    populations=("networks", "brain"),
    size=(9.0, 5.0),
)

MAX_COLUMNS = 5
"""Matrices in a row, so that the names of methods above them stay apart."""

MAX_NUMBERED = 36
"""Most columns of all matrices side by side whose cells have room for a number."""

SIDE = 115
"""Height that all names of parts above each other have, in points."""


def draw(figure: SubFigure, data: PanelData) -> None:
    """Rows are the targets, columns what is chosen; colours go from 0 to 1 for all methods."""
    table = data.tables["identification"]
    methods = present(table, data.methods, CARD.value)
    parts = [part for part in data.parts if part in set(table["part"])]
    n_columns = min(max(-(-len(methods) // 2), 3), len(methods), MAX_COLUMNS)
    places = grid(figure, len(methods), n_columns)
    n_rows = -(-len(methods) // n_columns)
    size = min(8, SIDE / (len(parts) * n_rows))
    is_large = len(parts) * n_columns <= MAX_NUMBERED and n_rows <= 2
    for axes, method in zip(places, methods, strict=True):
        rows = table[table["method"] == method.name]
        matrix = rows.pivot(index="part", columns="chosen", values="share")
        shares = matrix.reindex(index=parts, columns=parts).to_numpy(float)
        image = axes.imshow(shares, cmap="Greys", vmin=0, vmax=1, aspect="auto")
        axes.set_xticks(range(len(parts)), parts, rotation=90, fontsize=size)
        axes.set_yticks(range(len(parts)), parts, fontsize=size)
        axes.set_title(f"{method.label}\n{np.nanmean(np.diag(shares)):.2f}", fontsize=8)
        if is_large:
            texts = [[f"{share:.1f}" if share >= 0.05 else "" for share in row] for row in shares]
            write_numbers(axes, np.array(texts), shares > 0.5, size=6)
    figure.colorbar(image, ax=places, shrink=0.6, label="share of the choices")
    chance = f"(number: mean of the diagonal, chance {1 / len(parts):.2f})"
    figure.suptitle(f"Identification {chance}", fontsize=10)
    figure.supxlabel("chosen in another subject", fontsize=9)
    figure.supylabel("target", fontsize=9)
