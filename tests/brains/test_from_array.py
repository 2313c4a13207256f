"""An array that does not fit is named; one that does comes back in `test_subjects`."""

import numpy as np
import pytest

from tests.brains.examples import names, recording
from workflow_scripts.common.errors import InputError

EXPECTED = (
    "expected (stimulus, trial, unit) or (stimulus, unit), with a name for each stimulus and an "
    "area for each unit"
)


@pytest.mark.parametrize(
    ("shape", "n_stimuli", "areas", "found"),
    [
        ((4,), 4, ["VISp"], "shape (4,) with 4 stimuli and 1 areas"),
        ((4, 3, 2, 1), 4, ["VISp"], "shape (4, 3, 2, 1) with 4 stimuli and 1 areas"),
        ((4, 3, 2), 4, ["VISp"], "shape (4, 3, 2) with 4 stimuli and 1 areas"),
        ((4, 2), 3, ["VISp"] * 2, "shape (4, 2) with 3 stimuli and 2 areas"),
        # The units come last.
        ((4, 2, 3), 4, ["VISp"] * 2, "shape (4, 2, 3) with 4 stimuli and 2 areas"),
    ],
)
def test_an_array_that_does_not_fit_is_named(shape, n_stimuli, areas, found):
    with pytest.raises(InputError) as error:
        recording(np.ones(shape), areas, stimuli=names(n_stimuli))
    assert str(error.value) == f"responses: found {found}, {EXPECTED}"


def test_the_response_is_the_mean_of_the_trials_that_there_are():
    trials = np.array([[[1, 5], [3, np.nan]], [[np.nan, np.nan], [2, np.nan]]])
    data = recording(trials, ["VISp"] * 2)
    np.testing.assert_array_equal(data["response"], [[2, 5], [2, np.nan]])
    np.testing.assert_array_equal(data["trial_response"], trials)


def test_means_alone_have_no_trials():
    data = recording(np.arange(8).reshape(4, 2), ["VISp"] * 2, unit_names=["a", "b"], units="z")
    assert "trial_response" not in data
    assert data["response"].values.tolist() == [[0, 1], [2, 3], [4, 5], [6, 7]]
    assert data["response"].attrs == {"units": "z"}
    assert data["unit"].values.tolist() == ["a", "b"]


def test_a_recording_says_whose_and_what_it_is():
    data = recording(np.ones((4, 1)), ["V4"], "monkey_1", measurement="mua", data_kind="recorded")
    expected = {"subject": "monkey_1", "measurement": "mua", "data_kind": "recorded"}
    assert expected.items() <= data.attrs.items()
