"""Specificity between subjects: silhouette of the profiles, clustered by layer or area."""

from matplotlib.figure import SubFigure

from workflow_scripts.figures.bars import method_bars, number_of_subjects, present
from workflow_scripts.figures.panel import Card, PanelData
from workflow_scripts.figures.subject_values import silhouette_of_subjects

CARD = Card(
    title="Silhouette",
    caption="Silhouette of the profiles with their layer or area as the cluster: 1 where the "
    "profiles of one lie together and apart from those of the others. Small points are single "
    "subjects, mean over their profiles.",
    tables=("silhouette",),
    value="silhouette",
    populations=("networks", "pairs"),
    size=(3.6, 3.4),
    intervals=True,
    subjects="scores",
)


def draw(figure: SubFigure, data: PanelData) -> None:
    """One bar per method, with the options that the configuration has chosen."""
    table = data.tables["silhouette"]
    table = table[table["default"]]
    axes = figure.subplots()
    points = silhouette_of_subjects(data)
    method_bars(figure, axes, table, "silhouette", present(table, data.methods, CARD.value), points)
    title = f"Specificity\n{number_of_subjects(data, points)}"
    axes.set(ylabel="silhouette (−1 to 1)", title=title)
