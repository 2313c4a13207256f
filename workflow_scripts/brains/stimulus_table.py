"""Table of a brain's stimuli, which says which of them take part; jobs read no other list."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from workflow_scripts.brains.stimuli import Stimulus, group_of, natural_order, shared_stimuli
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike, read_table
from workflow_scripts.common.stimuli import Stimuli


def stimulus_table(
    seen: Mapping[str, np.ndarray], listed: Mapping[str, Stimulus] | None, brain: str
) -> pd.DataFrame:
    """Every stimulus that a subject saw, and whether it takes part.

    Parameters
    ----------
    seen : dict of str to numpy.ndarray of str
        Stimuli of each subject.
    listed : dict of str to Stimulus, or None
        The brain's list of stimuli.
    brain : str
        Name of the brain in the configuration.

    Returns
    -------
    pandas.DataFrame
        One row per stimulus, as results/README.md describes its columns.

    Raises
    ------
    InputError
        If too few stimuli take part.
    """
    used = set(shared_stimuli(seen, listed, f"config brains.{brain}"))
    names, counts = np.unique(np.concatenate(list(seen.values())), return_counts=True)
    n_subjects = dict(zip(names.tolist(), counts.tolist(), strict=True))
    rows = []
    for name in natural_order(n_subjects):
        stimulus = group_of(name, listed if listed is None or name in listed else None)
        rows.append((name, stimulus.group, stimulus.split, n_subjects[name], name in used))
    table = pd.DataFrame(rows, columns=["stimulus", "group", "split", "n_subjects", "takes_part"])
    table.insert(0, "brain", brain)
    return table


def read_stimuli(path: PathLike) -> Stimuli:
    """The stimuli that take part, from the table of `stimulus_table`."""
    table = read_table(path)
    table = table[table["takes_part"]]
    # A column without a value is read as numbers.
    split = table["split"].astype(object).fillna("")
    return Stimuli(
        table["stimulus"].to_numpy(str),
        table["group"].to_numpy(str),
        (split == "test").to_numpy() if (split != "").any() else None,
    )


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
