"""Which part of another subject is taken for which: a confusion matrix for each method."""

import numpy as np
from matplotlib.figure import SubFigure

from workflow_scripts.figures.bars import present
from workflow_scripts.figures.matrices import columns, grid, name_cells, write_numbers
from workflow_scripts.figures.panel import Card, PanelData

CARD = Card(
    title="Identification of layers or areas",
    caption="For the targets of each row, the share of those that have their highest score from "
    "the layer or area of the column in another subject, or in the pool of the others; the number "
    "next to a method is the mean of the diagonal.",
    tables=("identification",),
    value="share",
    populations=("networks", "brain"),
    size=(7.5, 4.4),
    grid=(5, 2),
)

MAX_NUMBERED = 30
"""Most columns of all matrices side by side whose cells have room for a number."""

WIDTH, HEIGHT = 400, 90
"""Width of all matrices in a row and height of one of them, in points."""


def draw(figure: SubFigure, data: PanelData) -> None:
    """Rows are the targets, columns what is chosen; colours go from 0 to 1 for all methods."""
    table = data.tables["identification"]
    methods = present(table, data.methods, CARD.value)
    parts = [part for part in data.parts if part in set(table["part"])]
    n_columns = min(
        max(-(-len(methods) // 2), 3),
        len(methods),
        CARD.grid[0],
        columns([method.label for method in methods], parts),
    )
    places = grid(figure, len(methods), n_columns)
    for axes, method in zip(places, methods, strict=True):
        rows = table[table["method"] == method.name]
        matrix = rows.pivot(index="part", columns="chosen", values="share")
        shares = matrix.reindex(index=parts, columns=parts).to_numpy(float)
        image = axes.imshow(shares, cmap="Greys", vmin=0, vmax=1, aspect="auto")
        name_cells(axes.xaxis, parts, WIDTH / n_columns)
        name_cells(axes.yaxis, parts, HEIGHT)
        axes.set_title(f"{method.label}\n{np.nanmean(np.diag(shares)):.2f}", fontsize=7.5)
        if len(parts) * n_columns <= MAX_NUMBERED:
            texts = [[f"{share:.1f}" if share >= 0.05 else "" for share in row] for row in shares]
            write_numbers(axes, np.array(texts), shares > 0.5)
    figure.colorbar(image, ax=places, shrink=0.6, label="share of the choices")
    chance = f"(number: mean of the diagonal, chance {1 / len(parts):.2f})"
    figure.suptitle(f"Identification {chance}")
    figure.supxlabel("chosen in another subject")
    figure.supylabel("target")
