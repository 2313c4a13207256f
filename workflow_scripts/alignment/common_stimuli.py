"""Stimuli that the subjects of two brains saw."""

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from workflow_scripts.brains.stimuli import shared_stimuli
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.stimuli import Stimuli


def common_stimuli(source: Stimuli, target: Stimuli, place: str) -> Stimuli:
    """Stimuli of both brains, with the groups and the split of the target brain.

    Stimuli that are a group in the source brain are one group here as well, together with all
    others of their groups.

    Parameters
    ----------
    source, target : Stimuli
    place : str
        What to name if there are too few.

    Raises
    ------
    InputError
        If too few stimuli are in both, or a group is on both sides of the prescribed split.
    """
    seen = {"source": source.names.tolist(), "target": target.names.tolist()}
    names = shared_stimuli(seen, None, place)
    rows = [
        [{name: row for row, name in enumerate(of_brain)}[name] for name in names]
        for of_brain in seen.values()
    ]
    groups = _joined(source.groups[rows[0]], target.groups[rows[1]])
    is_test = None if target.is_test is None else target.is_test[rows[1]]
    if is_test is not None:
        divided = np.isin(groups, groups[is_test]) & np.isin(groups, groups[~is_test])
        if divided.any():
            found = f"a prescribed split that divides the group of {names[divided.argmax()]!r}"
            raise InputError(place, found, "groups of both brains that lie on one side of it")
    return Stimuli(np.array(names), groups, is_test)


def _joined(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Groups of stimuli that are connected by either of two ways to group them, as text."""
    _, first_number = np.unique(first, return_inverse=True)
    _, second_number = np.unique(second, return_inverse=True)
    n = first_number.max() + 1
    edges = coo_array(
        (np.ones(len(first)), (first_number, second_number + n)),
        shape=(n + second_number.max() + 1,) * 2,
    )
    _, component = connected_components(edges, directed=False)
    groups: np.ndarray = component[first_number].astype(str)
    return groups
