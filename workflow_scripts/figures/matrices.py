"""What panels of matrices share: one matrix per method, side by side and in rows."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis, XAxis
from matplotlib.figure import SubFigure

from workflow_scripts.figures.style import SMALL

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
    axes = figure.subplots(n_rows, n_columns, sharex=True, sharey=True, squeeze=False).ravel()
    for empty in axes[n_matrices:]:
        empty.set_axis_off()
    for lowest in axes[n_matrices - n_columns : n_matrices]:
        lowest.tick_params(labelbottom=True)
    return list(axes[:n_matrices])


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
    axis.set_ticks(range(0, len(names), step), names[::step], fontsize=SMALL)
    if isinstance(axis, XAxis):
        axis.set_tick_params(rotation=90)


def write_numbers(
    axes: Axes, texts: np.ndarray, is_dark: np.ndarray, *, upwards: bool = False
) -> None:
    """Text of each cell of a matrix, white where the cell is dark."""
    for (row, column), text in np.ndenumerate(texts):
        colour = "white" if is_dark[row, column] else "black"
        axes.text(
            *(column, row, text),
            ha="center",
            va="center",
            color=colour,
            size=SMALL,
            rotation=90 if upwards else 0,
        )
