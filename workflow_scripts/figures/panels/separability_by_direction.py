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
from workflow_scripts.figures.subject_values import separability_of_subjects

CARD = Card(
    title="Separability by direction",
    caption="How far apart the candidate models lie in their similarity to the brain: mean "
    "absolute difference in score over pairs of models, then over areas, for maps from models to "
    "the brain and from the brain to models. Noise alone makes it larger than 0, and larger for "
    "one subject, a small point, than for the mean of all. From the brain to models, the source is "
    "the pool of subjects, and they have no value of their own. Intervals are cut at 0.",
    tables=("separability",),
    value="separability",
    populations=("brain",),
    size=(4.2, 3.4),
    intervals=True,
    grid=(2, 6),
    subjects="split_scores",
)


def draw(figure: SubFigure, data: PanelData) -> None:
    """For each direction a bar per method."""
    table = mean_separability(data)
    axes = figure.subplots()
    methods = present(table, data.methods, CARD.value)
    points = separability_of_subjects(data)
    grouped_bars(axes, table, list(DIRECTION_NAMES), "direction", "separability", methods, points)
    end_axis(axes, 0, np.inf)
    to_brain, to_model = DIRECTION_NAMES.values()
    n = points["subject"].nunique()
    axes.set_xticks([0, 1], [f"{to_brain}\n(n = {n} subjects)", f"{to_model}\n(from their pool)"])
    axes.set(xlabel="direction of the map", ylabel=SEPARABILITY, title=CARD.title)
    legend_below(figure, axes)
