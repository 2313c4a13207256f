"""Which source and target profiles each shard compares."""

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np

from workflow_scripts.common.profile import AnyProfile, Pool, Profile

Cell = tuple[AnyProfile, Profile]
"""A source and a target; cells with equal sources hold the same object."""

DIRECTIONS = ("model_to_brain", "brain_to_model")
"""Comparisons of a model and a brain: which of them is the source, and which the target."""


MAX_SUBJECT_GROUPS = 6
"""Most groups of a brain's subjects that are left out in turn, out of the targets and out of the
pools. Each takes another fit of every pool; tests/benchmarks/interval_coverage.py says how the
intervals cover with 4 to 10 groups."""


def subject_groups(subjects: Sequence[Mapping[str, Profile]]) -> list[list[str]]:
    """Names of a brain's subjects, dealt into at most `MAX_SUBJECT_GROUPS` groups in turn."""
    names = [_name(subject) for subject in subjects]
    n_groups = min(len(names), MAX_SUBJECT_GROUPS)
    return [names[start::n_groups] for start in range(n_groups)]


def network_cells(
    sources: Sequence[Sequence[Profile]], targets: Sequence[Sequence[Profile]]
) -> list[Cell]:
    """Cells of the last network with itself and, in both directions, with each one before it.

    Parameters
    ----------
    sources, targets : list of list of Profile
        Layers of each network, the shard's own network last, at the method's source stage and
        target stage.

    Returns
    -------
    list of tuple of Profile
        Without pairs of a layer and itself.
    """
    cells: list[Cell] = [
        (source, target)
        for source, target in product(sources[-1], targets[-1])
        if source.part != target.part
    ]
    for earlier_sources, earlier_targets in zip(sources[:-1], targets[:-1], strict=True):
        cells += product(sources[-1], earlier_targets)
        cells += product(earlier_sources, targets[-1])
    return cells


def pooled_cells(subjects: Sequence[Mapping[str, Profile]], source_area: str) -> list[Cell]:
    """Cells to the areas of each subject from one area, pooled over all other subjects.

    Parameters
    ----------
    subjects : list of dict of str to Profile
        Areas of each subject.
    source_area : str

    Returns
    -------
    list of tuple of Profile
    """
    cells: list[Cell] = []
    for subject in subjects:
        others = [other[source_area] for other in subjects if other is not subject]
        source = Pool(others, source_area)
        cells += [(source, target) for target in subject.values()]
    return cells


def pair_cells(subjects: Sequence[Mapping[str, Profile]], source_area: str) -> list[Cell]:
    """Cells from one area of each subject to the areas of every other, and to its own others.

    These are the cells of a population of networks, from which a silhouette can be computed.

    Parameters
    ----------
    subjects : list of dict of str to Profile
        Areas of each subject.
    source_area : str

    Returns
    -------
    list of tuple of Profile
        Without pairs of an area and itself.
    """
    return [
        (source[source_area], target)
        for source, other in product(subjects, subjects)
        for target in other.values()
        if target is not source[source_area]
    ]


def group_cells(
    subjects: Sequence[Mapping[str, Profile]],
    source_area: str,
    n_groups: int,
    generators: Sequence[np.random.Generator],
) -> list[Cell]:
    """Cells of `pair_cells` among the pseudo-subjects of several random groupings.

    Parameters
    ----------
    subjects : list of dict of str to Profile
        Areas of each subject.
    source_area : str
    n_groups : int
        Number of pseudo-subjects of a grouping.
    generators : list of numpy.random.Generator
        One for each grouping. Groupings are called ``grouping_1``, ``grouping_2``, ...

    Returns
    -------
    list of tuple of Profile
        Without pairs of different groupings, whose pseudo-subjects share subjects.
    """
    return [
        cell
        for number, generator in enumerate(generators, start=1)
        for cell in pair_cells(
            pseudo_subjects(subjects, n_groups, f"grouping_{number}", generator), source_area
        )
    ]


def pseudo_subjects(
    subjects: Sequence[Mapping[str, Profile]],
    n_groups: int,
    grouping: str,
    generator: np.random.Generator,
) -> list[dict[str, Profile]]:
    """Subjects dealt at random into disjoint groups, the units of each group side by side.

    The order of the subjects has no influence.

    Parameters
    ----------
    subjects : list of dict of str to Profile
        Areas of each subject.
    n_groups : int
        No two groups differ by more than one subject.
    grouping : str
        Name of this grouping; the pseudo-subjects are called ``<grouping>/<number from 1>``.
    generator : numpy.random.Generator

    Returns
    -------
    list of dict of str to Profile
        Areas of each pseudo-subject.
    """
    dealt = generator.permutation(len(subjects))
    by_name = sorted(subjects, key=_name)
    return [
        {
            area: _side_by_side(f"{grouping}/{number + 1}", [by_name[i][area] for i in members])
            for area in subjects[0]
        }
        for number in range(n_groups)
        for members in [sorted(dealt[number::n_groups])]
    ]


def _side_by_side(subject: str, members: Sequence[Profile]) -> Profile:
    """Units of several subjects' profiles of one part, as those of one subject."""
    pool = Pool(members, members[0].part)
    return Profile(subject, pool.part, pool.values, pool.trials)


def _name(subject: Mapping[str, Profile]) -> str:
    """Name of a subject, which all its profiles have."""
    return next(iter(subject.values())).subject


def direction_cells(
    direction: str, layers: Sequence[Profile], subjects: Sequence[Mapping[str, Profile]]
) -> list[Cell]:
    """Cells between one model and a brain, in one direction.

    Parameters
    ----------
    direction : {"model_to_brain", "brain_to_model"}
        To each subject's areas from each layer, or to each layer from each area, pooled over
        subjects.
    layers : list of Profile
    subjects : list of dict of str to Profile
        Areas of each subject.

    Returns
    -------
    list of tuple of Profile

    Raises
    ------
    ValueError
        If there is no such direction.
    """
    if direction == "model_to_brain":
        return list(product(layers, [area for subject in subjects for area in subject.values()]))
    if direction == "brain_to_model":
        pooled = [Pool([subject[area] for subject in subjects], area) for area in subjects[0]]
        return list(product(pooled, layers))
    raise ValueError(f"direction is {direction!r}, expected {' or '.join(DIRECTIONS)}")
