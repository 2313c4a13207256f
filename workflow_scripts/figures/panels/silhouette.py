"""Specificity between subjects: silhouette of the profiles, clustered by layer or area."""

from matplotlib.figure import SubFigure

from workflow_scripts.figures.bars import method_bars, present
from workflow_scripts.figures.panel import Card, PanelData

CARD = Card(
    title="Silhouette",
    caption="Silhouette of the profiles with their layer or area as the cluster: 1 where the "
    "profiles of one lie together and apart from those of the others.",
    tables=("silhouette",),
    value="silhouette",
    populations=("networks", "pairs"),
    size=(4.5, 4.2),
    intervals=True,
)


def draw(figure: SubFigure, data: PanelData) -> None:
    """One bar per method, with the options that the configuration has chosen."""
    table = data.tables["silhouette"]
    table = table[table["default"]]
    axes = figure.subplots()
    method_bars(axes, table, "silhouette", present(table, data.methods, CARD.value))
    axes.set(ylabel="silhouette (−1 to 1)", title="Specificity")
