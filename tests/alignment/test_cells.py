"""Which profiles a shard compares, by the names of source and target."""

import numpy as np
import pytest

from workflow_scripts.alignment.cells import (
    direction_cells,
    network_cells,
    pair_cells,
    pooled_cells,
)
from workflow_scripts.common.profile import Profile


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
        direction_cells("brain_to_model", network("m"), subjects)[:2],
    ):
        assert cells[0][0] is cells[1][0]


def test_there_is_no_third_direction():
    with pytest.raises(ValueError, match="'both', expected model_to_brain or brain_to_model"):
        direction_cells("both", network("m"), [animal("a")])
