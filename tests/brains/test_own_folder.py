"""A lab's folder is read as a whole, before anything runs, and what does not fit is named."""

import os
import time
from types import SimpleNamespace as Wildcards

import numpy as np
import pytest
from PIL import Image

from tests.brains.examples import (
    names,
    recording,
    simulated_recording,
    simulated_responses,
    write,
    write_image,
)
from tests.harness.mini import DEFAULT, merged
from workflow_scripts.brains.own_folder import read_folder
from workflow_scripts.brains.stimuli import Stimulus
from workflow_scripts.common.errors import InputError
from workflow_scripts.plan import Plan


@pytest.fixture
def folder(tmp_path):
    """Recordings of two subjects, one of which saw more stimuli."""
    write(simulated_recording("a", n_stimuli=20), tmp_path / "lab/one.nc")
    write(simulated_recording("b", n_stimuli=24), tmp_path / "lab/two.nc")
    return tmp_path / "lab"


def read(folder):
    return read_folder(folder, "place")


def list_stimuli(folder, groups, splits=None):
    """Write a list of the first stimuli with these groups."""
    rows = [names(24)[: len(groups)], groups, *([] if splits is None else [splits])]
    header = ["stimulus", "group", "split"][: len(rows)]
    lines = [",".join(row) for row in [header, *zip(*rows, strict=True)]]
    (folder / "stimuli.csv").write_text("\n".join(lines))


def plan(folder, **brain):
    """The plan of a brain of these recordings alone, without networks."""
    brain = {"source": "recordings", "recordings": str(folder), "areas": ["VISp"], **brain}
    config = {**DEFAULT, "population": None, "candidates": [], "brains": {"lab": brain}}
    return Plan(config)


def assert_refused(action, sentence):
    with pytest.raises(InputError) as error:
        action()
    assert str(error.value).startswith(sentence)
    assert "\n" not in str(error.value)


def test_what_is_in_a_folder_is_known_without_its_responses(folder):
    for name in (".three.nc.part", ".three.nc", "notes.txt"):
        (folder / name).touch()
    own = read(folder)
    assert own.files == {"a": f"{folder}/one.nc", "b": f"{folder}/two.nc"}
    assert list(own.stimuli) == names(20)
    assert own.areas == ["VISam", "VISl", "VISp"]
    assert (own.listed, own.images) == (None, None)
    (folder / "images").mkdir()
    list_stimuli(folder, ["g"] * 10 + ["h"] * 2)
    own = read(folder)
    assert (own.listed, own.images) == (f"{folder}/stimuli.csv", f"{folder}/images")
    assert list(own.stimuli) == names(12)
    assert own.stimuli["faces/11.png"] == Stimulus("h", "")


def test_one_subject_alone_is_a_folder(folder):
    (folder / "two.nc").unlink()
    assert list(read(folder).files) == ["a"]


def test_a_folder_without_recordings_is_named(tmp_path):
    for path in (tmp_path, tmp_path / "absent"):
        assert_refused(
            lambda path=path: read(path),
            f"place: found '{path}', expected an existing folder with *.nc files",
        )


def test_a_file_that_snakemake_would_take_for_a_pattern_is_named(folder):
    write(simulated_recording("c"), folder / "{x}.nc")
    expected = f"place: found the file '{folder}/{{x}}.nc', expected names without control"
    assert_refused(lambda: read(folder), expected)


@pytest.mark.parametrize("name", ["two.nc", "stimuli.csv"])
def test_a_file_from_the_future_is_refused_when_it_is_planned(folder, name):
    """After the job, Snakemake would find its output older than this file."""
    list_stimuli(folder, names(20))
    tomorrow = time.time() + 24 * 3600
    os.utime(folder / name, (tomorrow, tomorrow))
    expected = f"{folder}/{name}: found a file that was last changed on {time.ctime(tomorrow)}, in"
    assert_refused(lambda: plan(folder), expected)
    (folder / name).touch()
    plan(folder)


def test_two_files_of_one_subject_are_refused(folder):
    write(simulated_recording("a"), folder / "again.nc")
    # Files are read in order of their names.
    expected = f"{folder}/one.nc: found the subject 'a', as in {folder}/again.nc, expected a name"
    assert_refused(lambda: read(folder), expected)


def test_subjects_that_some_disks_do_not_tell_apart_are_refused(folder):
    """Their files would be one."""
    write(simulated_recording("A"), folder / "three.nc")
    expected = f"{folder}/three.nc: found the subject 'A', and 'a' in {folder}/one.nc, expected a"
    assert_refused(lambda: read(folder), expected)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"measurement": "mua"}, "the measurement 'mua', expected 'spikes', as in"),
        ({"units": "z"}, "the units 'z', expected 'spikes/s', as in"),
    ],
)
def test_subjects_that_were_measured_differently_are_refused(folder, changes, found):
    write(simulated_recording("c", n_stimuli=20, **changes), folder / "three.nc")
    expected = f"{folder}/three.nc: found {found} {folder}/one.nc"
    assert_refused(lambda: read(folder), expected)


def test_recorded_and_simulated_subjects_may_stand_together(folder):
    write(simulated_recording("c", data_kind="recorded", n_stimuli=20), folder / "three.nc")
    assert len(read(folder).files) == 3


def test_subjects_with_other_names_of_stimuli_have_none_in_common(folder):
    """As where one lab member wrote the suffix and another did not."""
    bare = [name.removesuffix(".png") for name in names(20)]
    write(recording(simulated_responses(20), subject="c", stimuli=bare), folder / "three.nc")
    expected = (
        "place: found 0 stimuli that all 3 subjects saw; not among them is 'faces/0.png' of a, "
        "expected at least 10 with the same names"
    )
    assert_refused(lambda: read(folder), expected)


def test_a_recording_that_is_wrong_is_named(folder):
    data = simulated_recording("c").drop_vars("area")
    write(data, folder / "three.nc")
    assert_refused(lambda: read(folder), f"{folder}/three.nc: found no variable 'area', expected")


def test_the_plan_imports_each_recording_and_reads_the_list(folder):
    list_stimuli(folder, [f"g{number // 2}" for number in range(20)])
    found = plan(folder).brains
    lab = Wildcards(brain="lab")
    expected = [f"results/brains/lab/recordings/{subject}.nc" for subject in "ab"]
    assert found.recordings(lab) == expected
    own = Wildcards(brain="lab", subject="b")
    assert found.import_inputs(own) == {"recording": f"{folder}/two.nc"}
    assert found.n_subjects("lab") == 2
    assert found.stimulus_inputs(lab) == {
        "recordings": expected,
        "listed": f"{folder}/stimuli.csv",
    }
    write_image(folder / "images/faces/0.png", 1)
    found = plan(folder).brains
    assert found.stimulus_inputs(lab)["images"] == found.images(lab) == f"{folder}/images"
    assert found.image_table(lab) == "results/tables/lab/stimuli.csv"


def test_an_image_that_is_replaced_is_prepared_again(folder):
    """Of those that take part; Snakemake sees that of a folder alone."""
    lab = Wildcards(brain="lab")
    for number in (0, 23):
        write_image(folder / f"images/faces/{number}.png", number)
    before = plan(folder).brains.image_state(lab)
    assert plan(folder).brains.image_state(lab) == before
    Image.new("L", (9, 9), 5).save(folder / "images/faces/23.png")  # only one subject saw it
    assert plan(folder).brains.image_state(lab) == before
    Image.new("L", (9, 9), 5).save(folder / "images/faces/0.png")
    assert plan(folder).brains.image_state(lab) != before


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("natural_scene_templates/natural_scene_0.tiff", "image_state"),
        ("session_900001/session_900001.nwb", "session_state"),
    ],
)
def test_a_file_of_a_cache_folder_that_is_replaced_is_read_again(tmp_path, name, state):
    """Also by one that is older than what was made from it."""
    for session in (900001, 900002):
        (tmp_path / f"session_{session}").mkdir()
        (tmp_path / f"session_{session}/session_{session}.nwb").touch()
    (tmp_path / "natural_scene_templates").mkdir()
    mouse = {"source": "directory", "directory": str(tmp_path), "sessions": [900001, 900002]}
    brains = Plan(merged(DEFAULT, {"brains": {"mouse": mouse}})).brains
    job = Wildcards(brain="mouse", subject="900001")
    (tmp_path / name).write_text("one")
    before = getattr(brains, state)(job)
    (tmp_path / name).write_text("two")
    os.utime(tmp_path / name, (0, 0))
    assert getattr(brains, state)(job) != before


def test_a_brain_of_own_recordings_needs_three_keys(folder):
    brain = plan(folder).config.brains["lab"]
    assert brain.preset == "ccn25"
    expected = {"min_reliability": 0.5, "reliability_stimuli": "all", "min_units": 5}
    assert brain.filters.model_dump() == expected
    assert brain.splits.model_dump() == {"n_splits": 5, "train_fraction": 0.8}
    assert (brain.sources, brain.noise_correction, brain.n_scenes) == ("pooled", None, None)


def test_an_area_that_no_subject_has_is_named(folder):
    expected = "config brains.lab.areas: found 'V4', expected one of VISam, VISl, VISp"
    assert_refused(lambda: plan(folder, areas=["VISp", "V4"]), expected)


@pytest.mark.parametrize(
    ("brain", "sentence"),
    [
        (
            {"recordings": None},
            "recordings: found null, expected a folder, for source 'recordings'",
        ),
        (
            {"sessions": [1]},
            "sessions: found a value, expected none for source 'recordings', which",
        ),
        ({"n_scenes": 20}, "n_scenes: found a value, expected none for source 'recordings'"),
        ({"directory": "/"}, "directory: found a value, expected none for source 'recordings'"),
        ({"preset": "nayebi"}, "recordings: found the file "),
    ],
)
def test_keys_of_other_sources_are_refused(folder, brain, sentence):
    assert_refused(lambda: plan(folder, **brain), f"config brains.lab.{sentence}")


def test_what_the_configuration_needs_of_a_recording_is_asked_for_before_a_run(folder):
    """Means alone: their noise is not known, and the reliability of their units neither."""
    means = recording(np.nanmean(simulated_responses(20), axis=1), subject="c")
    write(means, folder / "three.nc")
    expected = (
        f"{folder}/three.nc: found neither 'trial_response' nor 'reliability', expected one of "
        "them, or config brains.lab.filters.min_reliability: null, which keeps every unit"
    )
    assert_refused(lambda: plan(folder), expected)
    every_unit = {"filters": {"min_reliability": None}}
    plan(folder, **every_unit)
    expected = (
        f"{folder}/three.nc: found no variable 'trial_response', expected one, for config "
        "brains.lab.noise_correction"
    )
    assert_refused(lambda: plan(folder, noise_correction=2, **every_unit), expected)
    write(means.assign_coords(reliability=("unit", np.ones(5))), folder / "three.nc")
    plan(folder)


def test_training_stimuli_that_reliability_is_computed_from_must_be_prescribed(folder):
    """Random splits each have others."""
    training = {"filters": {"reliability_stimuli": "training"}}
    expected = (
        "config brains.lab.filters.reliability_stimuli: found training, of a brain whose splits "
        "are random: each has other training stimuli, expected all, or a stimuli.csv with the "
        "column split"
    )
    assert_refused(lambda: plan(folder, **training), expected)
    groups = [f"g{number}" for number in range(20)]
    list_stimuli(folder, groups)
    assert_refused(lambda: plan(folder, **training), expected)
    mice = merged(DEFAULT, {"brains": {"mouse": training}})
    assert_refused(lambda: Plan(mice), expected.replace("lab", "mouse"))

    list_stimuli(folder, groups, ["train"] * 15 + ["test"] * 5)
    found = plan(folder, **training).brains
    own = Wildcards(brain="lab", subject="b")
    listed = f"{folder}/stimuli.csv"
    assert found.import_inputs(own) == {"recording": f"{folder}/two.nc", "listed": listed}
    assert found.import_settings(own) == {"seed": 0, "reliability_stimuli": "training"}
    # Other jobs read reliabilities that are computed.
    assert found.filters("lab") == plan(folder).brains.filters("lab")

    means = recording(np.nanmean(simulated_responses(20), axis=1), subject="c")
    write(means.assign_coords(reliability=("unit", np.ones(5))), folder / "three.nc")
    plan(folder)
    expected = (
        f"{folder}/three.nc: found no variable 'trial_response', expected one, for config "
        "brains.lab.filters.reliability_stimuli: training"
    )
    assert_refused(lambda: plan(folder, **training), expected)


def test_a_name_of_a_session_is_taken(folder):
    """Jobs tell subjects of all brains by their names."""
    write(simulated_recording("900001", n_stimuli=20), folder / "three.nc")
    brain = {"source": "recordings", "recordings": str(folder), "areas": ["VISp"]}
    expected = (
        f"{folder}/three.nc: found the subject '900001', as in config brains.mouse.sessions, "
        "expected a name that no other subject has"
    )
    assert_refused(lambda: Plan(merged(DEFAULT, {"brains": {"lab": brain}})), expected)


def test_subjects_beside_sessions_must_know_the_names_of_their_scenes(tmp_path):
    scenes = [f"natural_scene_{number}.tiff" for number in range(118)]
    responses = simulated_responses(118)
    brain = {"recordings": str(tmp_path / "lab")}
    mixed = merged(DEFAULT, {"brains": {"mouse": brain}})
    write(recording(responses, subject="c", stimuli=scenes), tmp_path / "lab/c.nc")
    own = Plan(mixed).brains.own["mouse"]
    assert len(own.stimuli) == 118
    write(recording(responses, subject="c"), tmp_path / "lab/c.nc")
    expected = "config brains.mouse.recordings: found 0 stimuli that all "
    assert_refused(lambda: Plan(mixed), expected)


LEAST = {"splits": {"n_splits": 2, "train_fraction": 0.8}}


@pytest.mark.parametrize(
    ("groups", "splits", "found"),
    [
        # One group is all that there is to train on.
        (
            ["g"] * 20,
            None,
            "1 groups, 1 of them to train on, with at least 20 stimuli to train on ",
        ),
        # Of two groups both are trained on.
        (
            ["g"] * 10 + ["h"] * 10,
            None,
            "2 groups, 2 of them to train on, with at least 20 stimuli to train on and 0 to test",
        ),
        # The smallest group may be the one that is left to test.
        (
            ["a"] * 5 + ["b"] * 5 + ["c"] * 5 + ["d"] * 4 + ["e"],
            None,
            "5 groups, 4 of them to train on, with at least 15 stimuli to train on and 1 to test",
        ),
        (
            ["a"] * 19 + ["b"],
            ["train"] * 19 + ["test"],
            "a split with at least 19 stimuli to train on and 1 to test",
        ),
        (
            ["a"] * 2 + ["b"] * 18,
            ["train"] * 2 + ["test"] * 18,
            "a split with at least 2 stimuli to train on and 18 to test",
        ),
        (["a"] * 20, ["train"] * 20, "a split with at least 20 stimuli to train on and 0 to test"),
    ],
)
def test_groups_and_splits_that_leave_nothing_to_fit_or_to_test_are_refused(
    folder, groups, splits, found
):
    list_stimuli(folder, groups, splits)
    assert_refused(lambda: plan(folder, **LEAST), f"{folder}/stimuli.csv: found {found}")


@pytest.mark.parametrize(
    ("groups", "splits"),
    [
        ([f"g{number // 2}" for number in range(20)], None),
        (["a"] * 12 + ["b"] * 8, ["train"] * 12 + ["test"] * 8),
    ],
)
def test_groups_and_splits_that_leave_enough_are_accepted(folder, groups, splits):
    list_stimuli(folder, groups, splits)
    plan(folder, **LEAST)


def test_without_groups_the_share_is_refused_as_for_any_brain(folder):
    splits = {"n_splits": 2, "train_fraction": 0.99}
    expected = (
        "config brains.lab.splits.train_fraction: found 0.99, which is 20 of 20 stimuli, expected"
    )
    assert_refused(lambda: plan(folder, splits=splits), expected)


def test_one_subject_without_a_candidate_has_nothing_to_be_compared_with(folder):
    (folder / "two.nc").unlink()
    expected = "config brains.lab: found one subject, and no candidate that it can be compared with"
    assert_refused(lambda: plan(folder), expected)
    brain = {"source": "recordings", "recordings": str(folder), "areas": ["VISp"]}
    config = {**DEFAULT, "brains": {"lab": brain}}
    # Networks have no responses to stimuli without images.
    assert_refused(lambda: Plan(config), expected)
    (folder / "images").mkdir()
    files = Plan(config).final_files()
    assert not [path for path in files if path.startswith("results/scores/brain/lab/")]


def test_a_brain_without_images_is_compared_with_itself_alone(folder):
    brain = {"source": "recordings", "recordings": str(folder), "areas": ["VISp"]}
    config = {**DEFAULT, "brains": {"lab": brain}}

    def shards():
        plan = Plan(config)
        assert "results/tables/lab/stimuli.csv" in plan.final_files()
        return {path.split("/")[2] for path in plan.alignment.shards("lab")}

    assert shards() == {"brain"}
    (folder / "images").mkdir()
    assert shards() == {"brain", "model_to_brain", "brain_to_model"}
