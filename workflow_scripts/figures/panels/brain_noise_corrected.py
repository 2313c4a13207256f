"""Correlations between subjects as measured, and without the noise of trials, mean over areas."""

import pandas as pd
from matplotlib.figure import SubFigure

from workflow_scripts.evaluation.metrics.predictivity import OVERALL
from workflow_scripts.figures.bars import (
    grouped_bars,
    legend_below,
    number_of_subjects,
    present,
    same_part,
)
from workflow_scripts.figures.panel import Card, PanelData
from workflow_scripts.figures.subject_values import predictivity_of_subjects

CARD = Card(
    title="Predictivity without the noise of trials",
    caption="Held-out correlation of each subject's units, predicted from the same area of other "
    "subjects, as measured and divided by the correlation that the noise of "
    "trials allows: median over units, mean over subjects, then over areas. Black lines are this "
    "ceiling. Small points are single subjects, mean over the areas that they have.",
    tables=("predictivity",),
    value="predictivity",
    populations=("brain",),
    size=(5.0, 3.6),
    grid=(3, 4),
    intervals=True,
    subjects="scores",
    needs="noise_correction",
)

STATISTICS = {"correlation": "as measured", "correlation_corrected": "noise corrected"}
"""Statistics of the table, as the axis names them."""


def draw(figure: SubFigure, data: PanelData) -> None:
    """For each statistic a bar per method."""
    table = pd.concat([same_part(data, statistic) for statistic in STATISTICS])
    table = table[table["part"] == "overall"]
    axes = figure.subplots()
    methods = present(table, data.methods, CARD.value)
    points = pd.concat([_of_subjects(data, statistic) for statistic in STATISTICS])
    grouped_bars(axes, table, list(STATISTICS), "statistic", "predictivity", methods, points)
    # The ceiling is that of the targets, and differs between methods only where cells are skipped.
    ceilings = _of_subjects(data, "correlation_ceiling")["value"].mean(), 1.0
    axes.hlines(ceilings, (-0.45, 0.55), (0.45, 1.45), color="black", label="ceiling")
    axes.set_xticks(range(len(STATISTICS)), list(STATISTICS.values()))
    axes.set(
        xlabel=number_of_subjects(data, points),
        ylabel="held-out correlation r\n(median over units)",
        title="From the same area of other subjects, mean over areas",
    )
    legend_below(figure, axes)


def _of_subjects(data: PanelData, statistic: str) -> pd.DataFrame:
    """Values of single subjects in one statistic, mean over areas; the statistic is the group."""
    points = predictivity_of_subjects(data, statistic)
    return points[points["group"] == OVERALL].assign(group=statistic)
