"""Draw the margins of claims against a setting that was varied: from where on are they sure?"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from workflow_scripts.figures.style import PAGE_WIDTH, add_footer, settle, style

COLOURS = {"holds": "#3b76af", "fails": "#d1601f", "undecided": "#9a9a9a"}
"""Colour of a margin by its verdict."""

N_COLUMNS = 4
SIZE = PAGE_WIDTH / 4, 1.5
"""Axes in a row, and width and height of each in inches."""


def draw(claims: pd.DataFrame, key: str) -> Figure:
    """One small set of axes for each claim and population, a point for each run.

    Parameters
    ----------
    claims : pandas.DataFrame
        Claims of all runs, with the columns `key` and ``seed``.
    key : str
        Setting that was varied.
    """
    style()
    is_shown = claims["is_default"] & claims["verdict"].isin(COLOURS)
    whole = claims[is_shown].drop_duplicates([key, "seed", "claim", "population"], keep="last")
    groups = list(whole.groupby(["population", "claim"], sort=False))
    n_rows = -(-len(groups) // N_COLUMNS)
    width, height = SIZE
    figure, grid = plt.subplots(
        *(n_rows, N_COLUMNS),
        figsize=(N_COLUMNS * width, n_rows * height + 0.6),
        squeeze=False,
        layout="constrained",
    )
    values = list(dict.fromkeys(claims[key]))
    for axes, ((population, claim), rows) in zip(grid.ravel(), groups, strict=False):
        _draw_claim(axes, rows, key, values)
        axes.set_title(f"{claim} ({population})", fontsize=7.5)
    for axes in grid.ravel()[len(groups) :]:
        axes.set_axis_off()
    figure.supylabel("margin of the claim")
    handles = [
        plt.Line2D([], [], color=colour, marker="o", lw=0, label=verdict)
        for verdict, colour in COLOURS.items()
    ]
    # As the title of the legend, because a title of the figure would stand in the same place.
    title = f"Margins of claims against {key}"
    figure.legend(handles=handles, loc="outside upper center", ncols=3, frameon=False, title=title)
    data = "; ".join(dict.fromkeys(claims["data"]))
    add_footer(figure, f"data: {data}", "bars: 95 % jackknife intervals; one point per run")
    settle(figure)
    return figure


def _draw_claim(axes: Axes, rows: pd.DataFrame, key: str, values: list[object]) -> None:
    """Margins of one claim, side by side where several seeds have the same value."""
    seeds = list(dict.fromkeys(rows["seed"]))
    step = 0.5 / len(seeds)
    for row in rows.to_dict("records"):
        x = values.index(row[key]) + step * (seeds.index(row["seed"]) - (len(seeds) - 1) / 2)
        colour = COLOURS[row["verdict"]]
        axes.plot(x, row["margin"], "o", color=colour, markersize=4)
        axes.vlines(x, row["ci_low"], row["ci_high"], color=colour, linewidth=1)
    axes.axhline(0, color="black", linewidth=0.8)
    # A single interval that is much wider than all margins would flatten them.
    reach = 4 * np.abs(rows["margin"]).max()
    low, high = axes.get_ylim()
    axes.set_ylim(max(low, -reach), min(high, reach))
    axes.set_xticks(range(len(values)), [str(value) for value in values])
    axes.tick_params(labelsize=7)
    axes.spines[["top", "right"]].set_visible(False)
