"""Predictivity of each area of a subject from the same area of other subjects."""

from matplotlib.figure import SubFigure

from workflow_scripts.figures.bars import predictivity_by_part
from workflow_scripts.figures.panel import Card, PanelData

CARD = Card(
    title="Predictivity by area",
    caption="Held-out R² of each subject's units, predicted from the same area of other subjects, "
    "pooled or one by one as the configuration says: median over units, mean over subjects. "
    "Small points are single subjects as targets; a triangle marks one that is below the end of "
    "the axis. Intervals are cut at 1 and, unless a bar is lower, at −1.",
    tables=("predictivity",),
    value="predictivity",
    populations=("brain",),
    size=(5.5, 3.4),
    intervals=True,
    grid=(2, 6),
    subjects="scores",
)


def draw(figure: SubFigure, data: PanelData) -> None:
    """For each area a bar per method."""
    predictivity_by_part(figure, data, "area", "From the same area of other subjects")
