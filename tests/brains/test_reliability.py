"""Reliability of units: known where noise is known, and the same whichever way it is computed."""

import numpy as np
import pytest

from workflow_scripts.brains import reliability
from workflow_scripts.brains.reliability import split_half_reliability
from workflow_scripts.common.reliability import spearman_brown


@pytest.fixture
def trials():
    """Responses (stimulus, trial, unit) with some trials missing for all units alike."""
    random = np.random.default_rng(0)
    signal = random.normal(size=(30, 1, 7))
    found = signal + random.normal(scale=np.linspace(0.2, 3, 7), size=(30, 9, 7))
    found[random.random((30, 9)) < 0.2] = np.nan
    found[:, :3] = np.where(np.isnan(found[:, :3]), signal, found[:, :3])
    return found


def compute(trials, n_halves=20, seed=1):
    return split_half_reliability(trials, n_halves, np.random.default_rng(seed))


def one_by_one(trials, n_halves=20, seed=1):
    """The same from the definition, in loops."""
    n_stimuli, n_trials, n_units = trials.shape
    keys = np.random.default_rng(seed).random((n_stimuli, n_halves, n_trials))
    found = np.full((n_halves, n_units), np.nan)
    for half in range(n_halves):
        for unit in range(n_units):
            means = []
            for stimulus in range(n_stimuli):
                order = keys[stimulus, half].argsort()
                values = [value for value in trials[stimulus, order, unit] if np.isfinite(value)]
                middle = len(values) // 2
                if middle:
                    means.append((np.mean(values[:middle]), np.mean(values[middle:])))
            found[half, unit] = spearman_brown(np.corrcoef(np.array(means).T)[0, 1])
    return found.mean(axis=0)


def test_units_with_the_same_trials_have_the_reliability_of_its_definition(trials):
    np.testing.assert_allclose(compute(trials), one_by_one(trials), rtol=1e-9)


def test_units_with_trials_of_their_own_have_the_reliability_of_its_definition(trials):
    trials[4, 0, 2], trials[7, [1, 2], 5] = np.nan, np.nan
    np.testing.assert_allclose(compute(trials), one_by_one(trials), rtol=1e-9)


def test_a_missing_trial_of_one_unit_changes_no_other(trials):
    """The trials of all units are shared until then, and both ways give the same numbers."""
    before = compute(trials)
    trials[4, 0, 2] = np.nan
    after = compute(trials)
    np.testing.assert_allclose(np.delete(after, 2), np.delete(before, 2), rtol=1e-9)
    assert after[2] != before[2]


@pytest.mark.parametrize("ragged", [False, True])
def test_units_computed_in_pieces_have_the_same_reliability(trials, ragged, monkeypatch):
    if ragged:
        trials[4, 0, 2] = np.nan
    whole = compute(trials)
    for chunk in (1, 30 * 20 * 2, 30 * 20 * 7):
        monkeypatch.setattr(reliability, "CHUNK", chunk)
        np.testing.assert_allclose(compute(trials), whole, rtol=1e-9)


@pytest.mark.parametrize("variance", [0.25, 4.0])
def test_it_is_the_share_of_the_variance_of_the_mean_that_is_signal(variance):
    """Signal of variance 1, eight trials with noise of this variance, many stimuli."""
    random = np.random.default_rng(0)
    signal = random.normal(size=(4000, 1, 2))
    trials = signal + np.sqrt(variance) * random.normal(size=(4000, 8, 2))
    expected = 1 / (1 + variance / 8)
    assert compute(trials, n_halves=5) == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize("ragged", [False, True])
def test_stimuli_with_fewer_than_two_trials_are_left_out(trials, ragged):
    """They have no halves; ragged, of the unit alone that lacks them."""
    units = [1] if ragged else slice(None)
    trials[3, 1:, units] = np.nan
    trials[9, :, units] = np.nan
    found = compute(trials)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, one_by_one(trials), rtol=1e-9)


@pytest.mark.parametrize("ragged", [False, True])
def test_it_is_not_defined_without_two_trials_or_without_a_difference(trials, ragged):
    trials[:, :, 0] = np.where(np.isnan(trials[:, :, 0]), np.nan, 2.0)
    if ragged:
        trials[:, 1:, 1] = np.nan
        trials[:, :, 2] = np.nan
    undefined = np.isnan(compute(trials))
    assert undefined.tolist() == [True, ragged, ragged, *[False] * 4]


def test_single_trials_of_all_units_leave_none_defined(trials):
    assert np.isnan(compute(trials[:, :1])).all()


def test_a_recording_without_units_has_none(trials):
    assert compute(trials[..., :0]).shape == (0,)
