"""Predictivity against specificity between subjects, as a silhouette."""

from matplotlib.figure import SubFigure

from workflow_scripts.figures.panel import Card, PanelData
from workflow_scripts.figures.plane import COLUMNS, draw_plane

CARD = Card(
    title="Predictivity and specificity",
    caption="Each method by how well it predicts (held-out R² between the same parts of two "
    "subjects, mean over parts) and by how well it tells parts apart (silhouette). Open points: "
    "mean silhouette with permuted names of parts, which is chance. Squares are controls. Methods "
    "that predict no responses stand to the right. Intervals of R² are cut at −1 and 1.",
    tables=("specificity", "predictivity"),
    value="value",
    populations=("networks", "pairs"),
    size=(4.0, 3.8),
    intervals=True,
    grid=(2, 6),
)


def draw(figure: SubFigure, data: PanelData) -> None:
    """A point for each method."""
    table = data.tables["specificity"]
    table = table[table["reading"] == "silhouette"].set_index("method")
    axes = draw_plane(figure, data, table[COLUMNS], table["chance"])
    axes.axhline(0, color="0.6", linewidth=0.8, zorder=0)
    axes.set(ylabel="specificity: silhouette (−1 to 1)")
    axes.set_title(CARD.title, pad=22)
