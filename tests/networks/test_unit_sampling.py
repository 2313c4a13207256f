"""Which units of a layer are read, or which random sums of them."""

import numpy as np
import pytest

from workflow_scripts.networks.unit_sampling import (
    Projection,
    choose_units,
    random_projection,
    unit_chooser,
)


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


@pytest.mark.parametrize("mode", ["hypercolumn", "random_same_index", "random_independent", "all"])
@pytest.mark.parametrize("shape", [(1, 1, 1), (7, 1, 1), (768, 1, 1), (768, 14, 14), (3, 1, 2)])
def test_any_number_of_units_can_be_read(shape, mode):
    """A vector, a class token, a map of patches: what is chosen is in the layer, and each once."""
    units = choose_units(shape, mode, 2, 48, np.random.default_rng(0))
    assert len(set(zip(*units, strict=True))) == len(units[0]) > 0
    assert all(index.max() < size for index, size in zip(units, shape, strict=True))
    n_units = np.prod(shape)
    assert len(units[0]) == n_units or mode != "all"
    if mode != "all" and max(shape[1:]) <= 2:
        assert len(units[0]) == min(n_units, 48)


SETTINGS = {
    "seed": 3,
    "variant_name": "theirs",
    "projected": False,
    "units": {"mode": "random_same_index", "positions": 1, "max_per_layer": 20},
}


def test_random_units_are_the_same_in_all_networks_or_in_none():
    def chosen(mode, variant, seed):
        units = {**SETTINGS["units"], "mode": mode}
        choose = unit_chooser({**SETTINGS, "units": units, "variant_name": variant}, seed)
        assert choose("conv1", (9, 5, 5)) is choose("conv1", (9, 5, 5))
        return list(zip(*choose("conv1", (9, 5, 5)), strict=True))

    assert chosen("random_same_index", "a", 0) == chosen("random_same_index", "b", 1)
    assert chosen("random_independent", "a", 0) != chosen("random_independent", "a", 1)
    assert chosen("random_independent", "a", 0) != chosen("random_independent", "b", 0)


def test_only_layers_with_more_units_are_projected():
    choose = unit_chooser({**SETTINGS, "projected": True}, 0)
    assert isinstance(choose("conv1", (9, 5, 5)), Projection)
    assert len(choose("fc", (20, 1, 1))[0]) == 20


def test_a_projection_has_the_weights_of_its_formula():
    """A share of 1 / sqrt(10,000) of the weights, of either sign; the seed decides on all."""
    projection = random_projection(10_000, 200, np.random.default_rng(0))
    weights = projection.weights.toarray()
    assert weights.shape == (200, 10_000)
    assert np.unique(weights) == pytest.approx([-((100 / 200) ** 0.5), 0, (100 / 200) ** 0.5])
    assert (weights != 0).mean() == pytest.approx(0.01, rel=0.05)
    assert (weights > 0).sum() / (weights != 0).sum() == pytest.approx(0.5, abs=0.02)
    again = random_projection(10_000, 200, np.random.default_rng(0)).weights.toarray()
    other = random_projection(10_000, 200, np.random.default_rng(1)).weights.toarray()
    assert np.array_equal(again, weights)
    assert not np.array_equal(other, weights)


def test_sums_keep_distances_and_are_those_of_the_formula():
    values = np.random.default_rng(1).standard_normal((12, 10_000)).astype(np.float32)
    projection = random_projection(10_000, 400, np.random.default_rng(0))
    sums = projection.apply(values)
    np.testing.assert_allclose(sums, values @ projection.weights.toarray().T, rtol=1e-3, atol=1e-3)
    squared = [
        ((a[:, None] - a[None]) ** 2).sum(-1)[np.triu_indices(12, 1)] for a in (sums, values)
    ]
    np.testing.assert_allclose(squared[0] / squared[1], 1, atol=0.35)
