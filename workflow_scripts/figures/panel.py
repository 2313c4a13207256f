"""The gallery of panels: one file of `panels` is one panel of a figure."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from workflow_scripts.common.cards import PACKAGE, Gallery

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import SubFigure


@dataclass(frozen=True)
class Card:
    """What a panel says about itself.

    Attributes
    ----------
    title : str
        What the panel shows, in a few words, for lists of figures.
    caption : str
        One sentence or more that say what is drawn, without the data that it is drawn from.
    tables : tuple of str
        Metrics whose tables the panel reads.
    value : str
        Column of these tables that is drawn; without a value in it there is nothing to draw.
    populations : tuple of str
        Kinds of populations that the panel is drawn for: ``networks``, ``brain``, and ``pairs`` for
        a brain whose subjects are compared in pairs.
    size : tuple of float
        Width and height in inches, where the panel is a figure of its own.
    error_bars : str or None
        What its intervals are drawn over: subjects or areas. None if it draws no interval.
    needs : str or None
        Key of a brain's configuration without which there is nothing to draw.
    """

    title: str
    caption: str
    tables: tuple[str, ...]
    value: str
    populations: tuple[Literal["networks", "brain", "pairs"], ...]
    size: tuple[float, float]
    error_bars: str | None = None
    needs: str | None = None


@dataclass(frozen=True)
class MethodLook:
    """How a method is named and coloured in every panel; `name` is its name in tables."""

    name: str
    label: str
    colour: str


@dataclass(frozen=True, eq=False)
class PanelData:
    """What a panel is drawn from.

    Attributes
    ----------
    tables : dict of str to pandas.DataFrame
        Table of each metric, with the rows of one population only.
    methods : list of MethodLook
        Methods of the configuration, in its order; a table need not have all of them.
    parts : list of str
        Layers from the image upwards, or areas in the order of the configuration.
    """

    tables: "dict[str, pd.DataFrame]"
    methods: list[MethodLook]
    parts: list[str]


class Panel(Protocol):
    """What every file of `panels` has."""

    CARD: Card

    def draw(self, figure: "SubFigure", data: PanelData) -> None:
        """Draw into a part of a figure, which may be of any size."""


PANELS = Gallery(PACKAGE / "figures/panels", Card, "draw")
