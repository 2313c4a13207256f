"""Divisions of the stimuli into training and test stimuli, the same for every method and pair."""

import math
from typing import TYPE_CHECKING, TypeAlias

from workflow_scripts.common.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from workflow_scripts.common.stimuli import Stimuli

Split: TypeAlias = "tuple[np.ndarray, np.ndarray]"
"""Indices of the training stimuli, and of the test stimuli."""


MAX_GROUPS = 20
"""Most jackknife groups: with more, the estimate of a variance hardly changes."""


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
        members = _members(stimuli.groups)
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


def inner_splits(
    stimuli: "Stimuli",
    splits: "Sequence[Split]",
    train_fraction: float,
    generator: "np.random.Generator",
) -> list[Split]:
    """A division of the training stimuli of each split, to make choices without test stimuli.

    Parameters
    ----------
    stimuli : Stimuli
    splits : list of tuple of numpy.ndarray
    train_fraction : float
        Share of the groups of training stimuli to train on; the count is rounded up, but at least
        one group and, if there are three stimuli, two of these are left.
    generator : numpy.random.Generator

    Returns
    -------
    list of tuple of numpy.ndarray
        Indices into all stimuli. No group is divided, unless all training stimuli are one group.
    """
    import numpy as np

    divisions = []
    for train, _ in splits:
        members = _members(stimuli.groups[train])
        if len(members) == 1:
            members = list(np.arange(len(train))[:, None])
        order = [train[members[number]] for number in generator.permutation(len(members))]
        n_train = min(count_training(len(members), train_fraction), len(members) - 1)
        # One stimulus alone has no variance that could be explained.
        while n_train > 1 and sum(map(len, order[n_train:])) < 2:
            n_train -= 1
        divisions.append((np.concatenate(order[:n_train]), np.concatenate(order[n_train:])))
    return divisions


def jackknife_groups(stimuli: "Stimuli", generator: "np.random.Generator") -> "np.ndarray":
    """Number of the jackknife group of each stimulus, shape (n_stimuli,).

    The stimuli are dealt at random, by whole groups, into at most `MAX_GROUPS`. Where test stimuli
    are prescribed, they are dealt first, so that they are in as many groups as possible.
    """
    import numpy as np

    members = _members(stimuli.groups)
    order = generator.permutation(len(members))
    if stimuli.is_test is not None:
        is_training = [not stimuli.is_test[members[number][0]] for number in order]
        order = order[np.argsort(is_training, kind="stable")]
    dealt = np.empty(len(stimuli.names), int)
    for place, number in enumerate(order):
        dealt[members[number]] = place % MAX_GROUPS
    return dealt


def _members(groups: "np.ndarray") -> "list[np.ndarray]":
    """Indices of the stimuli of each group, in order of their first stimulus.

    So the names of the groups do not matter.
    """
    import numpy as np

    _, first, group = np.unique(groups, return_index=True, return_inverse=True)
    group = np.argsort(np.argsort(first))[group]
    return [np.flatnonzero(group == number) for number in range(len(first))]
