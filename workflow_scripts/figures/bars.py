"""What panels of bars share: bars with intervals, and the two views of predictivity."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import SubFigure

from workflow_scripts.figures.panel import MethodLook, PanelData

R2 = "held-out R² (median over units)"

LINES = ("--", ":", "-.")
"""Styles of the lines of controls."""

MAX_UPRIGHT = 8
"""Most groups of bars whose names stand side by side; with more, they are turned."""

# The score of a mapping is an R², that of a geometry a correlation.
SEPARABILITY = "separability of models\n(difference in score)"

DIRECTION_NAMES = {"model_to_brain": "model to brain", "brain_to_model": "brain to model"}
"""Directions of maps between models and brains, as figures name them."""


def present(table: pd.DataFrame, methods: list[MethodLook], column: str) -> list[MethodLook]:
    """Methods of the configuration that have a value in this column, in the configuration's order.

    A method that cannot be used on these data, as a Poisson map on negative responses, has none.
    """
    measured = set(table.loc[table[column].notna(), "method"])
    return [method for method in methods if method.name in measured]


def interval_bars(
    axes: Axes,
    x: np.ndarray,
    rows: pd.DataFrame,
    column: str,
    width: float,
    colours: str | list[str],
    label: str | None = None,
) -> None:
    """Bars, each with a line from the lower to the upper end of its interval if it has one.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    x : numpy.ndarray, shape (n_rows,)
        Centre of each bar.
    rows : pandas.DataFrame
        ``ci_low``, ``ci_high`` and the value of each bar; a row without values leaves a gap.
    column : str
        Column of the values.
    width : float
    colours : str or list of str
    label : str, optional
        Text of the legend.
    """
    axes.bar(x, rows[column], width, color=colours, edgecolor="white", linewidth=0.5, label=label)
    axes.vlines(x, rows["ci_low"], rows["ci_high"], color="black", linewidth=0.8)


def divided(methods: list[MethodLook]) -> tuple[list[MethodLook], list[MethodLook]]:
    """Methods that have bars, and controls."""
    with_bars, controls = (
        [method for method in methods if method.control == is_control]
        for is_control in (False, True)
    )
    return with_bars, controls


def control_lines(
    axes: Axes,
    rows: pd.DataFrame,
    column: str,
    ends: tuple[float, float],
    number: int,
    label: str,
) -> None:
    """Line across each group of bars, and a band over its interval.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    rows : pandas.DataFrame
        ``ci_low``, ``ci_high`` and the value of the control in each group, from left to right.
    column : str
        Column of the values.
    ends : tuple of float
        Left and right end of a line, from the centre of the group.
    number : int
        Of the control, which chooses the style of its line.
    label : str
        Text of the legend.
    """
    left, right = (np.arange(len(rows)) + end for end in ends)
    heights = rows["ci_high"] - rows["ci_low"]
    axes.bar(
        left,
        heights,
        right - left,
        rows["ci_low"],
        align="edge",
        color="0.3",
        alpha=0.15,
        linewidth=0,
        zorder=0,
    )
    style = LINES[number % len(LINES)]
    axes.hlines(rows[column], left, right, color="0.3", linestyle=style, zorder=3, label=label)


def grouped_bars(
    axes: Axes,
    table: pd.DataFrame,
    groups: list[str],
    group_column: str,
    value_column: str,
    methods: list[MethodLook],
) -> None:
    """For each group a bar per method, side by side, in front of the lines of controls."""
    with_bars, controls = divided(methods)
    width = 0.8 / max(len(with_bars), 1)
    for number, method in enumerate(with_bars):
        rows = table[table["method"] == method.name].set_index(group_column).reindex(groups)
        x = np.arange(len(groups)) + (number - (len(with_bars) - 1) / 2) * width
        interval_bars(axes, x, rows, value_column, width, method.colour, method.label)
    for number, method in enumerate(controls):
        rows = table[table["method"] == method.name].set_index(group_column).reindex(groups)
        control_lines(axes, rows, value_column, (-0.45, 0.45), number, method.label)
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set_xticks(np.arange(len(groups)), groups)
    if len(groups) > MAX_UPRIGHT:
        axes.tick_params(axis="x", rotation=90)
    sns.despine(ax=axes)


def method_bars(
    axes: Axes, table: pd.DataFrame, value_column: str, methods: list[MethodLook]
) -> None:
    """One bar per method, named below it, in front of the lines of controls."""
    with_bars, controls = divided(methods)
    rows = table.set_index("method").reindex([method.name for method in with_bars])
    colours = [method.colour for method in with_bars]
    x = np.arange(len(with_bars))
    interval_bars(axes, x, rows, value_column, 0.7, colours)
    for number, method in enumerate(controls):
        rows = table[table["method"] == method.name]
        ends = (-0.5, max(len(with_bars), 1) - 0.5)
        control_lines(axes, rows, value_column, ends, number, method.label)
    if controls:
        # Room above the bars, for the legend.
        axes.margins(y=0.25)
        axes.legend(loc="best", fontsize=7)
    axes.axhline(0, color="black", linewidth=0.8)
    names = [method.label for method in with_bars]
    axes.set_xticks(x, names, rotation=40, ha="right", rotation_mode="anchor")
    sns.despine(ax=axes)


def end_axis(axes: Axes, least: float, most: float) -> None:
    """End the axis of values here, although intervals may reach further."""
    low, high = axes.get_ylim()
    axes.set_ylim(max(low, least), min(high, most))


def _end_axis_of_r2(axes: Axes, values: pd.Series) -> None:
    """No R² is above 1, and -1 is as bad as any; a bar is drawn to its end.

    The names of controls stand above the bars.
    """
    end_axis(axes, min(-1, 1.05 * values.min()), 1.4 if axes.get_legend() else 1.02)


def legend_below(axes: Axes, offset: float, n_columns: int = 3) -> None:
    """Legend of all methods, `offset` below the axes in units of their height."""
    handles, labels = axes.get_legend_handles_labels()
    # Bars stand before the lines of controls, which Matplotlib lists first.
    bars_first = sorted(range(len(labels)), key=lambda i: isinstance(handles[i], LineCollection))
    axes.legend(
        [handles[i] for i in bars_first],
        [labels[i] for i in bars_first],
        frameon=False,
        ncols=n_columns,
        loc="upper center",
        bbox_to_anchor=(0.5, -offset),
    )


def same_part(data: PanelData, statistic: str = "median") -> pd.DataFrame:
    """Predictivity between the same parts of two subjects, in one statistic of the cells."""
    table = data.tables["predictivity"]
    return table[(table["relation"] == "same part") & (table["statistic"] == statistic)]


def predictivity_by_part(figure: SubFigure, data: PanelData, part: str, title: str) -> None:
    """A group of bars per part; `part` is what a part is called on the axis."""
    table = same_part(data)
    axes = figure.subplots()
    methods = present(table, data.methods, "predictivity")
    grouped_bars(axes, table, data.parts, "part", "predictivity", methods)
    _end_axis_of_r2(axes, table["predictivity"])
    axes.set(xlabel=part, ylabel=R2, title=title)
    legend_below(axes, 0.18 if len(data.parts) <= MAX_UPRIGHT else 0.3)


def predictivity_overall(figure: SubFigure, data: PanelData, title: str) -> None:
    """One bar per method, mean over parts."""
    table = same_part(data)
    table = table[table["part"] == "overall"]
    axes = figure.subplots()
    method_bars(axes, table, "predictivity", present(table, data.methods, "predictivity"))
    _end_axis_of_r2(axes, table["predictivity"])
    axes.set(ylabel=R2, title=title)


def mean_separability(data: PanelData) -> pd.DataFrame:
    """Separability of each method and direction in units of the score, mean over areas."""
    table = data.tables["separability"]
    return table[(table["area"] == "mean") & (table["scale"] == "raw")]
