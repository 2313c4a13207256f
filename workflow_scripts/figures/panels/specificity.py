"""Specificity in several readings, each with the values that permuted labels of parts give."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure
from matplotlib.ticker import MaxNLocator

from workflow_scripts.figures.bars import POINTS, divided, number_of_subjects, present
from workflow_scripts.figures.panel import Card, MethodLook, PanelData
from workflow_scripts.figures.style import READINGS, SMALL
from workflow_scripts.figures.subject_values import specificity_of_subjects

CARD = Card(
    title="Specificity in several readings",
    caption="Readings of how well a method recognises a layer or area in another subject and tells "
    "it from the others. Grey: 95 % of the values with permuted labels of layers or areas; its "
    "line is their mean, which is chance. Small points are the targets of one subject alone, whose "
    "mean need not be the value of all. Controls, if there are any, are below a dotted line. "
    "Where subjects are compared in groups, a point is the mean over random groupings, and the bar "
    "in its colour reaches from the lowest to the highest of them. Jackknife intervals are "
    "symmetric, and may reach beyond the values that a reading can have.",
    tables=("specificity",),
    value="value",
    populations=("networks", "brain"),
    size=(7.5, 3.2),
    intervals=True,
    grid=(1, 12),
    subjects="scores",
)

BOUNDS = {"auc": (0, 1), "identification": (0, 1)}
"""Smallest and largest value of readings whose intervals often end outside of them."""

BELOW = 0.26
"""Distance of the points of subjects from the line of their method."""


def draw(figure: SubFigure, data: PanelData) -> None:
    """Axes for every reading side by side, in which each method has a line of its own."""
    table = data.tables["specificity"]
    with_bars, controls = divided(present(table, data.methods, CARD.value))
    methods = with_bars + controls
    points = specificity_of_subjects(data)
    readings = [name for name in READINGS if name in set(table["reading"])]
    grid = figure.subplots(1, len(readings), sharey=True, squeeze=False)[0]
    for axes, reading in zip(grid, readings, strict=True):
        of_reading = points[points["group"] == reading]
        _draw_reading(axes, table[table["reading"] == reading], of_reading, methods)
        axes.set_title(READINGS[reading], fontsize=8)
        if controls:
            axes.axhline(len(with_bars) - 0.5, color="0.6", linewidth=0.8, linestyle=":")
        if reading in BOUNDS:
            (low, high), (least, most) = axes.get_xlim(), BOUNDS[reading]
            # Half of a point that lies on the bound is outside of it.
            axes.set_xlim(max(low, least - 0.04), min(high, most + 0.04))
    labels = [method.label for method in methods]
    grid[0].set_yticks(range(len(methods)), labels, fontsize=SMALL)
    grid[0].invert_yaxis()
    n = f" ({number_of_subjects(data, points)})" if len(points) else ""
    figure.suptitle(f"{CARD.title}{n}")
    told = "grey: 95 % of the values with permuted labels of parts; line: their mean (chance)"
    if table["grouping_low"].notna().any():
        told += "; colour: range over groupings"
    figure.supxlabel(told)


def _draw_reading(
    axes: Axes, rows: pd.DataFrame, points: pd.DataFrame, methods: list[MethodLook]
) -> None:
    """A point with its interval for each method, in front of the band of permuted labels.

    Below it are those of single subjects, each joined to the same subject's of other methods.
    """
    names = [method.name for method in methods]
    rows = rows.set_index("method").reindex(names)
    y = np.arange(len(methods))
    axes.barh(
        y, rows["null_high"] - rows["null_low"], 0.7, rows["null_low"], color="0.85", linewidth=0
    )
    axes.vlines(rows["chance"], y - 0.35, y + 0.35, color="0.6", linewidth=1)
    colours = [method.colour for method in methods]
    spread = rows[["grouping_low", "grouping_high"]].to_numpy(float).T
    axes.hlines(y, *spread, color=colours, linewidth=4, alpha=0.4)
    axes.hlines(y, rows["ci_low"], rows["ci_high"], color="black", linewidth=0.8)
    axes.scatter(rows["value"], y, s=16, color=colours, edgecolor="black", linewidth=0.5, zorder=3)
    of_subjects = points.pivot(index="method", columns="subject", values="value").reindex(names)
    axes.plot(of_subjects.to_numpy(float), y + BELOW, **POINTS)
    # Without it, no margin would be left next to the bands.
    axes.use_sticky_edges = False
    axes.autoscale_view()
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
