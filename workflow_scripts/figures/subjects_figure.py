"""Draw the subjects of a brain: units before and after each filter, and how reliable they are."""

from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpecFromSubplotSpec

from workflow_scripts.figures.style import (
    PAGE_WIDTH,
    SMALL,
    add_footer,
    are_turned,
    settle,
    shortened,
    style,
)

COUNTS = [
    ("n_in_file", "in the file", "#d9d9d9"),
    ("n_after_quality", "after quality control", "#9ecae1"),
    ("n_after_trials", "enough trials", "#4292c6"),
    ("n_after_reliability", "reliable", "#08519c"),
]
"""Column, name and colour of each bar; each further filter leaves fewer units, in a darker blue."""

THRESHOLD = "#d95f02"
"""Colour of the lines at the limits of the filters."""

N_COLUMNS = 3
"""Most areas in one row."""

ROW_WIDTH = PAGE_WIDTH - 0.7
"""Inches that the axes of a row have together."""

MOST_LETTERS = 110
"""Most letters of the names of areas that have room side by side."""

TITLE_WIDTH = 40
"""Most letters in a line above the bars of an area."""

LETTER = 0.06
"""Inches that a letter of a subject's name takes."""

SUBJECT_WIDTH = 0.125
"""Inches per subject, so that the names of subjects below the bars stay apart."""


def draw(
    subjects: pd.DataFrame,
    units: pd.DataFrame,
    *,
    areas: list[str],
    min_units: int,
    min_reliability: float | None,
    description: str,
    title: str,
) -> Figure:
    """Units of each subject and area before and after each filter, and their reliability.

    Parameters
    ----------
    subjects, units : pandas.DataFrame
        Tables of `summarise_brain`: one row per subject and area, and one row per unit.
    areas : list of str
        In the order in which they are drawn.
    min_units : int
        Fewest units of a target.
    min_reliability : float or None
        Smallest reliability of a unit that is kept; None if all units are kept.
    description : str
        The brain in words, for the footer.
    title : str
        What stands above everything else.

    Returns
    -------
    matplotlib.figure.Figure
    """
    style()
    side_by_side = int(ROW_WIDTH / (0.3 + SUBJECT_WIDTH * subjects["subject"].nunique()))
    n_columns = max(1, min(N_COLUMNS, len(areas), side_by_side))
    n_rows = -(-len(areas) // n_columns)
    names = LETTER * max(map(len, shortened(subjects["subject"])), default=0)
    heights = 1 + names + 1.4 * n_rows, 2.5 if units["reliability"].notna().any() else 0.3
    figure = plt.figure(figsize=(PAGE_WIDTH, sum(heights)), layout="constrained")
    halves = figure.add_gridspec(2, 1, height_ratios=heights)
    places = halves[0].subgridspec(n_rows, n_columns)
    _draw_counts(figure, places, subjects, areas, min_units, title)
    _draw_reliability(figure.add_subplot(halves[1]), units, areas, min_reliability)
    add_footer(figure, f"data: {description}")
    settle(figure)
    return figure


def _draw_counts(
    figure: Figure,
    places: GridSpecFromSubplotSpec,
    subjects: pd.DataFrame,
    areas: list[str],
    min_units: int,
    title: str,
) -> None:
    """For each area its own axes, with a bar per subject: what each filter leaves of its units."""
    names = list(dict.fromkeys(subjects["subject"]))
    grid = places.subplots(sharex=True, sharey=True, squeeze=False)
    for axes, area, name in zip(grid.flat, areas, shortened(areas), strict=False):
        rows = subjects[subjects["area"] == area].set_index("subject").reindex(names)
        _draw_area(axes, rows, name, min_units)
    for axes in grid.flat[len(areas) :]:
        axes.set_axis_off()
    # Subjects are named below the lowest axes of each column, which are not always in the last row.
    for axes in grid.flat[len(areas) - places.ncols : len(areas)]:
        axes.tick_params(labelbottom=True)
        axes.set_xlabel("subject")
    for axes in grid[:, 0]:
        axes.set_ylabel("units")
    handles, labels = grid.flat[0].get_legend_handles_labels()
    handles.append(plt.Line2D([], [], color=THRESHOLD, linestyle="--"))
    labels.append(f"fewest units of a target: {min_units}")
    # Constrained layout leaves no room for a title and a legend above all axes: this is both.
    figure.legend(
        handles,
        labels,
        title=title,
        title_fontproperties={"size": 8.5, "weight": "bold"},
        loc="outside upper center",
        ncols=len(labels),
        frameon=False,
    )


def _draw_area(axes: Axes, rows: pd.DataFrame, area: str, min_units: int) -> None:
    """Bars of one area: what a filter leaves is drawn over what it was given, and narrower."""
    x = np.arange(len(rows))
    for number, (column, label, colour) in enumerate(COUNTS):
        axes.bar(x, rows[column], 0.9 - 0.2 * number, color=colour, linewidth=0, label=label)
    axes.axhline(min_units, color=THRESHOLD, linewidth=1, linestyle="--")
    n_targets = int(rows["is_target"].sum())
    told = f"{area}: {n_targets} of {len(rows)} subjects are targets"
    axes.set_title(fill(told, TITLE_WIDTH), fontsize=7.5)
    # With more subjects than have room in a row, not all are named.
    step = -(-len(rows) // int(ROW_WIDTH / SUBJECT_WIDTH))
    axes.set_xticks(x[::step], shortened(rows.index)[::step], rotation=90, fontsize=SMALL)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_reliability(
    axes: Axes, units: pd.DataFrame, areas: list[str], min_reliability: float | None
) -> None:
    """Distribution and quartiles of the reliability of all units with enough trials, by area."""
    defined = units.dropna(subset="reliability")
    if defined.empty:
        axes.set_axis_off()
        text = "no unit has a reliability: it needs single trials, or the file's own"
        axes.text(0.5, 0.5, text, ha="center", va="center", transform=axes.transAxes)
        return
    sns.violinplot(
        defined,
        x="area",
        y="reliability",
        order=areas,
        color="#c6dbef",
        inner="quart",
        cut=0,
        density_norm="width",
        ax=axes,
    )
    names = []
    for area, name in zip(areas, shortened(areas), strict=True):
        n_units = int((units["area"] == area).sum())
        n_undefined = n_units - int((defined["area"] == area).sum())
        undefined = f", {n_undefined} undefined" if n_undefined else ""
        names.append(f"{name}\n{n_units} units{undefined}")
    axes.set_xticks(range(len(names)), names, fontsize=SMALL)
    if are_turned([max(name.split("\n"), key=len) for name in names], MOST_LETTERS):
        axes.tick_params(axis="x", rotation=90)
    if min_reliability is None:
        axes.set_title("No unit is left out for its reliability")
    else:
        axes.axhline(min_reliability, color=THRESHOLD, linewidth=1, linestyle="--")
        axes.set_title(
            f"Units with a reliability of at least {min_reliability} are kept (orange line)",
            fontsize=9,
        )
    axes.set(xlabel="area", ylabel="split-half reliability")
    axes.spines[["top", "right"]].set_visible(False)
