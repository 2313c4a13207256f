"""Separability of the candidate models, for each direction of the map."""

from matplotlib.figure import SubFigure

from workflow_scripts.figures.bars import (
    SEPARABILITY,
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
    "the brain and from the brain to models.",
    tables=("separability",),
    value="separability",
    populations=("brain",),
    size=(6.0, 4.4),
    error_bars="areas",
)

DIRECTIONS = {"model_to_brain": "model to brain", "brain_to_model": "brain to model"}
"""Directions of the table, as the axis names them."""


def draw(figure: SubFigure, data: PanelData) -> None:
    """For each direction a bar per method."""
    table = mean_separability(data)
    axes = figure.subplots()
    methods = present(table, data.methods, CARD.value)
    grouped_bars(axes, table, list(DIRECTIONS), "direction", "separability", methods)
    axes.set_xticks(range(len(DIRECTIONS)), list(DIRECTIONS.values()))
    axes.set(xlabel="direction of the map", ylabel=SEPARABILITY, title=CARD.title)
    legend_below(axes, 0.22)
