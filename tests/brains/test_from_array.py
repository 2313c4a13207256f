"""An array that does not fit is named; one that does comes back in `test_subjects`."""

import numpy as np
import pytest

from workflow_scripts.brains.from_array import make_recording
from workflow_scripts.common.errors import InputError


@pytest.mark.parametrize(
    ("responses", "areas", "sentence"),
    [
        (np.ones((4, 2)), ["VISp"] * 2, "found shape (4, 2) and 2 areas, expected (stimulus,"),
        (np.ones((4, 3, 2)), ["VISp"], "found shape (4, 3, 2) and 1 areas, expected (stimulus,"),
        (
            -np.ones((4, 3, 1)),
            ["VISp"],
            "found the value -1.0 at (stimulus, trial, unit) (0, 0, 0), expected spikes/s of at",
        ),
        (
            np.full((4, 3, 1), np.inf),
            ["VISp"],
            "found the value inf at (stimulus, trial, unit) (0, 0, 0), expected spikes/s of at",
        ),
        (
            np.where(np.arange(12).reshape(4, 3, 1) < 10, 1.0, np.nan),
            ["VISp"],
            "found 1 trials of stimulus 3 for unit 0, expected at least 2",
        ),
        (
            np.where(np.arange(4).reshape(4, 1, 1) < 3, 1.0, np.nan),
            ["VISp"],
            "found 0 trials of stimulus 3 for unit 0, expected at least 1",
        ),
    ],
)
def test_an_array_that_does_not_fit_is_named(responses, areas, sentence):
    with pytest.raises(InputError) as error:
        make_recording(responses, areas, "own", "simulated")
    assert str(error.value).startswith(f"responses: {sentence}")
