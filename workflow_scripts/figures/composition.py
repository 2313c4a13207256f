"""Which panels a figure consists of: one panel, or several in rows, lettered as they are read.

What the rules must know of a figure is taken from the cards of its panels; nothing is drawn here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from string import ascii_uppercase

from workflow_scripts.figures.panel import PANELS, Card


@dataclass(frozen=True)
class Row:
    """Height of a row, and the width of each of its panels from left to right, in inches."""

    height: float
    widths: dict[str, float]


@dataclass(frozen=True)
class Composition:
    """One figure: a title for lists of figures, and its rows from top to bottom."""

    title: str
    rows: tuple[Row, ...]

    @property
    def panels(self) -> list[str]:
        """Names of the panels in reading order."""
        return [panel for row in self.rows for panel in row.widths]

    @property
    def cards(self) -> list[Card]:
        """Cards of the panels in reading order."""
        return [PANELS.card(panel) for panel in self.panels]

    @property
    def letters(self) -> list[str]:
        """Letter of each panel; empty where a panel is alone."""
        return list(ascii_uppercase[: len(self.panels)]) if len(self.panels) > 1 else [""]

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        return sum(self.rows[0].widths.values()), sum(row.height for row in self.rows)

    def is_for(self, kinds: Iterable[str]) -> bool:
        """Whether all its panels are drawn for a population that is of these kinds."""
        return all(set(card.populations) & set(kinds) for card in self.cards)

    @property
    def tables(self) -> list[str]:
        """Metrics whose tables the figure is drawn from."""
        return list(dict.fromkeys(table for card in self.cards for table in card.tables))

    @property
    def scores(self) -> list[str]:
        """Tables of scores from which it draws the values of single subjects."""
        return list(dict.fromkeys(card.subjects for card in self.cards if card.subjects))

    @property
    def needs(self) -> list[str]:
        """Keys of a brain's configuration without which the figure cannot be drawn."""
        return list(dict.fromkeys(card.needs for card in self.cards if card.needs))


COMPOSITIONS = {
    "figure_1": Composition(
        "Predictivity and specificity",
        (
            Row(3.4, {"model_plane": 3.3, "model_predictivity": 4.2}),
            Row(3.3, {"profile_map": 7.5}),
            Row(2.9, {"specificity": 7.5}),
        ),
    ),
    "figure_2": Composition(
        "Predictivity and separability",
        (
            Row(3.4, {"brain_plane": 3.3, "brain_predictivity": 4.2}),
            Row(3.4, {"model_choice": 7.5}),
            Row(2.8, {"specificity": 7.5}),
        ),
    ),
    "figure_2_pairs": Composition(
        "Predictivity and specificity",
        (
            Row(3.4, {"model_plane": 3.3, "brain_predictivity": 4.2}),
            Row(3.3, {"profile_map": 7.5}),
            Row(2.9, {"specificity": 7.5}),
        ),
    ),
    "figure_3": Composition(
        "Recovery of the true model",
        (Row(3.8, {"recovery": 7.5}), Row(3.0, {"recovery_margin": 7.5})),
    ),
}


def composition(figure: str) -> Composition:
    """A composed figure, or a panel as a figure of its own, by its name."""
    if figure in COMPOSITIONS:
        return COMPOSITIONS[figure]
    card = PANELS.card(figure)
    width, height = card.size
    return Composition(card.title, (Row(height, {figure: width}),))


def figures(kinds: Iterable[str]) -> list[str]:
    """Names of all figures of a population that is of these kinds."""
    return [name for name in (*COMPOSITIONS, *PANELS.names()) if composition(name).is_for(kinds)]
