"""Which units of a layer are read."""

import numpy as np


def choose_units(shape, mode, positions, max_units, generator):
    """Units of a layer to keep.

    Parameters
    ----------
    shape : tuple of int
        (channels, rows, columns) of the layer; a fully connected layer is (units, 1, 1).
    mode : {"hypercolumn", "random_same_index", "random_independent", "all"}
        ``hypercolumn``: all channels at the same central positions in every network, capped by
        leaving out the last channels, which have no order. The random modes draw from all units;
        they differ only in the generator that the caller passes, one for all networks or one
        for each.
    positions : int
        Side of the central square of positions of a hypercolumn; a layer that is smaller is
        taken whole.
    max_units : int
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
        kept = min(channels, max(1, max_units // (side_rows * side_columns)))
        grid = np.mgrid[:kept, top : top + side_rows, left : left + side_columns]
        return tuple(grid.reshape(3, -1))
    flat = np.arange(np.prod(shape))
    if mode != "all":
        flat = np.sort(generator.choice(flat, min(max_units, len(flat)), replace=False))
    return np.unravel_index(flat, shape)
