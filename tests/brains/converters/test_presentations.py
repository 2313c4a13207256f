"""Presentations in any order become the trials of their stimuli."""

import numpy as np
import pytest

from workflow_scripts.brains.converters.presentations import gather, to_recording
from workflow_scripts.brains.from_array import make_recording
from workflow_scripts.brains.reliability import split_half_reliability
from workflow_scripts.common.errors import InputError

SOURCE = {"subject": "a", "data_kind": "simulated", "measurement": "mua", "units": "z"}


def convert(responses, stimuli, **options):
    n_units = np.shape(responses)[1]
    return to_recording(
        np.asarray(responses, float),
        np.asarray(stimuli),
        np.full(n_units, "V4"),
        unit_names=np.array([f"unit_{number}" for number in range(n_units)]),
        **SOURCE,
        **options,
    )


@pytest.fixture
def trials():
    """Responses (12 stimuli, 4 trials, 3 units) that differ between stimuli."""
    random = np.random.default_rng(0)
    return random.normal(size=(12, 1, 3)) + 0.3 * random.normal(size=(12, 4, 3))


def test_the_presentations_of_a_stimulus_are_gathered_in_their_order():
    responses = np.array([[1, 10], [2, 20], [3, 30]])
    gathered = gather(responses, np.array([1, 0, 1]))
    np.testing.assert_equal(gathered, [[[2, 20], [np.nan] * 2], [[1, 10], [3, 30]]])


def test_shuffled_presentations_make_the_recording_of_their_trials(trials):
    order = np.random.default_rng(1).permutation(48)
    names = np.array([f"image_{number:02d}" for number in range(12)])
    recording = convert(trials.reshape(48, 3)[order], names.repeat(4)[order])
    expected = make_recording(trials, names, ["V4"] * 3, **SOURCE)
    recording = recording.sortby("stimulus")
    np.testing.assert_allclose(recording["response"], expected["response"])
    trial_responses = recording["trial_response"]
    np.testing.assert_allclose(np.sort(trial_responses, 1), np.sort(trials, 1), rtol=1e-6)
    assert recording["unit"].values.tolist() == ["unit_0", "unit_1", "unit_2"]
    assert "reliability" not in recording  # the workflow computes it


def test_ragged_trials_are_padded(trials):
    stimuli = np.arange(12).repeat(4)
    recording = convert(trials.reshape(48, 3)[1:], stimuli[1:].astype(str))
    assert np.isnan(recording["trial_response"]).sum(["trial", "unit"]).values.tolist() == [
        *[3],
        *[0] * 11,
    ]
    np.testing.assert_allclose(recording["response"][0], trials[0, 1:].mean(axis=0))


def test_what_no_unit_responded_to_is_no_trial(trials):
    """In files of several subjects, the presentations to the others."""
    responses = np.concatenate([trials.reshape(48, 3), np.full((5, 3), np.nan)])
    stimuli = np.concatenate([np.arange(12).repeat(4), [0, 0, 0, 77, 78]]).astype(str)
    recording = convert(responses, stimuli)
    assert recording["trial_response"].shape == (12, 4, 3)


@pytest.mark.parametrize("n_trials", [2, 1])
def test_units_without_a_response_are_left_out_and_counted(trials, n_trials, caplog):
    responses = trials[:, :n_trials].copy()
    responses[5, :, 1] = np.nan
    recording = convert(responses.reshape(-1, 3), np.arange(12).repeat(n_trials).astype(str))
    assert recording["unit"].values.tolist() == ["unit_0", "unit_2"]
    np.testing.assert_allclose(recording["response"], responses.mean(axis=1)[:, [0, 2]])
    assert caplog.messages == ["a: left out 1 of 3 units, which have no response to some stimuli"]


def test_units_that_saw_different_stimuli_are_refused():
    responses = [[1, np.nan], [np.nan, 1]]
    sentence = "subject a: found none of 2 units with responses to all 2 stimuli"
    with pytest.raises(InputError, match=sentence):
        convert(responses, ["x", "y"])


def test_a_stimulus_shown_once_leaves_means_and_the_reliability_of_the_others(trials):
    """As in sets with many training images, and a few test images that are shown often."""
    stimuli = np.concatenate([np.arange(12).repeat(4), [12, 13]]).astype(str)
    once = np.array([[5.0, 6, 7], [8, 9, 10]])
    recording = convert(np.concatenate([trials.reshape(48, 3), once]), stimuli)
    assert "trial_response" not in recording
    np.testing.assert_allclose(recording["response"][:12], trials.mean(axis=1))
    np.testing.assert_allclose(recording["response"][12:], once)
    assert recording["reliability"].values == pytest.approx(
        split_half_reliability(trials, 1000, np.random.default_rng(0)), abs=0.02
    )


def test_a_known_reliability_is_kept(trials):
    responses = trials[:, :1].copy()
    responses[5, :, 1] = np.nan
    known = np.array([0.5, 0.6, np.nan])
    recording = convert(responses[:, 0], np.arange(12).astype(str), reliability=known)
    np.testing.assert_equal(recording["reliability"].values, [0.5, np.nan])
