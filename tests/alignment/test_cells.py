"""Which profiles a shard compares, by the names of source and target."""

import numpy as np
import pytest

from workflow_scripts.alignment.cells import (
    direction_cells,
    group_cells,
    network_cells,
    pair_cells,
    pooled_cells,
    pseudo_subjects,
)
from workflow_scripts.common.profile import Profile, Trials


def network(subject):
    return [Profile(subject, layer, np.zeros((4, 2))) for layer in ("conv1", "conv2")]


def animal(subject, n_units=2):
    return {area: Profile(subject, area, np.zeros((4, n_units))) for area in ("V1", "V4")}


def names(cells):
    """Source and target of each cell as text, with the number of the source's units."""
    return [
        f"{source.subject} {source.part} ({source.values.shape[1]}) "
        f"> {target.subject} {target.part}"
        for source, target in cells
    ]


def test_a_network_meets_its_own_other_layers_and_every_network_before_it():
    networks = [network("a"), network("b")]
    assert names(network_cells(networks[:1], networks[:1])) == [
        "a conv1 (2) > a conv2",
        "a conv2 (2) > a conv1",
    ]
    assert names(network_cells(networks, networks)) == [
        "b conv1 (2) > b conv2",
        "b conv2 (2) > b conv1",
        "b conv1 (2) > a conv1",
        "b conv1 (2) > a conv2",
        "b conv2 (2) > a conv1",
        "b conv2 (2) > a conv2",
        "a conv1 (2) > b conv1",
        "a conv1 (2) > b conv2",
        "a conv2 (2) > b conv1",
        "a conv2 (2) > b conv2",
    ]


def test_sources_and_targets_may_be_of_different_stages():
    pre, post = [network("a"), network("b")], [network("a"), network("b")]
    for source, target in network_cells(pre, post):
        assert any(source is layer for layers in pre for layer in layers)
        assert any(target is layer for layers in post for layer in layers)


def test_an_area_is_pooled_over_all_other_subjects():
    cells = pooled_cells([animal("a", 2), animal("b", 3), animal("c", 4)], "V1")
    assert names(cells) == [
        "pool V1 (7) > a V1",
        "pool V1 (7) > a V4",
        "pool V1 (6) > b V1",
        "pool V1 (6) > b V4",
        "pool V1 (5) > c V1",
        "pool V1 (5) > c V4",
    ]


def test_in_pairs_an_area_meets_those_of_every_other_subject_and_its_own_others():
    cells = pair_cells([animal("a", 2), animal("b", 3)], "V1")
    assert names(cells) == [
        "a V1 (2) > a V4",
        "a V1 (2) > b V1",
        "a V1 (2) > b V4",
        "b V1 (3) > a V1",
        "b V1 (3) > a V4",
        "b V1 (3) > b V4",
    ]


def test_pairs_of_all_areas_are_the_cells_of_networks_with_these_parts():
    subjects = [animal(name) for name in "abc"]
    pairs = [cell for area in ("V1", "V4") for cell in names(pair_cells(subjects, area))]
    layers = [list(subject.values()) for subject in subjects]
    shards = [network_cells(layers[:last], layers[:last]) for last in (1, 2, 3)]
    assert sorted(pairs) == sorted(cell for cells in shards for cell in names(cells))


def numbered(names):
    """Subjects whose units and trials are known by the subject's place in the alphabet."""
    found = []
    for name in names:
        number = float("abcdefghij".index(name))
        trials = (Trials(name, np.full((4, 2, 2), number)),)
        areas = {area: np.full((4, 2), number + i / 2) for i, area in enumerate(("V1", "V4"))}
        found.append({area: Profile(name, area, x, trials) for area, x in areas.items()})
    return found


def members(groups):
    """Names of the subjects of each pseudo-subject, from their trials."""
    return [[block.subject for block in group["V1"].trials] for group in groups]


@pytest.mark.parametrize(("n_subjects", "n_groups"), [(4, 2), (6, 3), (8, 3), (10, 4)])
@pytest.mark.parametrize("seed", range(5))
class TestPseudoSubjects:
    def test_groups_are_disjoint_and_of_all_subjects(self, n_subjects, n_groups, seed):
        subjects = numbered("abcdefghij"[:n_subjects])
        found = pseudo_subjects(subjects, n_groups, "g", np.random.default_rng(seed))
        assert sorted(sum(members(found), [])) == list("abcdefghij"[:n_subjects])
        sizes = [len(group) for group in members(found)]
        assert len(sizes) == n_groups and max(sizes) - min(sizes) <= 1

    def test_units_of_a_group_are_side_by_side(self, n_subjects, n_groups, seed):
        subjects = numbered("abcdefghij"[:n_subjects])
        found = pseudo_subjects(subjects, n_groups, "g", np.random.default_rng(seed))
        for number, (group, names) in enumerate(zip(found, members(found), strict=True), start=1):
            for i, (area, profile) in enumerate(group.items()):
                assert (profile.subject, profile.part) == (f"g/{number}", area)
                assert profile.n_units == 2 * len(names)
                expected = [float("abcdefghij".index(name)) + i / 2 for name in names]
                np.testing.assert_array_equal(profile.values[0], np.repeat(expected, 2))

    def test_the_order_of_the_subjects_does_not_matter(self, n_subjects, n_groups, seed):
        subjects = numbered("abcdefghij"[:n_subjects])
        found, again = (
            members(pseudo_subjects(order, n_groups, "g", np.random.default_rng(seed)))
            for order in (subjects, subjects[::-1])
        )
        assert found == again


def test_groupings_are_drawn_anew():
    subjects = numbered("abcdef")
    drawn = {
        str(members(pseudo_subjects(subjects, 3, "g", np.random.default_rng(seed))))
        for seed in range(20)
    }
    assert len(drawn) > 10


def test_pseudo_subjects_meet_those_of_their_own_grouping_alone():
    subjects = [animal(name) for name in "abcd"]
    generators = [np.random.default_rng(seed) for seed in (0, 1)]
    assert names(group_cells(subjects, "V1", 2, generators)) == [
        f"grouping_{number}/{source} V1 (4) > grouping_{number}/{target} {area}"
        for number in (1, 2)
        for source, target, area in (
            *((1, 1, "V4"), (1, 2, "V1"), (1, 2, "V4")),
            *((2, 1, "V1"), (2, 1, "V4"), (2, 2, "V4")),
        )
    ]


def test_a_model_meets_every_subject_and_is_met_by_the_pool_of_all():
    layers, subjects = network("m"), [animal("a", 2), animal("b", 3)]
    assert names(direction_cells("model_to_brain", layers[:1], subjects)) == [
        "m conv1 (2) > a V1",
        "m conv1 (2) > a V4",
        "m conv1 (2) > b V1",
        "m conv1 (2) > b V4",
    ]
    assert names(direction_cells("brain_to_model", layers, subjects)) == [
        "pool V1 (5) > m conv1",
        "pool V1 (5) > m conv2",
        "pool V4 (5) > m conv1",
        "pool V4 (5) > m conv2",
    ]


def test_equal_sources_are_one_object_so_that_they_are_fitted_once():
    subjects = [animal("a"), animal("b")]
    for cells in (
        pooled_cells(subjects, "V1")[:2],
        pair_cells(subjects, "V1")[:2],
        group_cells([*subjects, animal("c"), animal("d")], "V1", 2, [np.random.default_rng(0)])[:2],
        direction_cells("brain_to_model", network("m"), subjects)[:2],
    ):
        assert cells[0][0] is cells[1][0]


def test_there_is_no_third_direction():
    with pytest.raises(ValueError, match="'both', expected model_to_brain or brain_to_model"):
        direction_cells("both", network("m"), [animal("a")])
