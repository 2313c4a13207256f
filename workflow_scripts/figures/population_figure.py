"""Draw the figure of a population: one panel, or several in rows, each with its letter."""

import matplotlib.pyplot as plt
from matplotlib.figure import Figure, SubFigure

from workflow_scripts.figures.composition import Composition, composition
from workflow_scripts.figures.panel import PANELS, PanelData
from workflow_scripts.figures.style import add_footer, settle, style


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
    figure = plt.figure(figsize=content.size, layout="constrained")
    heights = [row.height for row in content.rows]
    # Even a single panel gets a subfigure: labels of axes that belong to the figure itself would
    # reach into the footer.
    bands = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    letters = iter(content.letters)
    for band, row in zip(bands, content.rows, strict=True):
        widths = list(row.widths.values())
        places = band.subfigures(1, len(widths), width_ratios=widths, squeeze=False)[0]
        for place, panel in zip(places, row.widths, strict=True):
            _draw_panel(place, panel, data)
            place.text(0.01, 0.99, next(letters), fontsize=13, weight="bold", va="top")
    add_footer(figure, *filter(None, [f"data: {description}", error_bars(content, data)]))
    if title:
        figure.suptitle(title, fontsize=10, weight="bold")
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


def _draw_panel(place: SubFigure, name: str, data: PanelData) -> None:
    """A panel, or a sentence where the population has nothing to draw."""
    card = PANELS.card(name)
    if data.tables[card.tables[0]][card.value].isna().all():
        text = f"{card.title}:\nnothing was measured"
        place.text(0.5, 0.5, text, ha="center", va="center")
    else:
        PANELS.load(name).draw(place, data)
