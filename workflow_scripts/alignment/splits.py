"""Divisions of the stimuli into training and test stimuli, the same for every method and pair."""

import math
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np

Split: TypeAlias = "tuple[np.ndarray, np.ndarray]"
"""Indices of the training stimuli, and of the test stimuli."""


def count_training(n_stimuli: int, train_fraction: float) -> int:
    """Number of training stimuli: this share of all stimuli, rounded up."""
    return math.ceil(train_fraction * n_stimuli)


def make_splits(
    n_stimuli: int, n_splits: int, train_fraction: float, generator: "np.random.Generator"
) -> list[Split]:
    """Random divisions of the stimuli.

    Parameters
    ----------
    n_stimuli : int
    n_splits : int
    train_fraction : float
        Share of the stimuli to train on; the count is rounded up.
    generator : numpy.random.Generator

    Returns
    -------
    list of tuple of numpy.ndarray
        Training and test indices of each split, in random order.

    Raises
    ------
    ValueError
        If fewer than two test stimuli would be left: no variance could be explained.
    """
    n_train = count_training(n_stimuli, train_fraction)
    if n_stimuli - n_train < 2:
        raise ValueError(
            f"train_fraction {train_fraction} of {n_stimuli} stimuli leaves "
            f"{n_stimuli - n_train} for testing, expected at least 2"
        )
    orders = [generator.permutation(n_stimuli) for _ in range(n_splits)]
    return [(order[:n_train], order[n_train:]) for order in orders]
