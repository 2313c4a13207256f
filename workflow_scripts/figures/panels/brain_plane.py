"""Predictivity between the subjects of a brain against the separability of candidate models."""

from matplotlib.figure import SubFigure

from workflow_scripts.figures.bars import SEPARABILITY, mean_separability
from workflow_scripts.figures.panel import Card, PanelData
from workflow_scripts.figures.plane import COLUMNS, draw_plane

CARD = Card(
    title="Predictivity and separability",
    caption="Each method by how well it predicts (held-out R² between subjects from the same area, "
    "mean over areas) and by how far apart it places the candidate models (mean absolute "
    "difference in score, both directions, mean over areas). Squares are controls. "
    "Methods that predict no responses stand to the right. Intervals of R² are cut at −1 and 1.",
    tables=("separability", "predictivity"),
    value="separability",
    populations=("brain",),
    size=(4.0, 3.8),
    intervals=True,
    grid=(2, 6),
)


def draw(figure: SubFigure, data: PanelData) -> None:
    """A point for each method."""
    table = mean_separability(data)
    table = table[table["direction"] == "both"].rename(columns={"separability": "value"})
    axes = draw_plane(figure, data, table.set_index("method")[COLUMNS])
    axes.set_ylim(bottom=0)
    axes.set(ylabel=SEPARABILITY)
    axes.set_title(CARD.title, pad=22)
