"""Draw the mice: units before and after each filter, and how reliable the units are."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns

from workflow_scripts.brains.summarise_brain import describe_mice
from workflow_scripts.common.job import job
from workflow_scripts.figures.style import add_footer, save, settle, style

# From the outermost bar inwards: what is counted, its name and its colour.
STAGES = [
    ("n_in_file", "in the file", "#d9d9d9"),
    ("n_after_quality", "after quality control", "#9ecae1"),
    ("n_after_trials", "enough trials", "#4292c6"),
    ("n_after_reliability", "reliable", "#08519c"),
]


THRESHOLD = "#d95f02"

N_COLUMNS = 3

SESSION_WIDTH = 0.1  # inches, for names of sessions that keep apart


def _draw_counts(figure, grid, mice, settings):
    """One panel an area: for each session, what each filter leaves of its units."""
    areas, sessions = settings["areas"], list(dict.fromkeys(mice["session"]))
    n_columns = grid.ncols
    grid = grid.subplots(sharex=True, sharey=True, squeeze=False)
    x = np.arange(len(sessions))
    for axes, area in zip(grid.flat, areas, strict=False):
        rows = mice[mice["area"] == area].set_index("session").reindex(sessions)
        for column, label, colour in STAGES:
            axes.bar(x, rows[column], 0.8, color=colour, linewidth=0, label=label)
        axes.axhline(settings["min_units"], color=THRESHOLD, linewidth=1, linestyle="--")
        n_targets = int(rows["is_target"].sum())
        axes.set_title(f"{area}: {n_targets} of {len(sessions)} mice are targets", fontsize=8)
        axes.set_xticks(x, sessions, rotation=90, fontsize=6)
        sns.despine(ax=axes)
    for axes in grid.flat[len(areas) :]:
        axes.set_axis_off()
    # Sessions are named below the lowest panel of each column, which is not always in the last row.
    for axes in grid.flat[len(areas) - n_columns : len(areas)]:
        axes.tick_params(labelbottom=True)
        axes.set_xlabel("session")
    for axes in grid[:, 0]:
        axes.set_ylabel("units")
    handles, _ = grid.flat[0].get_legend_handles_labels()
    handles.append(
        plt.Line2D(
            [],
            [],
            color=THRESHOLD,
            linestyle="--",
            label=f"fewest of a target: {settings['min_units']}",
        )
    )
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles), frameon=False)


def _draw_reliability(axes, units, settings):
    """Distribution and quartiles of the reliability of all units with enough trials, by area."""
    defined = units.dropna(subset="reliability")
    sns.violinplot(
        defined,
        x="area",
        y="reliability",
        order=settings["areas"],
        color="#c6dbef",
        inner="quart",
        cut=0,
        density_norm="width",
        ax=axes,
    )
    names = []
    for area in settings["areas"]:
        n_units = int((units["area"] == area).sum())
        n_undefined = n_units - int((defined["area"] == area).sum())
        undefined = f", {n_undefined} undefined" if n_undefined else ""
        names.append(f"{area}\n{n_units} units{undefined}")
    axes.set_xticks(range(len(names)), names, fontsize=7)
    threshold = settings["min_reliability"]
    if threshold is None:
        axes.set_title("No unit is left out for its reliability", fontsize=9)
    else:
        axes.axhline(threshold, color=THRESHOLD, linewidth=1, linestyle="--")
        axes.set_title(f"Units from {threshold} upwards are kept (orange)", fontsize=9)
    axes.set(xlabel="area", ylabel="split-half reliability")
    sns.despine(ax=axes)


def draw(mice, units, settings):
    """Units of each session and area before and after each filter, and their reliability.

    Parameters
    ----------
    mice, units : pandas.DataFrame
        Tables of `summarise_mice`: a row a session and area, a row a unit.
    settings : dict
        ``areas`` in display order, ``min_units`` of a target, ``min_reliability`` of a unit or
        None.

    Returns
    -------
    matplotlib.figure.Figure
    """
    style()
    n_columns = min(N_COLUMNS, len(settings["areas"]))
    n_rows = -(-len(settings["areas"]) // n_columns)
    width = max(8.5, 1 + n_columns * (0.3 + SESSION_WIDTH * mice["session"].nunique()))
    heights = 1.2 + 1.9 * n_rows, 2.8
    figure = plt.figure(figsize=(width, sum(heights)), layout="constrained")
    top, bottom = figure.add_gridspec(2, 1, height_ratios=heights)
    _draw_counts(figure, top.subgridspec(n_rows, n_columns), mice, settings)
    _draw_reliability(figure.add_subplot(bottom), units, settings)
    add_footer(figure, f"data: {describe_mice(mice)}")
    settle(figure)
    return figure


def main(mice, units, settings, outputs):
    """Write the figure in every format asked for."""
    figure = draw(pd.read_csv(mice), pd.read_csv(units), settings)
    for output in outputs:
        save(figure, output)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(
            snakemake.input.mice,
            snakemake.input.units,
            snakemake.params.settings,
            snakemake.output,
        )
