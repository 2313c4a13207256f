"""Arrays of any library that follows the array API standard: NumPy, or PyTorch on a GPU."""

from typing import Any

import numpy as np
from array_api_compat import array_namespace, is_numpy_array, to_device

Array = Any
"""An array of any such library. The standard does not have a type for it yet."""

CACHE_ELEMENTS = 16_000
"""Elements of a piece that a processor works on at a time: a few arrays of this size, 125 KB each
in double precision, fit into the second-level cache of a core."""

ROUNDING = 2.0**-21
"""Range of a unit, as a share of its largest size, up to which rounding may have made it: four
steps of single precision, in which responses are stored."""


def to_numpy(array: Array) -> np.ndarray:
    """The same values as a NumPy array."""
    return np.asarray(to_device(array, "cpu"))


def varying(X: Array) -> Array:
    """Whether each column of X (n_stimuli, n_units) takes more than one value but for rounding."""
    xp = array_namespace(X)
    lowest, highest = xp.min(X, axis=0), xp.max(X, axis=0)
    largest = xp.maximum(xp.abs(lowest), xp.abs(highest))
    return highest - lowest > ROUNDING * largest


def transposed(matrix: Array) -> Array:
    """Transpose of a matrix, copied so that its rows are contiguous."""
    xp = array_namespace(matrix)
    return xp.reshape(xp.reshape(matrix.T, (-1,)), matrix.T.shape)


def cached_rows(matrix: Array) -> int:
    """How many rows of (..., n_rows, n_columns) to work on at a time.

    A processor is several times faster on pieces that stay in its cache; a GPU takes all at once.
    """
    n_rows, n_columns = matrix.shape[-2:]
    return max(1, CACHE_ELEMENTS // n_columns) if is_numpy_array(matrix) else max(1, n_rows)


def on_device(values: np.ndarray, device: str) -> Array:
    """A NumPy array where a device works on it: as it is on the CPU, as a torch tensor on a GPU."""
    if device == "cpu":
        return values
    import torch

    return torch.as_tensor(values, device=device)
