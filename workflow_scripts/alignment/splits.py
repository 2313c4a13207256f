"""Divisions of the stimuli into training and test stimuli, the same for every method and pair."""

import math
from typing import TYPE_CHECKING, TypeAlias

from workflow_scripts.common.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from workflow_scripts.common.stimuli import Stimuli

Split: TypeAlias = "tuple[np.ndarray, np.ndarray]"
"""Indices of the training stimuli, and of the test stimuli."""


def count_training(n_stimuli: int, train_fraction: float) -> int:
    """Number of training stimuli, or groups of them: this share of all, rounded up."""
    return math.ceil(train_fraction * n_stimuli)


def make_splits(
    stimuli: "Stimuli", n_splits: int, train_fraction: float, generator: "np.random.Generator"
) -> list[Split]:
    """The division that the data set prescribes, or random divisions.

    Parameters
    ----------
    stimuli : Stimuli
    n_splits : int
        Number of random divisions.
    train_fraction : float
        Share of the groups of stimuli to train on; the count is rounded up.
    generator : numpy.random.Generator

    Returns
    -------
    list of tuple of numpy.ndarray
        Training and test indices of each split. No group is divided between the two.

    Raises
    ------
    InputError
        If fewer than two stimuli are left to train on or to test: no variance could be explained.
    """
    import numpy as np

    if stimuli.is_test is not None:
        splits = [(np.flatnonzero(~stimuli.is_test), np.flatnonzero(stimuli.is_test))]
    else:
        _, first, group = np.unique(stimuli.groups, return_index=True, return_inverse=True)
        # Groups in order of their first stimulus, so that their names do not matter.
        group = np.argsort(np.argsort(first))[group]
        members = [np.flatnonzero(group == number) for number in range(len(first))]
        n_train = count_training(len(members), train_fraction)
        splits = []
        for _ in range(n_splits):
            order = [members[number] for number in generator.permutation(len(members))]
            parts = order[:n_train], order[n_train:]
            train, test = (np.concatenate([*part, np.empty(0, int)]) for part in parts)
            splits.append((train.astype(int), test.astype(int)))
    for train, test in splits:
        if min(len(train), len(test)) < 2:
            raise InputError(
                "the division into training and test stimuli",
                f"{len(train)} and {len(test)} of {len(stimuli.names)} stimuli in "
                f"{len(set(stimuli.groups.tolist()))} groups",
                "at least two of each; config splits.train_fraction or stimuli.csv decides on it",
            )
    return splits
