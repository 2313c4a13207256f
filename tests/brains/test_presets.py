"""Preset nayebi: which bins are averaged, and which areas and subjects take part."""

import numpy as np
import pytest

from workflow_scripts.brains.presets import bin_edges, fewest_units, longest_run, reliable_rates


def test_bins_are_ten_milliseconds():
    assert bin_edges("nayebi", [0, 0.25]) == pytest.approx(np.arange(26) / 100)
    assert bin_edges("ccn25", [0.04, 0.25]).tolist() == [0.04, 0.25]


@pytest.mark.parametrize(
    ("above", "run"),
    [
        ([0, 0, 0], (0, 0)),
        ([1, 1, 1], (0, 3)),
        ([1, 0, 1, 1, 0], (2, 4)),
        ([0, 1, 1, 0, 1, 1], (1, 3)),
    ],
)
def test_the_longest_run_is_found_and_the_first_of_equals(above, run):
    found = longest_run(np.array(above, bool))
    assert (found.start, found.stop) == run


def test_the_response_is_the_mean_over_the_reliable_bins():
    """Medians over three units, one undefined in bin 3: 0.3, 0.1, 0.4, 0.5, undefined."""
    nan = np.nan
    reliability = np.array(
        [[0.3, 0.9, 0.2], [0.1, 0.9, 0.0], [0.4, 0.6, -0.2], [nan, 0.4, 0.6], [nan, nan, nan]]
    )
    rate = np.random.default_rng(0).random((7, 5, 3))
    np.testing.assert_allclose(reliable_rates(rate, reliability), (rate[:, 2] + rate[:, 3]) / 2)


@pytest.mark.parametrize("n_units", [0, 3])
def test_an_area_without_a_reliable_bin_has_no_units(n_units):
    found = reliable_rates(np.ones((7, 5, n_units)), np.full((5, n_units), 0.29))
    assert found.shape == (7, 0)


def test_the_fewest_units_are_the_upper_quartile_over_subjects_that_have_units():
    assert fewest_units([2, 0, 4, 6, 8]) == 6.5
    assert fewest_units([0, 0]) == 0
