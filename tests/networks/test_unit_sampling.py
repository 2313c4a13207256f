"""Which units of a layer are read."""

import numpy as np

from workflow_scripts.networks.unit_sampling import choose_units


def test_hypercolumn_is_the_same_in_all_networks_and_central():
    channel, row, column = choose_units((8, 5, 5), "hypercolumn", 1, 100, None)
    assert list(channel) == list(range(8))
    assert set(row) == set(column) == {2}
    channel, row, column = choose_units((8, 5, 5), "hypercolumn", 2, 12, None)
    assert len(channel) == 12
    assert set(channel) == {0, 1, 2}
    assert set(row) == set(column) == {1, 2}


def test_random_units_are_distinct_and_capped():
    units = choose_units((4, 3, 3), "random_same_index", 1, 20, np.random.default_rng(0))
    assert len(set(zip(*units, strict=True))) == 20
