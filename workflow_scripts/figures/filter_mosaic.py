"""Filters of a network's first layer, as one image."""

from collections.abc import Mapping

import numpy as np


def filters_of(weights: Mapping[str, np.ndarray]) -> np.ndarray:
    """Filters of the first convolution, the one that reads three colours.

    Parameters
    ----------
    weights : dict of str to numpy.ndarray
        State dict of a network, in the order of its names.

    Returns
    -------
    numpy.ndarray, shape (filter, 3, height, width)
    """
    convolutions = (value for value in weights.values() if value.ndim == 4)
    return next(value for value in convolutions if value.shape[1] == 3)


def filter_mosaic(filters: np.ndarray) -> np.ndarray:
    """Filters as small colour images, side by side in an array that is about as high as wide.

    Each is divided by its largest absolute weight, so that grey (0.5) is zero, and 0 and 1 are the
    largest negative and positive weights. White lines lie between filters.

    Parameters
    ----------
    filters : numpy.ndarray, shape (filter, 3, height, width)

    Returns
    -------
    numpy.ndarray, shape (y, x, 3)
        Values from 0 to 1.
    """
    n, _, height, width = filters.shape
    largest = np.abs(filters).max(axis=(1, 2, 3), keepdims=True)
    # A filter without any weight is grey.
    images = 0.5 + 0.5 * filters / np.where(largest == 0, 1, largest)
    n_columns = int(np.ceil(np.sqrt(n)))
    n_rows = -(-n // n_columns)
    mosaic = np.ones((n_rows * (height + 1) - 1, n_columns * (width + 1) - 1, 3))
    for number, image in enumerate(images):
        y, x = np.multiply(divmod(number, n_columns), (height + 1, width + 1))
        mosaic[y : y + height, x : x + width] = image.transpose(1, 2, 0)
    return mosaic
