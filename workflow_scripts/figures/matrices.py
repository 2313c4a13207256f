"""What panels of matrices share: one matrix per method, side by side and in rows."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure


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


def write_numbers(axes: Axes, texts: np.ndarray, is_dark: np.ndarray, size: float) -> None:
    """Text of each cell of a matrix, white where the cell is dark."""
    for (row, column), text in np.ndenumerate(texts):
        colour = "white" if is_dark[row, column] else "black"
        axes.text(column, row, text, ha="center", va="center", color=colour, size=size)
