"""Predictivity between the subjects of a brain, mean over areas."""

from matplotlib.figure import SubFigure

from workflow_scripts.figures.bars import predictivity_overall
from workflow_scripts.figures.panel import Card, PanelData

CARD = Card(
    title="Predictivity, mean over areas",
    caption="Held-out R² between subjects, mean over areas. Small points are single subjects as "
    "targets, mean over the areas that they have; a triangle marks one that is below the end of "
    "the axis. Intervals are cut at 1 and, unless a bar is lower, at −1.",
    tables=("predictivity",),
    value="predictivity",
    populations=("brain",),
    size=(3.6, 3.4),
    intervals=True,
    subjects="scores",
)


def draw(figure: SubFigure, data: PanelData) -> None:
    """One bar per method."""
    predictivity_overall(figure, data, CARD.title)
