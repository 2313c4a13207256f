"""Draw the figure of a population: one panel, or several in rows, each with its letter."""

from dataclasses import replace
from textwrap import fill

import matplotlib.pyplot as plt
from matplotlib.figure import Figure, SubFigure

from workflow_scripts.figures.bars import POINTS, present
from workflow_scripts.figures.composition import Composition, composition
from workflow_scripts.figures.panel import PANELS, Card, PanelData
from workflow_scripts.figures.style import LABEL_WIDTH, add_footer, settle, style

MATRICES = 2
"""Most rows of matrices or maps that a card has room for; more are rows of text."""

SUBJECTS_NOTE = "small points: single subjects, joined by lines"
"""What the footer says of points over bars and in rows."""


def draw(name: str, data: PanelData, description: str, title: str | None = None) -> Figure:
    """One panel, or a composed figure with its panels lettered.

    Parameters
    ----------
    name : str
        A name that `composition` knows.
    data : PanelData
        The tables of all its panels, with the rows of the population that is drawn.
    description : str
        The population in words, for the footer.
    title : str, optional
        What stands above all panels.

    Returns
    -------
    matplotlib.figure.Figure
    """
    style()
    content = composition(name)
    methods = [replace(method, label=fill(method.label, LABEL_WIDTH)) for method in data.methods]
    data = replace(data, methods=methods)
    heights = [
        row.height * max(_growth(panel, data) for panel in row.widths) for row in content.rows
    ]
    figure = plt.figure(figsize=(content.size[0], sum(heights)), layout="constrained")
    # Even a single panel gets a subfigure: labels of axes that belong to the figure itself would
    # reach into the footer.
    bands = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    letters = iter(content.letters)
    for band, row in zip(bands, content.rows, strict=True):
        widths = list(row.widths.values())
        places = band.subfigures(1, len(widths), width_ratios=widths, squeeze=False)[0]
        for place, panel in zip(places, row.widths, strict=True):
            _draw_panel(place, panel, data)
            place.text(0.01, 0.99, next(letters), fontsize=11, weight="bold", va="top")
    lines = [line for axes in figure.axes for line in axes.lines]
    has_points = any(line.get_label() == POINTS["label"] for line in lines)
    points = SUBJECTS_NOTE if has_points else ""
    add_footer(figure, *filter(None, [f"data: {description}", error_bars(content, data), points]))
    if title:
        figure.suptitle(title, fontsize=9, weight="bold")
    settle(figure)
    return figure


def error_bars(content: Composition, data: PanelData) -> str:
    """What the intervals of a figure are over, in words; empty if there are none."""
    over: dict[str, list[str]] = {}
    for letter, card in zip(content.letters, content.cards, strict=True):
        if card.intervals:
            table = data.tables[card.tables[0]]
            drawn = table[table[card.value].notna() & table["ci_low"].notna()]
            found = set(drawn["resampled"])
            if found:
                # Both can be resampled in some rows, and one of them in others.
                words = found.pop() if len(found) == 1 else "subjects, stimuli or both"
                over.setdefault(words, []).append(letter)
    # Letters are named only where the panels of a figure differ.
    named = (
        list(over)
        if len(over) < 2
        else [f"{words} ({', '.join(letters)})" for words, letters in over.items()]
    )
    return f"error bars: 95 % jackknife interval over {'; over '.join(named)}" if named else ""


def _growth(panel: str, data: PanelData) -> float:
    """How many times as high a panel is as for few methods."""
    card = PANELS.card(panel)
    columns, rows = card.grid
    if not rows:
        return 1
    table, methods = data.tables[card.tables[0]], _shown(card, data).methods
    names = [method.label for method in present(table, methods, card.value)]
    n_rows = -(-len(names) // columns)
    if rows > MATRICES and any("\n" in name for name in names):
        n_rows *= 2  # of lines of text
    return max(1, n_rows / rows)


def _draw_panel(place: SubFigure, name: str, data: PanelData) -> None:
    """A panel, or a sentence where the population has nothing to draw."""
    card = PANELS.card(name)
    if data.tables[card.tables[0]][card.value].isna().all():
        text = f"{card.title}:\nnothing was measured"
        place.text(0.5, 0.5, text, ha="center", va="center")
    else:
        PANELS.load(name).draw(place, _shown(card, data))


def _shown(card: Card, data: PanelData) -> PanelData:
    """The data of a panel, without the methods that it leaves out."""
    others = [method for method in data.methods if not method.control]
    return data if card.controls or not others else replace(data, methods=others)
