"""Predictivity of each layer between networks that differ in their seed."""

from matplotlib.figure import SubFigure

from workflow_scripts.figures.bars import predictivity_by_part
from workflow_scripts.figures.panel import Card, PanelData

CARD = Card(
    title="Predictivity by layer",
    caption="Held-out R² between networks that differ in their seed, for each layer: median over "
    "units, mean over ordered pairs of seeds. Small points are single networks as targets, mean "
    "over their sources; a triangle marks one that is below the end of the axis. Intervals are cut "
    "at 1 and, unless a bar is lower, at −1.",
    tables=("predictivity",),
    value="predictivity",
    populations=("networks",),
    size=(5.5, 3.4),
    intervals=True,
    grid=(2, 6),
    subjects="scores",
)


def draw(figure: SubFigure, data: PanelData) -> None:
    """For each layer a bar per method."""
    predictivity_by_part(figure, data, "layer", "Same layer, another seed")
