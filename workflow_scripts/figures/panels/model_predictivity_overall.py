"""Predictivity between networks that differ in their seed, mean over layers."""

from matplotlib.figure import SubFigure

from workflow_scripts.figures.bars import predictivity_overall
from workflow_scripts.figures.panel import Card, PanelData

CARD = Card(
    title="Predictivity, mean over layers",
    caption="Held-out R² between networks that differ in their seed, mean over layers. Small "
    "points are single networks as targets; a triangle marks one that is below the end of the "
    "axis. Intervals are cut at 1 and, unless a bar is lower, at −1.",
    tables=("predictivity",),
    value="predictivity",
    populations=("networks",),
    size=(3.6, 3.4),
    intervals=True,
    subjects="scores",
)


def draw(figure: SubFigure, data: PanelData) -> None:
    """One bar per method."""
    predictivity_overall(figure, data, CARD.title)
