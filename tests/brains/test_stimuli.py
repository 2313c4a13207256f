"""Which stimuli take part, how they belong together, and that each has an image of its own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.brains.examples import names, simulated_recording, write, write_image
from workflow_scripts.brains import list_stimuli
from workflow_scripts.brains.stimuli import (
    MIN_STIMULI,
    Stimulus,
    natural_order,
    read_list,
    shared_stimuli,
)
from workflow_scripts.brains.stimulus_table import read_stimuli
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import read_table


@pytest.fixture
def listed(tmp_path):
    """A list of stimuli with this content."""

    def make(text):
        path = tmp_path / "stimuli.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return make


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("stimulus\na\nb\n", {"a": ("stimulus a", ""), "b": ("stimulus b", "")}),
        # The group b is not that of a stimulus without a group that is called b.
        ("group,stimulus\nb,a\n,b\n", {"a": ("b", ""), "b": ("stimulus b", "")}),
        (
            "stimulus,split,note\na,train,x\nb,test,y\n",
            {"a": ("stimulus a", "train"), "b": ("stimulus b", "test")},
        ),
        (
            "stimulus,group,split\na,1,train\nb,1,train\nc,2,test\n",
            {"a": ("1", "train"), "b": ("1", "train"), "c": ("2", "test")},
        ),
        # As a spreadsheet writes it: a mark at its start, ends of lines of two characters.
        ("\ufeffstimulus\r\na\r\nNA\r\n", {"a": ("stimulus a", ""), "NA": ("stimulus NA", "")}),
        # A name that looks like a number stays as it is, and may contain a comma.
        ('stimulus\n007\n"x, y"\n', {"007": ("stimulus 007", ""), "x, y": ("stimulus x, y", "")}),
    ],
)
def test_a_list_says_what_belongs_together_and_what_is_prescribed(listed, text, expected):
    assert read_list(listed(text)) == {name: Stimulus(*row) for name, row in expected.items()}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "found an empty file, expected stimulus, and group or split if they are wanted"),
        ("name,group\na,b\n", "found the columns name, group, expected stimulus, and group or"),
        ("stimulus\na\nb\na\n", "found the stimulus 'a' again in line 4, expected each stimulus"),
        ("stimulus,group\n,b\n", "found no name in line 2, expected each stimulus once"),
        ("stimulus,split\na,train\nb,dev\n", "found the split 'dev' in line 3, expected train or"),
        ("stimulus,split\na,train\nb,\n", "found the split '' in line 3, expected train or test"),
        (
            "stimulus,group,split\na,g,train\nb,g,test\n",
            "found the group 'g' in train and in test (line 3), expected each group in one of",
        ),
        (b"stimulus\n\xff\xfe\n", "found no readable CSV file ("),
    ],
)
def test_a_list_that_is_wrong_is_named(listed, text, sentence):
    path = listed(text)
    with pytest.raises(InputError) as error:
        read_list(path)
    assert str(error.value).startswith(f"{path}: {sentence}")


def test_a_list_that_is_missing_is_named(tmp_path):
    with pytest.raises(InputError, match="no.csv: found no readable CSV file .*, expected a list"):
        read_list(tmp_path / "no.csv")


def test_numbers_in_names_are_compared_as_numbers():
    assert natural_order(["b", "a10", "10", "a2", "9", "a2b", "A"]) == [
        *("9", "10", "A", "a2", "a2b", "a10", "b")
    ]


@given(st.lists(st.text(max_size=5)), st.randoms())
def test_the_order_of_names_does_not_depend_on_their_order(found, random):
    shuffled = random.sample(found, len(found))
    assert natural_order(shuffled) == natural_order(found)
    assert sorted(natural_order(found)) == sorted(found)


def test_stimuli_that_all_subjects_saw_take_part():
    """A name that differs in one letter is another stimulus."""
    seen = {"a": names(14), "b": [*names(13)[1:], "Faces/0.png"]}
    assert shared_stimuli(seen, None, "place") == names(13)[1:]
    few = {name: Stimulus(name, "") for name in names(12)}
    assert shared_stimuli(seen, few, "place") == names(12)[1:]


@pytest.mark.parametrize(
    ("other", "listed", "found"),
    [
        (
            names(9),
            None,
            "found 9 stimuli that all 2 subjects saw; not among them is 'faces/9.png'",
        ),
        ([f"{name} " for name in names(20)], None, "found 0 stimuli that all 2 subjects saw; not "),
        (names(20), {}, "found 0 stimuli that all 2 subjects saw and stimuli.csv lists; not among"),
    ],
)
def test_fewer_stimuli_than_train_a_map_are_refused(other, listed, found):
    with pytest.raises(InputError) as error:
        shared_stimuli({"a": names(20), "b": other}, listed, "place")
    assert str(error.value).startswith(f"place: {found}")
    assert str(error.value).endswith(f"expected at least {MIN_STIMULI} with the same names")


@pytest.fixture
def images(tmp_path):
    """A folder of files in sub-folders; the first two are the same image."""
    for number, name in enumerate(names(4)):
        path = tmp_path / "images" / name
        write_image(path, max(number, 1))
    return tmp_path / "images"


@pytest.fixture
def tabulate(tmp_path):
    """The table of these recordings, and the stimuli that jobs read from it."""

    def make(recordings, listed=None, images=None):
        paths = [write(data, tmp_path / f"{i}.nc") for i, data in enumerate(recordings)]
        output = tmp_path / "table.csv"
        list_stimuli.main(paths, listed, images, {"brain": "lab"}, output)
        return read_table(output), read_stimuli(output)

    return make


def test_the_table_says_who_saw_a_stimulus_and_whether_it_takes_part(tabulate):
    subjects = [simulated_recording("a", n_stimuli=12), simulated_recording("b", n_stimuli=13)]
    table, stimuli = tabulate(subjects)
    assert list(table) == [
        *("brain", "stimulus", "group", "split", "n_subjects", "takes_part", "data_kind")
    ]
    assert table["stimulus"].tolist() == names(13)
    assert table["n_subjects"].tolist() == [2] * 12 + [1]
    assert table["takes_part"].tolist() == [True] * 12 + [False]
    assert set(table["brain"]) == {"lab"} and set(table["data_kind"]) == {"simulated"}
    assert stimuli.names.tolist() == names(12)
    assert len(set(stimuli.groups)) == 12 and stimuli.is_test is None


def test_groups_and_splits_reach_the_jobs(tabulate, listed):
    """Groups that look like numbers or missing values stay the text that they are."""
    rows = [
        f"{name},{group},{split}"
        for name, group, split in zip(
            names(12)[::-1],
            ["007"] * 4 + ["7"] * 4 + ["NA"] * 3 + [""],
            ["train"] * 8 + ["test"] * 4,
            strict=True,
        )
    ]
    path = listed("\n".join(["stimulus,group,split", *rows, "unseen,x,test"]))
    table, stimuli = tabulate([simulated_recording(n_stimuli=13, data_kind="recorded")], path)
    assert stimuli.names.tolist() == names(12)
    assert stimuli.groups.tolist() == [
        *("stimulus faces/0.png", "NA", "NA", "NA", "7", "7", "7", "7"),
        *("007", "007", "007", "007"),
    ]
    assert stimuli.is_test.tolist() == [True] * 4 + [False] * 8
    # The stimulus that is not listed is known and takes no part.
    assert table["stimulus"].tolist() == names(13)
    assert not table["takes_part"].iloc[-1]
    assert set(table["data_kind"]) == {"recorded"}


def test_images_of_stimuli_that_take_no_part_need_not_be_there(tabulate, images):
    for name in names(12)[4:]:
        write_image(images / name, int(name[6:-4]))
    expected = "faces/1.png: found the same image as faces/0.png"
    seen = [simulated_recording("a"), simulated_recording("b", n_stimuli=13)]
    with pytest.raises(InputError, match=expected):
        tabulate(seen, images=images)
    write_image(images / names()[0], 99)
    _, stimuli = tabulate(seen, images=images)
    np.testing.assert_array_equal(stimuli.names, names())
