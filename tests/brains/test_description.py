"""Subjects are called what their recordings say they are."""

import pandas as pd
import pytest

from workflow_scripts.brains.description import brain_title, describe_brain


@pytest.mark.parametrize(
    ("kinds", "described"),
    [
        (["simulated"] * 3 + ["recorded"], "lab: 3 simulated subjects and 1 recorded subject"),
        (["recorded"], "lab: 1 recorded subject"),
        (["recorded", "simulated", "recorded"], "lab: 2 recorded subjects and 1 simulated subject"),
    ],
)
def test_subjects_are_counted_by_kind(kinds, described):
    """Each subject has one row per area, here two."""
    names = [str(number) for number in range(len(kinds))]
    table = pd.DataFrame({"subject": 2 * names, "data_kind": 2 * kinds})
    assert describe_brain("lab", table) == described


@pytest.mark.parametrize(
    ("measured", "title"),
    [
        ([("spikes", "spikes/s")] * 2, "lab: spikes (spikes/s)"),
        ([("spikes", "spikes/s"), ("mua", "z")] * 2, "lab: spikes (spikes/s), mua (z)"),
    ],
)
def test_a_brain_is_titled_with_what_was_measured(measured, title):
    table = pd.DataFrame(measured, columns=["measurement", "response_unit"])
    assert brain_title("lab", table) == title
