"""Which units of a layer are read."""

import numpy as np


def choose_units(
    shape: tuple[int, ...],
    mode: str,
    positions: int,
    max_per_layer: int,
    generator: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Choose the units of a layer that are read.

    Parameters
    ----------
    shape : tuple of int
        (channels, rows, columns) of the layer; a fully connected layer is (units, 1, 1).
    mode : {"hypercolumn", "random_same_index", "random_independent", "all"}
        ``hypercolumn``: all channels at the same central positions in every network, capped by
        leaving out the last channels, which have no order. The random modes draw from all units;
        they differ only in the generator that the caller passes: one for all networks, or one
        for each of them.
    positions : int
        Side of the central square of positions of a hypercolumn; a layer that is smaller is
        taken whole.
    max_per_layer : int
        Largest number of units; ``all`` ignores it.
    generator : numpy.random.Generator
        Used by the random modes.

    Returns
    -------
    channel, row, column : numpy.ndarray of int, each of shape (units,)
    """
    channels, rows, columns = shape
    if mode == "hypercolumn":
        side_rows, side_columns = min(positions, rows), min(positions, columns)
        top, left = (rows - side_rows) // 2, (columns - side_columns) // 2
        kept = min(channels, max(1, max_per_layer // (side_rows * side_columns)))
        grid = np.mgrid[:kept, top : top + side_rows, left : left + side_columns]
        channel, row, column = grid.reshape(3, -1)
        return channel, row, column
    flat = np.arange(np.prod(shape))
    if mode != "all":
        flat = np.sort(generator.choice(flat, min(max_per_layer, len(flat)), replace=False))
    channel, row, column = np.unravel_index(flat, shape)
    return channel, row, column
