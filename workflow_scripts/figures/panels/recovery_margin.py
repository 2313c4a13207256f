"""By how much the true model of a simulated brain scores higher than the best other candidate."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure
from matplotlib.ticker import MaxNLocator

from workflow_scripts.figures.bars import DIRECTION_NAMES, present
from workflow_scripts.figures.panel import Card, MethodLook, PanelData

CARD = Card(
    title="Margin of the true model",
    caption="Score of the true model less that of the best other candidate, mean over subjects, "
    "areas and splits, for each simulated brain: on the grey side, a wrong model scores higher.",
    tables=("recovery",),
    value="margin",
    populations=("simulated_brains",),
    size=(7.5, 3.2),
    grid=(1, 12),
    intervals=True,
)

MARKERS = dict(zip(DIRECTION_NAMES, (("o", "●"), ("s", "■")), strict=True))
"""Marker of each direction of the map, and how it is written."""


def draw(figure: SubFigure, data: PanelData) -> None:
    """Axes for every brain side by side, in which each method has a line of its own."""
    table = data.tables["recovery"]
    is_shown = (table["level"] == "model") & (table["area"] == "overall") & table["is_truth"]
    table = table[is_shown]
    methods = present(table, data.methods, CARD.value)
    brains = {name: of for name, of in data.truths.items() if name in set(table["population"])}
    places = figure.subplots(1, len(brains), sharey=True, squeeze=False)[0]
    for axes, (brain, variant) in zip(places, brains.items(), strict=True):
        _draw_brain(axes, table[table["population"] == brain], methods)
        axes.set_title(variant)
        low, high = axes.get_xlim()
        axes.axvspan(low, 0, color="0.92", zorder=0)
        axes.set_xlim(low, high)
    places[0].set_yticks(range(len(methods)), [method.label for method in methods], fontsize=7.5)
    places[0].invert_yaxis()
    figure.suptitle(f"{CARD.title}, for brains simulated from")
    shapes = ", ".join(f"{MARKERS[name][1]} {DIRECTION_NAMES[name]}" for name in DIRECTION_NAMES)
    figure.supxlabel(f"score of the true model less that of the best other ({shapes})")


def _draw_brain(axes: Axes, table: pd.DataFrame, methods: list[MethodLook]) -> None:
    """For each method a point with its interval per direction, one above the other."""
    colours = {method.name: method.colour for method in methods}
    places = {method.name: place for place, method in enumerate(methods)}
    for offset, direction in zip((-0.18, 0.18), DIRECTION_NAMES, strict=True):
        rows = table[(table["direction"] == direction) & table["method"].isin(places)]
        y = rows["method"].map(places) + offset
        axes.hlines(y, rows["margin_low"], rows["margin_high"], color="black", linewidth=0.8)
        axes.scatter(
            rows["margin"],
            y,
            s=16,
            marker=MARKERS[direction][0],
            color=rows["method"].map(colours),
            edgecolor="black",
            linewidth=0.4,
            zorder=3,
        )
    axes.axvline(0, color="black", linewidth=0.8)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
