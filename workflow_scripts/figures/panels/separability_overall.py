"""Separability of the candidate models, both directions together."""

from matplotlib.figure import SubFigure

from workflow_scripts.figures.bars import SEPARABILITY, mean_separability, method_bars, present
from workflow_scripts.figures.panel import Card, PanelData

CARD = Card(
    title="Separability, both directions",
    caption="Separability of the candidate models, mean of the two directions.",
    tables=("separability",),
    value="separability",
    populations=("brain",),
    size=(4.5, 4.2),
    error_bars="areas",
)


def draw(figure: SubFigure, data: PanelData) -> None:
    """One bar per method."""
    table = mean_separability(data)
    table = table[table["direction"] == "both"]
    axes = figure.subplots()
    method_bars(axes, table, "separability", present(table, data.methods, CARD.value))
    axes.set(ylabel=SEPARABILITY, title=CARD.title)
