"""The gallery of panels: one file of `panels` is one panel of a figure."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

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
        Metrics whose tables the panel reads, or ``claims``.
    value : str
        Column of the first of them that is drawn; without a value in it there is nothing to draw.
    populations : tuple of str
        Kinds of populations that the panel is drawn for: ``networks``, ``brain``, ``pairs`` for a
        brain whose subjects are compared in pairs, and ``simulated_brains`` for all brains together
        that are simulated from a network of a candidate's variant.
    size : tuple of float
        Width and height in inches, where the panel is a figure of its own.
    intervals : bool
        Whether it draws the intervals of its first table.
    needs : str or None
        Key of a brain's configuration without which there is nothing to draw.
    grid : tuple of int
        Where every method has a matrix, a map, a line or an entry of the legend: how many stand in
        a row, and how many rows have room in `size`. With more, the panel is higher in proportion.
    controls : bool
        Whether controls are drawn, where other methods are.
    subjects : str or None
        Table of scores from which it draws the values of single subjects, if it does.
    """

    title: str
    caption: str
    tables: tuple[str, ...]
    value: str
    populations: tuple[Literal["networks", "brain", "pairs", "simulated_brains"], ...]
    size: tuple[float, float]
    intervals: bool = False
    needs: str | None = None
    grid: tuple[int, int] = (1, 0)
    controls: bool = True
    subjects: Literal["scores", "split_scores"] | None = None


@dataclass(frozen=True)
class MethodLook:
    """How a method is named and coloured in every panel; `name` is its name in tables.

    A `control` is no method to choose from: panels of bars draw it as a grey line behind the bars.
    """

    name: str
    label: str
    colour: str
    control: bool = False


@dataclass(frozen=True, eq=False)
class PanelData:
    """What a panel is drawn from.

    Attributes
    ----------
    tables : dict of str to pandas.DataFrame
        Table of each metric, with the rows of one population only, or of all simulated brains.
    methods : list of MethodLook
        Methods of the configuration, in its order; a table need not have all of them.
    parts : list of str
        Layers from the image upwards, or areas in the order of the configuration.
    truths : dict of str to str
        Variant of the network from which each brain is simulated, for all simulated brains.
    scores : dict of str to pandas.DataFrame
        Tables of scores that cards ask for, with the rows of all comparisons of the population.
    parameters : dict of str to dict
        Of each metric, as the configuration gives them.
    """

    tables: "dict[str, pd.DataFrame]"
    methods: list[MethodLook]
    parts: list[str]
    truths: dict[str, str] = field(default_factory=dict)
    scores: "dict[str, pd.DataFrame]" = field(default_factory=dict)
    parameters: dict[str, dict[str, Any]] = field(default_factory=dict)


class Panel(Protocol):
    """What every file of `panels` has."""

    CARD: Card

    def draw(self, figure: "SubFigure", data: PanelData) -> None:
        """Draw into a part of a figure, which may be of any size."""


PANELS = Gallery(PACKAGE / "figures/panels", Card, "draw")
