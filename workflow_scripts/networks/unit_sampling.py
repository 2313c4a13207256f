"""Which units of a layer are read, or which random sums of them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from workflow_scripts.common.random_streams import generator

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Units = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Channel, row and column of each unit of a layer."""


@dataclass(frozen=True, eq=False)
class Projection:
    """Sparse random sums of all units of a layer.

    Attributes
    ----------
    weights : scipy.sparse.csr_array, shape (n_sums, n_units)
    """

    weights: "csr_array"

    @property
    def units(self) -> Units:
        """The number of each sum, in place of a channel; a sum has no position."""
        n_sums = self.weights.shape[0]
        return np.arange(n_sums), np.zeros(n_sums, int), np.zeros(n_sums, int)

    def apply(self, values: np.ndarray) -> np.ndarray:
        """Sums (n, n_sums) of the responses (n, n_units) of all units."""
        sums: np.ndarray = (self.weights @ values.T).T
        return sums


def choose_units(
    shape: tuple[int, ...],
    mode: str,
    positions: int,
    max_per_layer: int,
    generator: np.random.Generator,
) -> Units:
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
    flat = np.arange(prod(shape))
    if mode != "all":
        flat = np.sort(generator.choice(flat, min(max_per_layer, len(flat)), replace=False))
    channel, row, column = np.unravel_index(flat, shape)
    return channel, row, column


def random_projection(n_units: int, n_sums: int, generator: np.random.Generator) -> Projection:
    """Draw a sparse random projection.

    A weight is zero but for a share ``1 / sqrt(n_units)``, and then ``±sqrt(sqrt(n_units) /
    n_sums)`` with equal probability, so that the mean of a squared distance is the same before and
    after the projection (Li et al. 2006, doi:10.1145/1150402.1150436, after Achlioptas 2003).

    Parameters
    ----------
    n_units : int
        Number of units of the layer.
    n_sums : int
    generator : numpy.random.Generator

    Returns
    -------
    Projection
    """
    # Imported here: most jobs do not project, and it takes longer than they take to choose units.
    from scipy.sparse import csr_array
    from sklearn.random_projection import SparseRandomProjection

    seed = int(generator.integers(2**32))
    drawn = SparseRandomProjection(n_sums, random_state=seed).fit(csr_array((1, n_units)))
    return Projection(csr_array(drawn.components_, dtype=np.float32))


def unit_chooser(
    settings: dict[str, Any], seed: int
) -> Callable[[str, tuple[int, ...]], Units | Projection]:
    """Function that says what is read of a layer, from its name and shape.

    Parameters
    ----------
    settings : dict
        ``seed`` (the master seed of the run), ``variant_name``, ``projected`` (whether layers with
        more than ``max_per_layer`` units are projected to as many sums), and ``units``, the other
        arguments of `choose_units`.
    seed : int
        Seed of the network.
    """
    options = settings["units"]

    @cache
    def choose(layer: str, shape: tuple[int, ...]) -> Units | Projection:
        n_sums = options["max_per_layer"]
        if settings["projected"] and prod(shape) > n_sums:
            stream = generator(settings["seed"], "projection", layer)
            return random_projection(prod(shape), n_sums, stream)
        independent = options["mode"] == "random_independent"
        names = [settings["variant_name"], seed] if independent else []
        stream = generator(settings["seed"], "units", *names, layer)
        return choose_units(shape, **options, generator=stream)

    return choose
