"""Which candidate each method chooses for brains that are simulated from known networks."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from workflow_scripts.alignment.scoring import mean_of_known
from workflow_scripts.figures.bars import DIRECTION_NAMES, candidate_labels, present
from workflow_scripts.figures.matrices import write_numbers
from workflow_scripts.figures.panel import Card, MethodLook, PanelData

CARD = Card(
    title="Recovery of the true model",
    caption="How often a method (row) gives each candidate (column) the highest score, as a share "
    "of the subjects, areas and splits of a simulated brain (block of columns). A frame marks "
    "candidates of the variant that the brain is simulated from; the last column is the mean of "
    "their shares over the brains.",
    tables=("recovery",),
    value="share",
    populations=("simulated_brains",),
    size=(7.5, 3.8),
    grid=(1, 14),
)

TRUE = "#c51b8a"
"""Colour of the frames of true candidates, which no method has."""

MAX_NUMBERED = 22
"""Most columns next to each other whose cells have room for a number that is written upwards."""

MAX_LEVEL = 13
"""Most columns whose cells have room for a number that is not."""

MAX_ROWS = 10
"""Most rows whose cells have room for a number that is written upwards."""


def draw(figure: SubFigure, data: PanelData) -> None:
    """A matrix for each direction of the map: a row for each method, a block for each brain."""
    table = data.tables["recovery"]
    table = table[(table["level"] == "model") & (table["area"] == "overall")]
    methods = present(table, data.methods, CARD.value)
    brains = {name: of for name, of in data.truths.items() if name in set(table["population"])}
    places = figure.subplots(1, len(DIRECTION_NAMES), sharey=True)
    for axes, direction in zip(places, DIRECTION_NAMES, strict=True):
        image = _draw_direction(axes, table[table["direction"] == direction], methods, brains)
        axes.set_title(f"{DIRECTION_NAMES[direction]}: brain simulated from")
    places[0].set_yticks(range(len(methods)), [method.label for method in methods], fontsize=7.5)
    chance = table["chance"].iloc[0]
    bar = figure.colorbar(image, ax=places, shrink=0.7, label="share of the choices")
    bar.ax.axhline(chance, color="black", linewidth=1)
    figure.suptitle(f"{CARD.title} (chance {chance:.2f})")
    figure.supxlabel("candidate with the highest score; frame: the true one")


def _draw_direction(
    axes: Axes, table: pd.DataFrame, methods: list[MethodLook], brains: dict[str, str]
) -> AxesImage:
    """Shares of the candidates for each brain, and of the true ones; empty columns in between."""
    candidates = candidate_labels(table["chosen"])
    columns = [(brain, chosen) for brain in brains for chosen in (*candidates, "")]
    shares, is_truth = (
        table.pivot(index="method", columns=["population", "chosen"], values=value)
        .reindex(
            index=[method.name for method in methods], columns=pd.MultiIndex.from_tuples(columns)
        )
        .to_numpy(float)
        for value in ("share", "is_truth")
    )
    recovery = mean_of_known(np.where(is_truth == 1, shares, np.nan), axis=1)
    shares = np.column_stack([shares, recovery])
    image = axes.imshow(shares, cmap="Greys", vmin=0, vmax=1, aspect="auto")
    block = len(candidates) + 1
    starts = block * np.arange(len(brains))
    for start in starts:
        _frame(axes, int(start), 0, (len(candidates), len(methods)), "0.8", 0.8)
    for row, column in np.argwhere(is_truth == 1):
        _frame(axes, int(column), int(row), (1, 1), TRUE, 1.5)
    upwards = len(columns) >= MAX_LEVEL
    if len(columns) < MAX_NUMBERED and not (upwards and len(methods) > MAX_ROWS):
        texts = [["" if np.isnan(share) else _short(share) for share in row] for row in shares]
        write_numbers(axes, np.array(texts), shares > 0.5, upwards=upwards)
    names = [*(candidates.get(chosen, "") for _, chosen in columns), "mean of the true"]
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=7)
    above = axes.secondary_xaxis("top")
    above.set_xticks(
        starts + (len(candidates) - 1) / 2,
        [of.replace("_", "_\n") for of in brains.values()],
        fontsize=7,
    )
    # Some room to the right of the last column.
    axes.set_xlim(-0.6, len(names) + 0.1)
    for one in (axes, above):
        one.tick_params(length=0)
        for spine in one.spines.values():
            spine.set_visible(False)
    return image


def _frame(
    axes: Axes, column: int, row: int, size: tuple[int, int], colour: str, width: float
) -> None:
    """Frame around `size` columns and rows of cells, from this column and row on."""
    corner = column - 0.5, row - 0.5
    axes.add_patch(Rectangle(corner, *size, fill=False, edgecolor=colour, linewidth=width))


def _short(share: float) -> str:
    """Two decimals without the zero before them."""
    return f"{share:.2f}".removeprefix("0")
