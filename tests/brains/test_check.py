"""A lab's folder is checked on the command line as the workflow will check it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.brains.examples import (
    names,
    recording,
    simulated_recording,
    simulated_responses,
    write,
    write_image,
)
from workflow_scripts.brains.check import check_folder

ROOT = Path(__file__).parents[2]
GOOD = (
    "ok: own_1, simulated spikes in spikes/s, 12 stimuli, single trials, 5 units (1 VISam, 1 VISl, "
    "3 VISp)"
)


def run(folder):
    """Exit status and lines of the command."""
    command = [sys.executable, "-m", "workflow_scripts.brains.check", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert not done.stderr
    return done.returncode, done.stdout.splitlines()


@pytest.fixture
def folder(tmp_path):
    """A folder with two recordings, of which one has means alone, without images."""
    write(simulated_recording(), tmp_path / "a.nc")
    means = np.nanmean(simulated_responses(), axis=1)[::-1]
    data = recording(means, ["V4"] * 5, "own_2", data_kind="recorded")
    write(data, tmp_path / "b.nc")
    return tmp_path


def add_images(folder, number):
    """Write an image of a grey of its own for each of the first stimuli."""
    for grey, name in enumerate(names(number)):
        write_image(folder / "images" / name, grey)


def check(folder):
    """What the command prints, after the name of the file or the folder."""
    return [line.removeprefix(str(folder)) for _, line in check_folder(folder)]


def test_the_command_line_says_what_is_in_a_folder(folder):
    assert run(folder) == (
        0,
        [
            f"{folder}/a.nc: {GOOD}",
            f"{folder}/b.nc: ok: own_2, recorded spikes in spikes/s, 12 stimuli, no single trials, "
            "5 units (5 V4)",
            f"{folder}: ok: 2 subjects with 12 stimuli in common, no images",
        ],
    )


def test_the_command_line_names_what_is_wrong_and_fails(folder):
    bad = simulated_recording().assign_attrs(subject="other", data_kind="guessed")
    write(bad, folder / "b.nc")
    wrong = f"{folder}/b.nc: found the data_kind 'guessed', expected recorded or simulated"
    assert run(folder) == (1, [f"{folder}/a.nc: {GOOD}", wrong])


def test_each_file_that_is_wrong_is_named_and_the_folder_only_if_all_are_right(folder):
    (folder / "a.nc").write_text("no netCDF")
    write(simulated_recording().drop_vars("unit"), folder / "b.nc")
    first, second = check(folder)
    assert first.startswith("/a.nc: found no readable netCDF-4 file")
    assert second.startswith("/b.nc: found no variable 'unit'")


def test_what_is_wrong_inside_a_file_is_found_before_a_run(folder):
    """A run would find it in its first job."""
    data = simulated_recording()
    data["response"][4, 2] = np.inf
    write(data, folder / "a.nc")
    data = simulated_recording("own_3")
    write(data.assign(response=data["response"] + 1), folder / "c.nc")
    first, _, third = check(folder)
    assert first.startswith("/a.nc: found a response of inf of unit 2 to stimulus faces/4.png")
    assert third.startswith("/c.nc: found trial_response with the mean ")


def test_units_that_cannot_take_part_are_counted(folder):
    responses = simulated_responses().astype(float)
    responses[3, :, 0] = np.nan
    responses[:, :, 1:3] = 4
    write(recording(responses, ["V4"] * 5, "own_1", data_kind="recorded"), folder / "a.nc")
    assert check(folder)[0].endswith(
        "5 units (5 V4), of which 1 without a response to each stimulus and 2 constant"
    )


def test_what_does_not_belong_together_is_named(folder):
    write(simulated_recording(), folder / "c.nc")
    lines = check(folder)
    assert len(lines) == 4
    assert lines[-1].startswith(f"/c.nc: found the subject 'own_1', as in {folder}/a.nc, expected")


def test_an_image_that_is_missing_or_stands_twice_is_named(folder):
    add_images(folder, 11)
    assert check(folder)[-1].startswith("/images/faces/11.png: found no readable image")
    add_images(folder, 12)
    assert check(folder)[-1] == ": ok: 2 subjects with 12 stimuli in common, an image of each"
    write_image(folder / "images/faces/3.png", 2)
    assert check(folder)[-1].startswith("/images/faces/3.png: found the same image as faces/2.png")


def test_a_copy_of_a_subject_is_named(folder):
    """Under another name, and with its stimuli and units in another order."""
    copy = simulated_recording("own_3").isel(stimulus=slice(None, None, -1), unit=[4, 2, 0, 3])
    write(copy.drop_vars("trial_response"), folder / "c.nc")
    assert check(folder)[-1] == (
        f"/c.nc: found the same responses as in {folder}/a.nc of 4 of 4 units, expected other "
        "responses, because a subject predicts its own copy perfectly"
    )


def test_groups_and_a_prescribed_split_are_counted(folder):
    add_images(folder, 12)
    rows = [f"{name},{n // 3},{'test' if n > 8 else 'train'}" for n, name in enumerate(names())]
    (folder / "stimuli.csv").write_text("\n".join(["stimulus,group,split", *rows]))
    assert check(folder)[-1] == (
        ": ok: 2 subjects with 12 stimuli in common, 4 groups, 3 prescribed for the test, an image "
        "of each"
    )


def test_a_list_that_is_wrong_is_named(folder):
    (folder / "stimuli.csv").write_text("image\nfaces/0.png\n")
    assert check(folder)[-1].startswith("/stimuli.csv: found the columns image, expected stimulus")


def test_one_subject_is_counted_as_one(folder):
    (folder / "b.nc").unlink()
    assert check(folder) == [
        f"/a.nc: {GOOD}",
        ": ok: 1 subject with 12 stimuli in common, no images",
    ]


def test_a_folder_without_recordings_is_named(tmp_path):
    assert run(tmp_path) == (
        1,
        [f"{tmp_path}: found '{tmp_path}', expected an existing folder with *.nc files"],
    )


DAMAGES = {
    "text": lambda values: (values.dims, np.full(values.shape, "x")),
    "bytes": lambda values: (values.dims, np.full(values.shape, b"x")),
    "truth values": lambda values: (values.dims, np.ones(values.shape, bool)),
    "missing": lambda values: (values.dims, np.full(values.shape, np.nan)),
    "turned around": lambda values: (values.dims[::-1], values.values.T),
    "along another dimension": lambda values: (
        [f"other_{dimension}" for dimension in values.dims],
        values.values,
    ),
}
RIGHT = {("area", "text"), *((name, "turned around") for name in ("stimulus", "unit", "area"))}
"""All units in one area called x is right, and a list has no other way around."""


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", ["response", "trial_response", "stimulus", "unit", "area"])
def test_whatever_is_wrong_with_a_variable_ends_in_one_sentence(folder, name, damage):
    data = simulated_recording()
    changed = DAMAGES[damage](data[name])
    data = data.drop_vars(name).assign({name: changed})
    data["response"].attrs = {"units": "z"}
    write(data, folder / "a.nc")
    first, *_ = check(folder)
    assert "\n" not in first
    assert first.startswith("/a.nc: ok: " if (name, damage) in RIGHT else "/a.nc: found "), first


@pytest.mark.parametrize("dimension", ["stimulus", "trial"])
def test_a_recording_of_nothing_ends_in_one_sentence(folder, dimension):
    write(simulated_recording().isel({dimension: slice(0)}), folder / "a.nc")
    lines = check(folder)
    assert all("\n" not in line for line in lines)
    assert any(": found " in line for line in lines)
