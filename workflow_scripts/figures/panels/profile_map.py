"""Maps of the profiles in the plane, one per method: similar profiles lie close together."""

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure

from workflow_scripts.figures.bars import present
from workflow_scripts.figures.panel import Card, PanelData

CARD = Card(
    title="Maps of the profiles",
    caption="Metric multidimensional scaling of the profiles, distance 1 − similarity: colour is "
    "the layer or area, shape the subject.",
    tables=("mds",),
    value="x",
    populations=("networks", "pairs"),
    size=(8.5, 5.2),
)

PALETTE = "viridis"
"""Layers have an order, and often areas too; so have these colours."""

MARKERS = "osD^vP*X<>"
"""Shapes that can be told apart at a size of a few points; with more subjects they repeat."""

MAX_LARGE = 150
"""Most profiles that are drawn as large points."""

MAX_COLUMNS = 5
"""Maps in a row, so that the names of methods above them stay apart in a composed figure."""


def draw(figure: SubFigure, data: PanelData) -> None:
    """Maps in two rows, or in more if there are many, with one legend to the right of them."""
    table = data.tables["mds"]
    methods = present(table, data.methods, CARD.value)
    n_columns = min((len(methods) + 1) // 2, MAX_COLUMNS)
    grid = figure.subplots(-(-len(methods) // n_columns), n_columns, squeeze=False).ravel()
    palette = sns.color_palette(PALETTE, len(data.parts))
    colours = dict(zip(data.parts, palette, strict=True))
    subjects = dict.fromkeys(table["subject"])
    shapes = {subject: MARKERS[i % len(MARKERS)] for i, subject in enumerate(subjects)}
    for axes, method in zip(grid, methods, strict=False):
        _draw_map(axes, table[table["method"] == method.name], method.label, colours, shapes)
    for axes in grid[len(methods) :]:
        axes.set_axis_off()
    _add_legend(figure, colours, shapes)
    figure.supxlabel("first axis of the map (unit: 1 − similarity, rotated and scaled)", fontsize=9)
    figure.supylabel("second axis of the map", fontsize=9)


def _draw_map(
    axes: Axes,
    rows: pd.DataFrame,
    label: str,
    colours: dict[str, tuple[float, float, float]],
    shapes: dict[str, str],
) -> None:
    """A point per profile; axes have equal units and no ticks, as the map may be rotated."""
    sns.scatterplot(
        rows,
        x="x",
        y="y",
        hue="part",
        style="subject",
        palette=colours,
        hue_order=list(colours),
        markers=shapes,
        s=35 if len(rows) <= MAX_LARGE else 12,
        ax=axes,
        legend=False,
    )
    axes.set_title(f"{label}\nstress {rows['stress'].iloc[0]:.2f}", fontsize=8)
    axes.set(xticks=[], yticks=[], xlabel="", ylabel="", aspect="equal")
    axes.set_adjustable("datalim")


def _add_legend(
    figure: SubFigure, colours: dict[str, tuple[float, float, float]], shapes: dict[str, str]
) -> None:
    """Colours of the layers or areas, then shapes of the subjects, as far as they differ."""
    handles = [
        plt.Line2D([], [], marker="o", linestyle="", color=colour) for colour in colours.values()
    ]
    told_apart = shapes if len(shapes) <= len(MARKERS) else {}
    handles += [
        plt.Line2D([], [], marker=shape, linestyle="", color="grey")
        for shape in told_apart.values()
    ]
    labels = [*colours, *map(_subject_label, told_apart)]
    figure.legend(handles, labels, loc="outside right center", frameon=False)


def _subject_label(subject: str) -> str:
    """A network by its seed; all of a population are of one variant."""
    _, is_network, seed = subject.rpartition("/")
    return f"seed {seed}" if is_network else subject
