"""How well models and a brain predict each other, next to how well its subjects do."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure

from workflow_scripts.figures.bars import (
    DIRECTION_NAMES,
    MARKERS,
    candidate_labels,
    control_lines,
    divided,
    end_axis_of_r2,
    name_ticks,
    present,
)
from workflow_scripts.figures.panel import Card, PanelData

CARD = Card(
    title="Are models as good as subjects?",
    caption="Score of each candidate model with each area, from models to the brain (left) and "
    "from the brain to models (right); in each area, models have the order of the legend. Dashed "
    "lines with grey bands: score of the same area between subjects of the brain, and its "
    "interval. A model on the line is as good as a subject; a point is filled where the 95 % "
    "interval of the ratio of both scores does not contain 1. Controls, if there are any, are the "
    "last rows; the one with shuffled stimuli is the floor. Scores also depend on the numbers of "
    "units, which are in `brain_likeness.csv`. Intervals are cut at 1 and, unless a score is "
    "lower, at −1.",
    tables=("brain_likeness",),
    value="score",
    populations=("brain",),
    size=(7.5, 8.0),
    intervals=True,
    grid=(1, 8),
)

LINE = 10
"""Height in points of a line of a method's name."""

BETWEEN = "between subjects of the brain"

REACH = 0.3
"""Distance of the outermost candidates from the middle of their area."""


def draw(figure: SubFigure, data: PanelData) -> None:
    """A row of axes for each method, with the two directions side by side."""
    table = data.tables["brain_likeness"].dropna(subset="score")
    with_bars, controls = divided(present(table, data.methods, CARD.value))
    methods = with_bars + controls
    candidates = candidate_labels(data.tables["brain_likeness"]["candidate"])
    shape = len(methods), len(DIRECTION_NAMES)
    grid = figure.subplots(*shape, sharex=True, sharey="col", squeeze=False)
    for row, method in zip(grid, methods, strict=True):
        of_method = table[table["method"] == method.name]
        for axes, direction in zip(row, DIRECTION_NAMES, strict=True):
            rows = of_method[of_method["direction"] == direction]
            _draw_direction(axes, rows, method.colour, list(candidates), data.parts)
        row[0].set_title(method.label, loc="left", fontsize=7.5)
    for (first, *_, last), (direction, name) in zip(
        grid[[0, 0, -1]].T, DIRECTION_NAMES.items(), strict=True
    ):
        end_axis_of_r2(first, table.loc[table["direction"] == direction, "score"])
        # Above the name of the first method.
        first.annotate(
            name,
            (0.5, 1),
            xytext=(0, 18 + LINE * methods[0].label.count("\n")),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="center",
            fontsize=8.5,
        )
        last.set_xlabel("area")
    numbers = sorted({table["n_subjects"].min(), table["n_subjects"].max()})
    n = " to ".join(map(str, numbers))
    figure.suptitle(f"{CARD.title}  ●: surely off the line  ○: may be on it  (n = {n} subjects)")
    figure.supylabel("score: held-out R² (median over units), or the similarity of a geometry")
    lines, _ = grid[0, 0].get_legend_handles_labels()
    shapes = [
        plt.Line2D([], [], color="0.4", marker=_marker(number), linestyle="")
        for number in range(len(candidates))
    ]
    labels = [*candidates.values(), BETWEEN]
    figure.legend(shapes + lines, labels, loc="outside lower center", ncols=3, frameon=False)


def _draw_direction(
    axes: Axes, rows: pd.DataFrame, colour: str, candidates: list[str], areas: list[str]
) -> None:
    """In each area the line of the brain, and a point with its interval per candidate."""
    x = np.arange(len(areas))
    of_brain = rows.drop_duplicates("area").set_index("area").reindex(areas)
    of_brain = of_brain.assign(
        ci_low=of_brain["brain_score_low"], ci_high=of_brain["brain_score_high"]
    )
    control_lines(axes, of_brain, "brain_score", (-0.45, 0.45), 0, BETWEEN)
    offsets = np.linspace(-REACH, REACH, len(candidates)) if len(candidates) > 1 else [0.0]
    for number, (candidate, offset) in enumerate(zip(candidates, offsets, strict=True)):
        own = rows[rows["candidate"] == candidate].set_index("area").reindex(areas)
        is_other = (own["ci_low"] > 1) | (own["ci_high"] < 1)
        axes.vlines(x + offset, own["score_low"], own["score_high"], color="black", linewidth=0.8)
        axes.scatter(
            x + offset,
            own["score"],
            s=11,
            marker=_marker(number),
            color=np.where(is_other, colour, "white"),
            edgecolor=colour,
            linewidth=0.8,
            zorder=3.5,
        )
    axes.axhline(0, color="black", linewidth=0.8)
    name_ticks(axes, areas)
    axes.spines[["top", "right"]].set_visible(False)


def _marker(number: int) -> str:
    """Shape of a candidate by its place in the table."""
    return MARKERS[number % len(MARKERS)]
