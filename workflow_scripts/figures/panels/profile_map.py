"""Maps of the profiles in the plane, one per method: similar profiles lie close together."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure
from mpl_toolkits.axes_grid1.anchored_artists import AnchoredSizeBar

from workflow_scripts.evaluation.similarity import distance_matrix, similarity_matrix
from workflow_scripts.figures.bars import MARKERS, present
from workflow_scripts.figures.matrices import columns
from workflow_scripts.figures.panel import Card, PanelData
from workflow_scripts.figures.style import shortened
from workflow_scripts.figures.subject_values import cells_of

CARD = Card(
    title="Maps of the profiles",
    caption="Metric multidimensional scaling of the profiles, distance 1 − similarity: colour is "
    "the layer or area, shape the subject. All maps have the same scale, that of the distances. "
    "Stress says how much the plane distorts them: 0.05 is good, 0.1 fair and 0.2 poor.",
    tables=("mds",),
    value="x",
    populations=("networks", "pairs"),
    size=(7.5, 3.6),
    grid=(5, 2),
    controls=False,
    subjects="scores",
)

PALETTE = "viridis"
"""Layers have an order, and often areas too; so have these colours."""

MAX_LARGE = 150
"""Most profiles that are drawn as large points."""

POOR = 0.2
"""Stress from which Kruskal calls a map poor."""


def draw(figure: SubFigure, data: PanelData) -> None:
    """Maps in two rows, or in more if there are many, with one legend to the right of them."""
    table = data.tables["mds"]
    methods = present(table, data.methods, CARD.value)
    subjects = dict.fromkeys(table["subject"])
    room = columns([method.label for method in methods], [*data.parts, *subjects])
    n_columns = min(max((len(methods) + 1) // 2, 2), len(methods), CARD.grid[0], room)
    grid = figure.subplots(-(-len(methods) // n_columns), n_columns, squeeze=False).ravel()
    palette = sns.color_palette(PALETTE, len(data.parts))
    colours = dict(zip(data.parts, palette, strict=True))
    shapes = {subject: MARKERS[i % len(MARKERS)] for i, subject in enumerate(subjects)}
    cells = cells_of(data, "mds")
    for axes, method in zip(grid, methods, strict=False):
        rows = table[table["method"] == method.name]
        scale = _scale(rows, cells[cells["method"] == method.name], data.parameters.get("mds", {}))
        rows = rows.assign(x=scale * rows["x"], y=scale * rows["y"])
        _draw_map(axes, rows, method.label, colours, shapes)
    _same_scale(list(grid[: len(methods)]))
    for axes in grid[len(methods) :]:
        axes.set_axis_off()
    _add_legend(figure, colours, shapes)
    figure.supxlabel("distance: 1 − similarity, on the same scale in all maps (bar in the first)")


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
        s=11 if len(rows) <= MAX_LARGE else 7,
        ax=axes,
        legend=False,
    )
    stress = rows["stress"].iloc[0]
    axes.set_title(
        f"{label}\nstress {stress:.2f}{' (poor)' if stress >= POOR else ''}", fontsize=7.5
    )
    axes.set(xticks=[], yticks=[], xlabel="", ylabel="")


def _scale(rows: pd.DataFrame, cells: pd.DataFrame, parameters: dict[str, Any]) -> float:
    """Factor from the positions of a map to the distances that they stand for.

    The table has maps that are scaled to the same size. At the least stress, no other factor fits
    the distances better, so that the best one gives the map's own size again.
    """
    options = {name: parameters[name] for name in ("symmetrisation", "clip") if name in parameters}
    profiles = list(zip(rows["subject"], rows["part"], strict=True))
    distance = distance_matrix(similarity_matrix(cells, profiles), **options)
    positions = rows[["x", "y"]].to_numpy()
    placed = np.linalg.norm(positions[:, None] - positions, axis=-1)
    return float((placed * distance).sum() / (placed**2).sum())


def _same_scale(maps: list[Axes]) -> None:
    """Give all maps the same scale, and the first one a bar that tells it."""
    extents = np.array([axes.dataLim.get_points() for axes in maps])
    centres = extents.mean(axis=1)
    reach = 0.53 * (extents[:, 1] - extents[:, 0]).max(axis=0)
    for axes, (x, y) in zip(maps, centres, strict=True):
        axes.update_datalim([(x - reach[0], y - reach[1]), (x + reach[0], y + reach[1])])
        axes.set_aspect("equal", adjustable="datalim")
        axes.autoscale_view()
    unit = 10 ** np.floor(np.log10(reach[0]))
    bar = max(length * unit for length in (5, 2, 1, 0.5) if length * unit <= 0.7 * reach[0])
    looks = {"loc": "lower left", "frameon": False, "pad": 0.2, "sep": 2}
    maps[0].add_artist(AnchoredSizeBar(maps[0].transData, bar, f"{bar:g}", **looks))


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
    labels = [*shortened(colours), *shortened(map(_subject_label, told_apart))]
    figure.legend(handles, labels, loc="outside right center", frameon=False)


def _subject_label(subject: str) -> str:
    """A network by its seed; all of a population are of one variant."""
    _, is_network, seed = subject.rpartition("/")
    return f"seed {seed}" if is_network else subject
