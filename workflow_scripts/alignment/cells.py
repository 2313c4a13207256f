"""Which source and target profiles each shard compares."""

from collections.abc import Mapping, Sequence
from itertools import product

from workflow_scripts.common.profile import AnyProfile, Pool, Profile

Cell = tuple[AnyProfile, Profile]
"""A source and a target; cells with equal sources hold the same object."""

DIRECTIONS = ("model_to_brain", "brain_to_model")
"""Comparisons of a model and a brain: which of them is the source, and which the target."""


MAX_SUBJECT_GROUPS = 6
"""Most groups of a brain's subjects that are left out in turn, out of the targets and out of the
pools. Each takes another fit of every pool; tests/benchmarks/coverage.py says how the intervals
cover with 4 to 10 groups."""


def subject_groups(subjects: Sequence[Mapping[str, Profile]]) -> list[list[str]]:
    """Names of a brain's subjects, dealt into at most `MAX_SUBJECT_GROUPS` groups in turn."""
    names = [next(iter(areas.values())).subject for areas in subjects]
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
