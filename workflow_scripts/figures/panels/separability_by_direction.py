"""Separability of the candidate models, for each direction of the map."""

import numpy as np
from matplotlib.figure import SubFigure

from workflow_scripts.figures.bars import (
    DIRECTION_NAMES,
    SEPARABILITY,
    end_axis,
    grouped_bars,
    legend_below,
    mean_separability,
    present,
)
from workflow_scripts.figures.panel import Card, PanelData

CARD = Card(
    title="Separability by direction",
    caption="How far apart the candidate models lie in their similarity to the brain: mean "
    "absolute difference in score over pairs of models, then over areas, for maps from models to "
    "the brain and from the brain to models. Intervals are cut at 0.",
    tables=("separability",),
    value="separability",
    populations=("brain",),
    size=(6.0, 4.4),
    intervals=True,
)


def draw(figure: SubFigure, data: PanelData) -> None:
    """For each direction a bar per method."""
    table = mean_separability(data)
    axes = figure.subplots()
    methods = present(table, data.methods, CARD.value)
    grouped_bars(axes, table, list(DIRECTION_NAMES), "direction", "separability", methods)
    end_axis(axes, 0, np.inf)
    axes.set_xticks(range(len(DIRECTION_NAMES)), list(DIRECTION_NAMES.values()))
    axes.set(xlabel="direction of the map", ylabel=SEPARABILITY, title=CARD.title)
    legend_below(axes, 0.22)
