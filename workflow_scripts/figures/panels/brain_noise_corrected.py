"""Correlations between subjects as measured, and without the noise of trials, mean over areas."""

import pandas as pd
from matplotlib.figure import SubFigure

from workflow_scripts.figures.bars import grouped_bars, legend_below, present, same_part
from workflow_scripts.figures.panel import Card, PanelData

CARD = Card(
    title="Predictivity without the noise of trials",
    caption="Held-out correlation of each subject's units, predicted from the same area of other "
    "subjects, as measured and divided by the correlation that the noise of "
    "trials allows: median over units, mean over subjects, then over areas.",
    tables=("predictivity",),
    value="predictivity",
    populations=("brain",),
    size=(7.5, 4.2),
    intervals=True,
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
    grouped_bars(axes, table, list(STATISTICS), "statistic", "predictivity", methods)
    axes.set_xticks(range(len(STATISTICS)), list(STATISTICS.values()))
    axes.set(
        ylabel="held-out correlation r (median over units)",
        title="From the same area of other subjects, mean over areas",
    )
    legend_below(axes, 0.12)
