"""Separability of the candidate models, both directions together."""

import numpy as np
from matplotlib.figure import SubFigure

from workflow_scripts.figures.bars import (
    SEPARABILITY,
    end_axis,
    mean_separability,
    method_bars,
    present,
)
from workflow_scripts.figures.panel import Card, PanelData

CARD = Card(
    title="Separability, both directions",
    caption="Separability of the candidate models, mean of the two directions. Subjects have no "
    "value of their own, as models are predicted from the pool of them. Noise alone makes it "
    "larger than 0. Intervals are cut at 0.",
    tables=("separability",),
    value="separability",
    populations=("brain",),
    size=(3.6, 3.4),
    intervals=True,
)


def draw(figure: SubFigure, data: PanelData) -> None:
    """One bar per method."""
    table = mean_separability(data)
    table = table[table["direction"] == "both"]
    axes = figure.subplots()
    method_bars(figure, axes, table, "separability", present(table, data.methods, CARD.value))
    end_axis(axes, 0, np.inf)
    axes.set(ylabel=SEPARABILITY, title=CARD.title)
