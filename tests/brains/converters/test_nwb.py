"""Spikes of NWB files, which pynwb writes here, become spikes/s in a window after the images."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from workflow_scripts.brains.converters.nwb import convert, count_spikes
from workflow_scripts.common.errors import InputError

pynwb = pytest.importorskip("pynwb", reason="pynwb is not installed (uv sync --group nwb)")

ROOT = Path(__file__).parents[3]
# Onset, image, and number of the image; the last is a blank screen.
PRESENTATIONS = [
    (1.0, "a.png", 0.0),
    (2.0, "b.png", 1.0),
    (3.0, "a.png", 0.0),
    (4.0, "b.png", 1.0),
    (5.0, "a.png", 0.0),
    (6.0, "", np.nan),
]
# Spikes in the window from 0.05 to 0.25 s: 1, 0, 2, 1, 0; one at its end, and one in the blank.
SPIKES = [1.06, 2.01, 3.05, 3.2, 4.1, 5.25, 6.1]
RESPONSES = {"a.png": [5, 10, 0], "b.png": [0, 5]}
OPTIONS = {"intervals": "scenes", "image_column": "image", "window": (0.05, 0.25)}
OPTIONS["data_kind"] = "recorded"


def session(path, *, intervals="scenes", with_subject=True, with_electrodes=True):
    """A file with four units: V1, V1, V4, and one on electrodes of both."""
    file = pynwb.NWBFile("test", "session_1", datetime(2020, 1, 1, tzinfo=UTC))
    if with_subject:
        file.subject = pynwb.file.Subject(subject_id="monkey N", species="Macaca mulatta")
    device = file.create_device("probe")
    group = file.create_electrode_group("probe", "a probe", "cortex", device)
    for location in ("V1", "V1", "V4"):
        file.add_electrode(location=location, group=group)
    file.add_unit_column("quality", "label of the sorter")
    file.add_unit_column("area", "another name of the area")
    for number, electrodes in enumerate(([0], [0, 1], [2], [1, 2])):
        where = {"electrodes": electrodes} if with_electrodes else {}
        file.add_unit(
            id=100 + number,
            spike_times=np.array(SPIKES) if number == 0 else np.array(SPIKES[:2]),
            quality="noise" if number == 1 else "good",
            area=f"area {number}",
            **where,
        )
    scenes = pynwb.epoch.TimeIntervals(name=intervals, description="presentations of images")
    scenes.add_column("image", "file name")
    scenes.add_column("frame", "number")
    for onset, image, frame in PRESENTATIONS:
        scenes.add_row(start_time=onset, stop_time=onset + 0.25, image=image, frame=frame)
        file.add_trial(start_time=onset, stop_time=onset + 0.25)
    file.add_time_intervals(scenes)
    with pynwb.NWBHDF5IO(path, "w") as written:
        written.write(file)
    return path


@pytest.fixture
def path(tmp_path):
    return session(tmp_path / "a.nwb")


def test_spikes_are_counted_from_the_start_and_up_to_the_end_of_the_window():
    onsets = np.array([onset for onset, _, _ in PRESENTATIONS])
    assert count_spikes(np.array(SPIKES), onsets, (0.05, 0.25)).tolist() == [1, 0, 2, 1, 0, 1]
    assert count_spikes(np.array(SPIKES), onsets, (0.0, 0.05)).tolist() == [0, 1, 0, 0, 0, 0]


def test_a_session_becomes_a_recording(path):
    recording = convert(path, **OPTIONS)
    assert recording.attrs["subject"] == "monkey_N"
    assert recording.attrs["measurement"] == "spikes"
    assert recording["response"].attrs["units"] == "spikes/s"
    # Unit 103 lies in two areas.
    assert recording["unit"].values.tolist() == ["100", "101", "102"]
    assert recording["area"].values.tolist() == ["V1", "V1", "V4"]
    for stimulus, responses in RESPONSES.items():
        trials = recording["trial_response"].sel(stimulus=stimulus, unit="100").values
        np.testing.assert_allclose(trials, [*responses, *[np.nan] * (3 - len(responses))])
        mean = recording["response"].sel(stimulus=stimulus, unit="100")
        assert mean == pytest.approx(np.mean(responses))


def test_units_are_chosen_by_quality_and_areas_by_a_column_of_units(path):
    recording = convert(path, **OPTIONS, quality="quality=good", area_column="area", subject="n")
    assert recording.attrs["subject"] == "n"
    assert recording["unit"].values.tolist() == ["100", "102", "103"]
    assert recording["area"].values.tolist() == ["area_0", "area_2", "area_3"]


@pytest.mark.parametrize(
    ("column", "name_format", "names"),
    [
        ("frame", "{}", ["0", "1"]),
        ("frame", "scene_{:03d}.png", ["scene_000.png", "scene_001.png"]),
        ("image", "faces/{}", ["faces/a.png", "faces/b.png"]),
    ],
)
def test_stimuli_are_named_after_the_image_column(path, column, name_format, names):
    options = {**OPTIONS, "image_column": column}
    recording = convert(path, **options, name_format=name_format)
    assert recording["stimulus"].values.tolist() == names


WRONG = {
    "intervals": ({"intervals": "x"}, "a.nwb: found no intervals 'x', expected one of scenes, tri"),
    "column": ({"image_column": "x"}, "a.nwb scenes: found no column 'x', expected one of start"),
    "image": (
        {"intervals": "trials", "image_column": "tags"},
        "a.nwb trials: found no column 'tags', expected one of start_time, stop_time",
    ),
    "area": ({"area_column": "x"}, "a.nwb electrodes: found no column 'x', expected one of "),
    "ragged": ({"area_column": "spike_times"}, "units spike_times: found no plain column"),
    "quality": ({"quality": "x=good"}, "a.nwb units: found no column 'x', expected one of "),
    "none": (
        {"quality": "quality=best"},
        "a.nwb: found none of 4 units in one area and with quality=best, expected some",
    ),
    "window": ({"window": (0.2, 0.1)}, "option --window: found 0.2 to 0.1, expected a start befo"),
    "format": (
        {"name_format": "{:03d}"},
        r"option --name-format: found '\{:03d\}' \(Unknown format code 'd' .*\), expected a format "
        "for 'a.png', such as {}.png",
    ),
}


@pytest.mark.parametrize(("changes", "sentence"), WRONG.values(), ids=WRONG)
def test_what_does_not_fit_ends_in_a_sentence(path, changes, sentence):
    with pytest.raises(InputError, match=sentence) as caught:
        convert(path, **{**OPTIONS, **changes})
    assert "\n" not in str(caught.value)


def test_a_file_without_subject_or_areas_ends_in_a_sentence(tmp_path):
    path = session(tmp_path / "a.nwb", with_subject=False, with_electrodes=False)
    with pytest.raises(InputError, match="a.nwb: found no subject, expected one, or the option"):
        convert(path, **OPTIONS)
    with pytest.raises(InputError, match="expected the column 'location' of units, or electrodes"):
        convert(path, **OPTIONS, subject="n")


def test_what_is_no_nwb_file_ends_in_a_sentence(tmp_path):
    with pytest.raises(InputError, match=r"none.nwb: found no file, expected an NWB file"):
        convert(tmp_path / "none.nwb", **OPTIONS)
    (tmp_path / "a.nwb").write_text("text")
    with pytest.raises(InputError, match=r"a.nwb: found no readable NWB file \(.*\), expected"):
        convert(tmp_path / "a.nwb", **OPTIONS)


def test_without_pynwb_the_sentence_says_how_to_get_it(path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pynwb", None)
    with pytest.raises(InputError, match="package pynwb: found no such package, expected it insta"):
        convert(path, **OPTIONS)


def test_the_command_writes_a_recording(path, tmp_path):
    command = [sys.executable, "-m", "workflow_scripts.brains.converters.nwb", path]
    command += ["--intervals", "scenes", "--image-column", "image", "--window", "0.05", "0.25"]
    command += ["--data-kind", "recorded", "--output", tmp_path / "monkeys/n.nc"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines() == [
        "1 of 6 intervals are without an image",
        "left out 1 of 4 units",
        "subject 'monkey N' is called 'monkey_N'",
        f"{tmp_path}/monkeys/n.nc: 2 stimuli, up to 3 trials, 3 units (2 V1, 1 V4)",
    ]
    with xr.open_dataset(tmp_path / "monkeys/n.nc", engine="h5netcdf") as data:
        assert data["area"].values.tolist() == ["V1", "V1", "V4"]
        assert json.loads(data.attrs["library_versions"])["pynwb"] == pynwb.__version__
