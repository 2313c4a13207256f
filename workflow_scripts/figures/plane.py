"""The plane of the paper's claim: how well methods predict, against how well they tell apart."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure

from workflow_scripts.figures.bars import R2, legend_below, present, same_part
from workflow_scripts.figures.panel import MethodLook, PanelData

NO_PREDICTIVITY = "predicts no\nresponses"
"""What stands below methods that have a specificity alone, such as RSA."""

COLUMNS = ["value", "ci_low", "ci_high"]


def predictivity_overall(data: PanelData) -> pd.DataFrame:
    """Predictivity of each method, mean over parts, with its interval in `COLUMNS`."""
    table = same_part(data)
    table = table[table["part"] == "overall"].rename(columns={"predictivity": "value"})
    return table.set_index("method")[COLUMNS]


def draw_plane(
    figure: SubFigure,
    data: PanelData,
    y: pd.DataFrame,
    chance: pd.Series | None = None,
) -> Axes:
    """A point for each method with an interval in both directions.

    Methods that predict nothing stand beside the plane, to its right.

    Parameters
    ----------
    figure : matplotlib.figure.SubFigure
    data : PanelData
        With the table of predictivities.
    y : pandas.DataFrame
        `COLUMNS` of what is drawn upwards, by method.
    chance : pandas.Series, optional
        Level of chance of the same, by method: an open point, joined to the method's own.

    Returns
    -------
    matplotlib.axes.Axes
    """
    axes = figure.subplots()
    methods = present(y.reset_index(), data.methods, "value")
    x = predictivity_overall(data).reindex(y.index).astype(float)
    value, low, high = (x[name].to_dict() for name in COLUMNS)
    predicting = [method for method in methods if np.isfinite(value[method.name])]
    others = [method for method in methods if method not in predicting]
    for method in predicting:
        ends = low[method.name], high[method.name]
        axes.hlines(y["value"][method.name], *ends, color=method.colour, linewidth=1)
    # No R² is above 1, and -1 is as bad as any.
    left, right = axes.get_xlim()
    left, right = max(left, -1.0), min(right, 1.0)
    step = 0.09 * (right - left)
    for number, method in enumerate(others, start=1):
        value[method.name] = right + step * number
    for method in methods:
        row = [float(y[name][method.name]) for name in COLUMNS]
        _draw_point(axes, method, value[method.name], row)
        if chance is not None:
            _draw_chance(axes, value[method.name], row[0], float(chance[method.name]))
    if others:
        axes.axvline(right + step / 2, color="0.6", linewidth=0.8, linestyle=":")
        axes.annotate(
            NO_PREDICTIVITY,
            (right + step * (len(others) + 1) / 2, 1),
            xycoords=("data", "axes fraction"),
            ha="center",
            va="bottom",
            fontsize=7,
        )
    axes.set_xlim(left - step / 2, right + step * (len(others) + 0.5))
    axes.set_xticks([tick for tick in axes.get_xticks() if left - step / 2 <= tick <= right])
    axes.set_xlabel(f"predictivity: {R2}")
    legend_below(figure, axes)
    axes.spines[["top", "right"]].set_visible(False)
    return axes


def _draw_point(axes: Axes, method: MethodLook, x: float, row: list[float]) -> None:
    """A method's point with its interval upwards; a control is a square."""
    value, low, high = row
    axes.vlines(x, low, high, color=method.colour, linewidth=1)
    axes.scatter(
        x,
        value,
        s=45,
        marker="s" if method.control else "o",
        color=method.colour,
        edgecolor="black",
        linewidth=0.6,
        zorder=3,
        label=method.label,
    )


def _draw_chance(axes: Axes, x: float, value: float, chance: float) -> None:
    """An open point where chance lies, joined to the method's own."""
    axes.plot([x, x], [value, chance], color="0.6", linewidth=0.8, linestyle=":")
    axes.scatter(x, chance, s=14, color="white", edgecolor="0.4", linewidth=0.8)
