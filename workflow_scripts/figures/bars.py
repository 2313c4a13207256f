"""What panels of bars share: bars with intervals, and the two views of predictivity."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import SubFigure

from workflow_scripts.figures.panel import MethodLook, PanelData
from workflow_scripts.figures.style import LABEL_WIDTH, MAX_UPRIGHT, are_turned, shortened
from workflow_scripts.figures.subject_values import counted, predictivity_of_subjects

R2 = "held-out R² (median over units)"

POINTS: dict[str, Any] = {
    "marker": "o",
    "markersize": 2,
    "markerfacecolor": "black",
    "markeredgewidth": 0,
    "color": "0.3",
    "linewidth": 0.4,
    "alpha": 0.6,
    "zorder": 2.5,
    "label": "_subject",
}
"""Look of the values of single subjects, and of the lines that join them; no legend has them."""

MARKERS = "osD^vP*X<>"
"""Shapes that can be told apart at a size of a few points; with more subjects they repeat."""

LINES = ("--", ":", "-.")
"""Styles of the lines of controls."""

MAX_BARS = 70
"""Most bars between which lines of subjects can be told apart."""

LEGEND_WIDTH = 1.6
"""Width in inches of a column of the legend, in which the longest names have room."""

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


def candidate_labels(candidates: pd.Series) -> dict[str, str]:
    """What figures call each ``<variant>/<seed>``: by its variant if that has one seed alone.

    The order is that of the table.
    """
    names = list(dict.fromkeys(candidates))
    variants = [name.rpartition("/")[0] for name in names]
    labels = [
        variant if variants.count(variant) == 1 else name.replace("/", ", seed ")
        for name, variant in zip(names, variants, strict=True)
    ]
    return dict(zip(names, shortened(labels), strict=True))


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


def subject_points(
    axes: Axes,
    x: np.ndarray,
    points: pd.DataFrame,
    methods: list[MethodLook],
    width: float,
    *,
    is_crowded: bool = False,
) -> None:
    """Values of single subjects over bars that stand side by side, joined by a line per subject.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    x : numpy.ndarray, shape (n_methods,)
        Centre of the bar of each method.
    points : pandas.DataFrame
        ``method``, ``subject`` and ``value``.
    methods : list of MethodLook
    width : float
        Width of a bar.
    is_crowded : bool
        Whether bars are so narrow that points are dots, without lines.
    """
    subjects = sorted(set(points["subject"]))
    values = points.pivot(index="method", columns="subject", values="value")
    y = values.reindex(index=[method.name for method in methods], columns=subjects).to_numpy(float)
    # Next to each other, so that equal values are seen and the interval between them too.
    offsets = width * np.linspace(-0.35, 0.35, len(subjects)) if len(subjects) > 1 else np.zeros(1)
    looks = {**POINTS, "markersize": 0.8, "linestyle": ""} if is_crowded else POINTS
    axes.plot(x[:, None] + offsets, y, **looks)


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
    points: pd.DataFrame,
) -> None:
    """For each group a bar per method, side by side, in front of the lines of controls.

    Over the bars stand the `points` of single subjects, with their ``group``.
    """
    with_bars, controls = divided(methods)
    width = 0.8 / max(len(with_bars), 1)
    for number, method in enumerate(with_bars):
        rows = table[table["method"] == method.name].set_index(group_column).reindex(groups)
        x = np.arange(len(groups)) + (number - (len(with_bars) - 1) / 2) * width
        interval_bars(axes, x, rows, value_column, width, method.colour, method.label)
    for number, method in enumerate(controls):
        rows = table[table["method"] == method.name].set_index(group_column).reindex(groups)
        control_lines(axes, rows, value_column, (-0.45, 0.45), number, method.label)
    for number, group in enumerate(groups):
        centres = number + (np.arange(len(with_bars)) - (len(with_bars) - 1) / 2) * width
        rows = points[points["group"] == group]
        crowded = len(groups) * len(with_bars) > MAX_BARS
        subject_points(axes, centres, rows, with_bars, width, is_crowded=crowded)
    axes.axhline(0, color="black", linewidth=0.8)
    name_ticks(axes, groups)
    axes.spines[["top", "right"]].set_visible(False)


def name_ticks(axes: Axes, groups: list[str]) -> None:
    """Name groups that stand side by side, from top to bottom if there is no room."""
    names = shortened(groups)
    axes.set_xticks(np.arange(len(names)), names)
    if are_turned(names):
        axes.tick_params(axis="x", rotation=90)


def method_bars(
    figure: SubFigure,
    axes: Axes,
    table: pd.DataFrame,
    value_column: str,
    methods: list[MethodLook],
    points: pd.DataFrame | None = None,
) -> None:
    """One bar per method, named below it, in front of the lines of controls, which have a legend.

    Over the bars stand the `points` of single subjects, if they have values.
    """
    with_bars, controls = divided(methods)
    rows = table.set_index("method").reindex([method.name for method in with_bars])
    colours = [method.colour for method in with_bars]
    x = np.arange(len(with_bars))
    interval_bars(axes, x, rows, value_column, 0.7, colours)
    if points is not None:
        subject_points(axes, x, points, with_bars, 0.7)
    for number, method in enumerate(controls):
        rows = table[table["method"] == method.name]
        ends = (-0.5, max(len(with_bars), 1) - 0.5)
        control_lines(axes, rows, value_column, ends, number, method.label)
    axes.axhline(0, color="black", linewidth=0.8)
    names = [method.label for method in with_bars]
    if len(names) > MAX_UPRIGHT:
        # There is no room for a second line.
        names = shortened([name.replace("\n", " ") for name in names], LABEL_WIDTH)
    axes.set_xticks(x, names, rotation=40, ha="right", rotation_mode="anchor")
    if controls:
        legend_below(figure, axes)
    axes.spines[["top", "right"]].set_visible(False)


def end_axis(axes: Axes, least: float, most: float) -> None:
    """End the axis of values here, although intervals may reach further.

    The subjects below it are marked at its end.
    """
    low, high = axes.get_ylim()
    low = max(low, least)
    axes.set_ylim(low, min(high, most))
    points = np.array(
        [
            (x, y)
            for line in axes.lines
            if line.get_marker() == POINTS["marker"]
            for x, y in np.asarray(line.get_xydata())
            if y < low
        ]
    )
    if len(points):
        looks = {**POINTS, "marker": "v", "markersize": 4, "linestyle": ""}
        axes.plot(points[:, 0], np.full(len(points), low), clip_on=False, **looks)


def end_axis_of_r2(axes: Axes, values: pd.Series) -> None:
    """No R² is above 1, and -1 is as bad as any; a bar is drawn to its end."""
    end_axis(axes, min(-1, 1.05 * values.min()), 1.02)


def number_of_subjects(data: PanelData, points: pd.DataFrame) -> str:
    """Such as ``n = 8 subjects``."""
    return f"n = {counted(data, points['subject'].nunique())}"


def name_groups(axes: Axes, data: PanelData, points: pd.DataFrame, groups: list[str]) -> str:
    """Name groups of bars, with their numbers of subjects unless these are equal.

    Returns
    -------
    str
        What the axis says of the numbers.
    """
    numbers = points.groupby("group")["subject"].nunique().reindex(groups, fill_value=0)
    if numbers.nunique() == 1:
        return f"({number_of_subjects(data, points[points['group'].isin(groups)])})"
    names = shortened(groups)
    between = ", " if are_turned(names) else "\n"
    axes.set_xticklabels(
        [f"{name}{between}n = {n}" for name, n in zip(names, numbers, strict=True)]
    )
    return "(n: subjects)"


def legend_below(figure: SubFigure, axes: Axes) -> None:
    """Legend of all methods below the axes, in as many columns as there is room for."""
    handles, labels = axes.get_legend_handles_labels()
    # Bars stand before the lines of controls, which Matplotlib lists first.
    bars_first = sorted(range(len(labels)), key=lambda i: isinstance(handles[i], LineCollection))
    width = figure.bbox.width / figure.get_figure(root=True).dpi
    figure.legend(
        [handles[i] for i in bars_first],
        [labels[i] for i in bars_first],
        frameon=False,
        ncols=max(1, int(width / LEGEND_WIDTH)),
        loc="outside lower center",
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
    points = predictivity_of_subjects(data)
    grouped_bars(axes, table, data.parts, "part", "predictivity", methods, points)
    end_axis_of_r2(axes, table["predictivity"])
    told = name_groups(axes, data, points, data.parts)
    axes.set(xlabel=f"{part} {told}", ylabel=R2.replace(" (", "\n("), title=title)
    legend_below(figure, axes)


def predictivity_overall(figure: SubFigure, data: PanelData, title: str) -> None:
    """One bar per method, mean over parts."""
    table = same_part(data)
    table = table[table["part"] == "overall"]
    axes = figure.subplots()
    points = predictivity_of_subjects(data)
    points = points[points["group"] == "overall"]
    methods = present(table, data.methods, "predictivity")
    method_bars(figure, axes, table, "predictivity", methods, points)
    end_axis_of_r2(axes, table["predictivity"])
    axes.set(ylabel=R2.replace(" (", "\n("), title=f"{title}\n{number_of_subjects(data, points)}")


def mean_separability(data: PanelData) -> pd.DataFrame:
    """Separability of each method and direction in units of the score, mean over areas."""
    table = data.tables["separability"]
    return table[(table["area"] == "mean") & (table["scale"] == "raw")]
