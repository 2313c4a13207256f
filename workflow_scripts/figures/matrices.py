"""What panels of matrices share: one matrix per method, side by side and in rows."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis, XAxis
from matplotlib.figure import SubFigure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from workflow_scripts.figures.style import SMALL, shortened

WIDTH = 450
"""Width in points of a page without the scale of colours and the names of axes."""

TITLE_SIZE = 7.5
"""Size of a matrix's title in points."""

GAP = 2
"""Least distance of two titles in points, in addition to the space that their widths include."""

SPACING = 1.15
"""Least distance of two names in units of their size."""


def grid(figure: SubFigure, n_matrices: int, n_columns: int) -> list[Axes]:
    """Axes for matrices of the same size, whose names stand once for each row and column of them.

    Parameters
    ----------
    figure : matplotlib.figure.SubFigure
    n_matrices, n_columns : int

    Returns
    -------
    list of matplotlib.axes.Axes, length n_matrices
    """
    n_rows = -(-n_matrices // n_columns)
    # Their limits are equal without sharing, which costs more time the more axes there are.
    axes = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    for one in axes:
        one.label_outer()
    for empty in axes[n_matrices:]:
        empty.set_axis_off()
    for lowest in axes[n_matrices - n_columns : n_matrices]:
        lowest.tick_params(labelbottom=True)
    return list(axes[:n_matrices])


def columns(titles: Sequence[str], row_names: Sequence[str]) -> int:
    """How many matrices have room side by side for their titles, next to the names of rows."""
    lines = [line for title in titles for line in title.split("\n")]
    room = WIDTH - _width(shortened(row_names), SMALL)
    return max(1, int(room / (_width(lines, TITLE_SIZE) + GAP)))


def _width(texts: Sequence[str], size: float) -> float:
    """Width of the widest text in points."""
    font = FontProperties(size=size)
    measure = text_to_path.get_text_width_height_descent
    return max(float(measure(text, font, ismath=False)[0]) for text in texts)


def name_cells(axis: Axis, names: Sequence[str], length: float) -> None:
    """Name the rows or columns of a matrix: all, or every second, third ... if there is no room.

    Parameters
    ----------
    axis : matplotlib.axis.Axis
        Names of columns are turned.
    names : sequence of str
    length : float
        Length of the axis in points.
    """
    step = max(1, int(np.ceil(len(names) * SMALL * SPACING / length)))
    axis.set_ticks(range(0, len(names), step), shortened(names)[::step], fontsize=SMALL)
    if isinstance(axis, XAxis):
        axis.set_tick_params(rotation=90)


def write_numbers(
    axes: Axes, texts: np.ndarray, is_dark: np.ndarray, *, upwards: bool = False
) -> None:
    """Text of each cell of a matrix that has one, white where the cell is dark."""
    for row, column in np.argwhere(texts != ""):
        colour = "white" if is_dark[row, column] else "black"
        axes.text(
            *(column, row, texts[row, column]),
            ha="center",
            va="center",
            color=colour,
            size=SMALL,
            rotation=90 if upwards else 0,
        )
