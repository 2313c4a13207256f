"""What panels of bars share: bars with intervals, and the two views of predictivity."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure

from workflow_scripts.figures.panel import MethodLook, PanelData

R2 = "held-out R² (median over units)"

MAX_UPRIGHT = 8
"""Most groups of bars whose names stand side by side; with more, they are turned."""

# The score of a mapping is an R², that of a geometry a correlation.
SEPARABILITY = "separability of models\n(difference in score)"


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


def grouped_bars(
    axes: Axes,
    table: pd.DataFrame,
    groups: list[str],
    group_column: str,
    value_column: str,
    methods: list[MethodLook],
) -> None:
    """For each group a bar per method, side by side."""
    width = 0.8 / len(methods)
    for number, method in enumerate(methods):
        rows = table[table["method"] == method.name].set_index(group_column).reindex(groups)
        x = np.arange(len(groups)) + (number - (len(methods) - 1) / 2) * width
        interval_bars(axes, x, rows, value_column, width, method.colour, method.label)
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set_xticks(np.arange(len(groups)), groups)
    if len(groups) > MAX_UPRIGHT:
        axes.tick_params(axis="x", rotation=90)
    sns.despine(ax=axes)


def method_bars(
    axes: Axes, table: pd.DataFrame, value_column: str, methods: list[MethodLook]
) -> None:
    """One bar per method, named below it."""
    rows = table.set_index("method").reindex([method.name for method in methods])
    colours = [method.colour for method in methods]
    interval_bars(axes, np.arange(len(methods)), rows, value_column, 0.7, colours)
    axes.axhline(0, color="black", linewidth=0.8)
    names = [method.label for method in methods]
    axes.set_xticks(np.arange(len(methods)), names, rotation=40, ha="right", rotation_mode="anchor")
    sns.despine(ax=axes)


def legend_below(axes: Axes, offset: float) -> None:
    """Legend of all methods, `offset` below the axes in units of their height."""
    axes.legend(frameon=False, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -offset))


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
    axes.set(xlabel=part, ylabel=R2, title=title)
    legend_below(axes, 0.18 if len(data.parts) <= MAX_UPRIGHT else 0.3)


def predictivity_overall(figure: SubFigure, data: PanelData, title: str) -> None:
    """One bar per method, mean over parts."""
    table = same_part(data)
    table = table[table["part"] == "overall"]
    axes = figure.subplots()
    method_bars(axes, table, "predictivity", present(table, data.methods, "predictivity"))
    axes.set(ylabel=R2, title=title)


def mean_separability(data: PanelData) -> pd.DataFrame:
    """Separability of each method and direction, mean over areas."""
    table = data.tables["separability"]
    return table[table["area"] == "mean"]
