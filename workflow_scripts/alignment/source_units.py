"""Sources of at most so many units, so that scores from different sources can be compared.

A source of more units predicts better. With as many as the smallest source has, a layer of a model
and an area of a brain have equal numbers.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from workflow_scripts.alignment.cells import Cell
from workflow_scripts.common.profile import AnyProfile, Pool, Profile
from workflow_scripts.common.random_streams import generator


def limit_sources(cells: Sequence[Cell], max_units: int, seed: int) -> list[Cell]:
    """The same cells, whose sources have at most this many units; equal ones stay one object.

    Parameters
    ----------
    cells : list of tuple of Profile
        Source and target of each cell.
    max_units : int
    seed : int
        Master seed.
    """
    sources = {id(source): source for source, _ in cells}
    limited = {key: limit_units(source, max_units, seed) for key, source in sources.items()}
    return [(limited[id(source)], target) for source, target in cells]


def limit_units(profile: AnyProfile, max_units: int, seed: int) -> AnyProfile:
    """The same profile with at most this many units, in their order.

    Each unit draws a lot by the names of its subject and part, and those with the lowest stay. So
    all methods and jobs choose the same units. A pool without some of its subjects keeps those
    that were chosen from the others, and no more.

    Parameters
    ----------
    profile : Profile or Pool
    max_units : int
    seed : int
        Master seed of the lots.

    Returns
    -------
    Profile or Pool
        The same object if it has no more units.
    """
    if profile.n_units <= max_units:
        return profile
    members = profile.members if isinstance(profile, Pool) else [profile]
    lots = [
        generator(seed, "source_units", member.subject, member.part).random(member.n_units)
        for member in members
    ]
    highest = np.sort(np.concatenate(lots))[max_units - 1]
    chosen = [
        _cut(member, of_member <= highest) for member, of_member in zip(members, lots, strict=True)
    ]
    return replace(profile, members=chosen) if isinstance(profile, Pool) else chosen[0]


def _cut(profile: Profile, units: np.ndarray) -> Profile:
    """Some units of a profile, given by a bool for each."""
    trials, start = [], 0
    for block in profile.trials:
        stop = start + block.responses.shape[2]
        trials.append(replace(block, responses=block.responses[..., units[start:stop]]))
        start = stop
    return replace(profile, values=profile.values[:, units], trials=tuple(trials))
