"""Labels become text, and names of subjects and areas get the letters that they may have."""

import logging

import numpy as np
import pytest

from workflow_scripts.brains.converters.labels import plain, to_labels
from workflow_scripts.common.errors import InputError


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (["a", "b "], ["a", "b"]),
        (np.array([b"V4", b"IT"]), ["V4", "IT"]),
        ([1.0, 2.5, np.nan], ["1", "2.5", ""]),
        (np.array([[3], [1]], np.uint8), ["3", "1"]),
        (np.array(["a", None], object), ["a", ""]),
    ],
    ids=["text", "bytes", "numbers", "column", "missing"],
)
def test_labels_become_text(values, text):
    assert to_labels(values).tolist() == text


def test_cells_that_hold_one_label_each_become_text():
    cells = np.empty(3, object)
    cells[:] = [np.array(["V4"]), np.array([], "U1"), np.array([[7]])]
    assert to_labels(cells).tolist() == ["V4", "", "7"]


def test_a_cell_with_two_labels_is_refused():
    cells = np.empty(1, object)
    cells[0] = np.array(["V4", "IT"])
    with pytest.raises(InputError, match="label: found 2 values in one place, expected text"):
        to_labels(cells)


def test_names_keep_the_letters_that_they_may_have(caplog):
    caplog.set_level(logging.INFO)
    assert plain(["V4", "VISp2/3", "V4", "area 17 "], "area") == {
        "V4": "V4",
        "VISp2/3": "VISp2_3",
        "area 17 ": "area_17",
    }
    assert caplog.messages == [
        "area 'VISp2/3' is called 'VISp2_3'",
        "area 'area 17 ' is called 'area_17'",
    ]


def test_two_labels_never_become_one_name():
    sentence = "area: found 'V 4' and 'V/4', which both become 'V_4', expected names that differ"
    with pytest.raises(InputError, match=sentence):
        plain(["V/4", "V 4"], "area")


def test_a_name_needs_a_letter():
    with pytest.raises(InputError, match=r"subject: found '\?', expected a name with a letter"):
        plain(["?"], "subject")
