"""Responses read by AllenSDK are the spikes that were written, and bad files are named.

Files are written in the main environment and read in the isolated one, as in the workflow.
"""

import json
import subprocess
from dataclasses import replace
from functools import partial

import h5py
import numpy as np
import pytest
import xarray as xr

from workflow_scripts.brains.allen.nwb import write_session
from workflow_scripts.brains.presets import reliable_rates
from workflow_scripts.brains.recording import read_labels
from workflow_scripts.brains.simulated.simulation import Simulation, simulate
from workflow_scripts.brains.subjects import Filters, read_subject
from workflow_scripts.common.stimuli import Stimuli

N_SCENES = 12
DRIVER = "workflow_scripts.brains.allen.extract_responses"
# A process that has imported AllenSDK, which takes longer than the extraction of a small session,
# and runs the driver in forks: with these arguments, printing to this file. The rule starts it in a
# process of its own, as in every whole run of the workflow.
FORKS = f"""
import json, os, runpy, sys
import allensdk.brain_observatory.ecephys.ecephys_session

for line in sys.stdin:
    arguments, printed = json.loads(line)
    if not (child := os.fork()):
        file = os.open(printed, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for number in (1, 2):
            os.dup2(file, number)
        sys.argv[1:] = arguments
        runpy.run_module({DRIVER!r}, run_name="__main__", alter_sys=True)
        sys.exit()
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
WINDOW = (0.04, 0.25)
QUALITY = {
    "isi_violations_maximum": 0.5,
    "amplitude_cutoff_maximum": 0.1,
    "presence_ratio_minimum": 0.95,
}
SIMULATION = Simulation(
    seed=0,
    session=900001,
    units_per_area=[6, 8],
    n_trials=6,
    max_dimensions=3,
    spectrum="cortex",
    mean_rate_hz=10.0,
    gain=2.0,
)


@pytest.fixture(scope="module")
def contents():
    """A simulated session: two areas, twelve scenes, six trials, one unit on each threshold."""
    layers = {
        area: np.random.default_rng(number).normal(size=(N_SCENES, 10))
        for number, area in enumerate(("VISp", "VISl"))
    }
    contents = simulate(layers, SIMULATION)
    units = contents.units
    units["quality"] = "good"
    for metric, value in (("isi_violations", 0.1), ("amplitude_cutoff", 0.01)):
        units[metric] = value
    units["presence_ratio"] = 0.99
    units.loc[0, ["isi_violations", "amplitude_cutoff", "presence_ratio"]] = [0.5, 0.1, 0.95]
    units.loc[1, "presence_ratio"] = 0.92
    units.loc[2, "quality"] = "noise"
    return contents


@pytest.fixture(scope="module")
def session_file(contents, tmp_path_factory):
    path = tmp_path_factory.mktemp("nwb") / "session.nwb"
    write_session(path, contents, notes="{}")
    return path


def arguments(folder, path, **changes):
    """What the rule tells the extraction of a session; its output is in the folder."""
    settings = {
        "brain": "mouse",
        "session": 900001,
        "areas": ["VISp", "VISl"],
        "preset": "ccn25",
        "window_s": WINDOW,
        "quality": QUALITY,
        "min_trials": 2,
        "n_halves": 20,
        "n_scenes": N_SCENES,
        "seed": 0,
        **changes,
    }
    options = {"nwb": path, "settings": json.dumps(settings), "log": folder / "log"}
    options["output"] = folder / "responses.nc"
    return [str(text) for name, value in options.items() for text in (f"--{name}", value)]


@pytest.fixture(scope="module")
def extract_into(allensdk_python, workflow, tmp_path_factory):
    """Run the extraction in a fork; the output's path, the exit status and what was printed."""
    home = tmp_path_factory.mktemp("home")
    with subprocess.Popen(
        [allensdk_python, "-c", FORKS],
        cwd=workflow.folder,
        env={"PYTHONPATH": str(workflow.folder), "HOME": str(home)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as forks:

        def run(folder, path, **changes):
            printed = folder / "printed"
            request = [arguments(folder, path, **changes), str(printed)]
            print(json.dumps(request), file=forks.stdin, flush=True)
            status = int(forks.stdout.readline())
            done = subprocess.CompletedProcess(request, status, stderr=printed.read_text())
            return folder / "responses.nc", done

        yield run
        forks.stdin.close()


@pytest.fixture
def extract(extract_into, tmp_path):
    return partial(extract_into, tmp_path)


@pytest.fixture(scope="module")
def untouched(session_file):
    """Time and content of the session's file before anything has read it."""
    return session_file.stat().st_mtime_ns, session_file.read_bytes()


@pytest.fixture(scope="module")
def extracted(extract_into, session_file, untouched, tmp_path_factory):
    """Responses in the session as it is."""
    output, done = extract_into(tmp_path_factory.mktemp("extracted"), session_file)
    assert done.returncode == 0, done.stderr
    return xr.load_dataset(output)


def test_counts_are_those_that_were_written(extracted, contents):
    units = contents.units.set_index("id")
    scenes = contents.presentations["natural_scenes"]
    gap_start, gap_stop, _ = contents.invalid_times[0]
    valid = scenes[(scenes["stop_time"] < gap_start) | (scenes["start_time"] > gap_stop)]
    assert len(valid) < len(scenes)
    for unit in extracted["unit"].values:
        times = contents.spike_times[units.index.get_loc(unit)]
        for scene in range(N_SCENES):
            starts = valid.loc[valid["frame"] == scene, "start_time"]
            expected = [
                ((times >= start + WINDOW[0]) & (times <= start + WINDOW[1])).sum()
                for start in starts
            ]
            of_scene = extracted.sel(unit=unit, stimulus=f"natural_scene_{scene}.tiff")
            counts = of_scene["spike_count"].values
            assert sorted(counts[~np.isnan(counts)]) == sorted(expected)
            assert of_scene["response"].item() == pytest.approx(np.mean(expected) / 0.21)
    assert extracted.attrs["data_kind"] == "simulated"


def test_masked_presentations_are_missing_and_not_zero(extracted, contents):
    scenes = contents.presentations["natural_scenes"]
    shown = scenes.loc[scenes["frame"] >= 0]
    missing = int(len(shown) - extracted["n_trials"].sum())
    assert missing > 0
    assert int(extracted["spike_count"].isnull().sum()) == missing * extracted.sizes["unit"]


def test_units_on_a_threshold_stay_and_those_beyond_go(extracted, contents):
    found = set(extracted["unit"].values)
    ids = contents.units["id"].to_numpy()
    assert ids[0] in found
    assert ids[1] not in found
    assert ids[2] not in found


def test_areas_and_reliability_are_stored(extracted):
    assert set(extracted["area"].values) == {"VISp", "VISl"}
    assert extracted["reliability"].max() <= 1
    assert extracted["reliability"].median() > 0.2


def test_bins_add_up_to_the_window(extract, session_file):
    """Counts in bins of 10 ms, as preset nayebi wants them, and in one bin."""
    whole = xr.load_dataset(extract(session_file, window_s=[0, 0.25])[0])
    output, done = extract(session_file, window_s=[0, 0.25], preset="nayebi")
    assert done.returncode == 0, done.stderr
    binned = xr.load_dataset(output)
    assert binned["bin_rate"].shape == (N_SCENES, 25, whole.sizes["unit"])
    assert binned["bin_start"].values == pytest.approx(0.01 * np.arange(25))
    np.testing.assert_array_equal(binned["spike_count"], whole["spike_count"])
    np.testing.assert_allclose(binned["response"], whole["response"])
    np.testing.assert_allclose(binned["bin_rate"].mean("bin"), whole["response"])
    np.testing.assert_array_equal(
        binned["reliability"], np.nanmax(binned["bin_reliability"], axis=0)
    )
    assert "bin_rate" not in whole
    of_area = binned["area"].values == "VISp"
    filters = Filters(["VISp", "VISl"], "nayebi", min_reliability=-1, min_units=1)
    # The stimuli that take part, in another order than in the file.
    rows = np.arange(N_SCENES)[::-2]
    names = binned["stimulus"].values[rows].astype(str)
    subject, labels, _ = read_subject(output, filters, "mouse", Stimuli(names, names))
    expected = reliable_rates(
        binned["bin_rate"].values[rows][..., of_area], binned["bin_reliability"].values[:, of_area]
    )
    assert expected.shape[1] > 0
    np.testing.assert_array_equal(subject["VISp"].values, expected)
    assert labels.data_kind == "simulated"


def test_the_file_is_only_read(extracted, session_file, untouched):
    assert (session_file.stat().st_mtime_ns, session_file.read_bytes()) == untouched


def test_units_are_counted_before_and_after_each_filter(extract, session_file, contents):
    output, _ = extract(session_file, areas=["VISl", "VISp", "VISam"])
    found = xr.open_dataset(output)
    assert found["area_name"].values.tolist() == ["VISl", "VISp", "VISam"]
    locations = contents.electrodes.set_index("id")["location"]
    areas = contents.units["peak_channel_id"].map(locations)
    in_file = [int((areas == area).sum()) for area in ("VISl", "VISp", "VISam")]
    assert found["n_in_file"].values.tolist() == in_file
    assert min(in_file[:2]) >= 6
    # Units 1 and 2, of low quality, are in the first area that was simulated.
    assert found["n_after_quality"].values.tolist() == [in_file[0], in_file[1] - 2, 0]
    assert found["n_after_trials"].values.tolist() == [in_file[0], in_file[1] - 2, 0]
    assert (found.attrs["verdict"], found.attrs["reason"]) == ("ok", "")


@pytest.fixture
def changed_file(contents, tmp_path):
    """The same session with parts of it replaced, as a file."""

    def write(**changes):
        path = tmp_path / "changed.nwb"
        write_session(path, replace(contents, **changes), notes="{}")
        return path

    return write


def is_left_out(output, done, sentence):
    """Check that a session ended in a file without units that says why; the file's content."""
    assert done.returncode == 0, done.stderr
    found = xr.open_dataset(output)
    assert found.attrs["verdict"] == "skipped"
    assert sentence in found.attrs["reason"]
    assert sentence in done.stderr
    assert found.sizes["unit"] == 0
    assert found["response"].shape == (N_SCENES, 0)
    # It is a recording all the same.
    labels = read_labels(output)
    assert (labels.subject, labels.measurement, labels.units) == ("900001", "spikes", "spikes/s")
    assert found.attrs["data_kind"] == "simulated"
    return found


def test_a_scene_with_too_few_valid_repeats_leaves_the_session_out(extract, changed_file, contents):
    """Four of six presentations of scene 3 are gone."""
    scenes = contents.presentations["natural_scenes"]
    rows = scenes.index[scenes["frame"] == 3][:4]
    presentations = {**contents.presentations, "natural_scenes": scenes.drop(rows)}
    path = changed_file(presentations=presentations, invalid_times=())
    assert xr.open_dataset(extract(path)[0]).sizes["unit"] > 0
    found = is_left_out(
        *extract(path, min_trials=3), "1 scenes (first: scene 3, 2 times) have fewer than 3 valid"
    )
    assert found["n_trials"].values.tolist() == [6, 6, 6, 2] + [6] * 8
    assert found["n_after_quality"].sum() > 0
    assert found["n_after_trials"].values.tolist() == [0, 0]


def test_units_without_enough_trials_are_left_out_and_counted(extract, changed_file, contents):
    """One probe has no valid data in the presentations of one scene, the other one has."""
    scenes = contents.presentations["natural_scenes"]
    shown = scenes[scenes["frame"] == 3].iloc[:5]
    gaps = [(start + 0.1, start + 0.2, ["probeA"]) for start in shown["start_time"].sort_values()]
    output, done = extract(changed_file(invalid_times=gaps))
    assert done.returncode == 0, done.stderr
    found = xr.open_dataset(output)
    assert set(found["area"].values) == {"VISl"}
    assert found["n_after_quality"].values.min() > 0
    assert found["n_after_trials"].values.tolist() == [0, found.sizes["unit"]]
    assert found.attrs["verdict"] == "ok"


def test_a_session_without_natural_scenes_is_left_out(extract, changed_file, contents):
    """As the 26 sessions of the other stimulus set are."""
    presentations = dict(contents.presentations)
    del presentations["natural_scenes"]
    found = is_left_out(*extract(changed_file(presentations=presentations)), "no natural scenes")
    assert not found["n_trials"].any()
    assert found["n_in_file"].values.min() >= 6


def test_a_session_without_units_of_the_areas_is_left_out(extract, session_file):
    found = is_left_out(*extract(session_file, areas=["VISam"]), "has no unit in any of VISam")
    assert found["n_in_file"].values.tolist() == [0]


def test_a_session_without_units_of_quality_is_left_out(extract, changed_file, contents):
    path = changed_file(units=contents.units.assign(quality="noise"))
    found = is_left_out(*extract(path), "no unit in any of VISp, VISl passes quality control")
    assert found["n_in_file"].values.min() >= 6
    assert found["n_after_quality"].values.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"session": 7}, "found session 900001, expected session 7"),
        ({"n_scenes": 10}, "found frames [10, 11], expected 0 to 9 and the blank -1"),
    ],
)
def test_a_session_that_does_not_fit_is_named(extract, session_file, changes, sentence):
    output, done = extract(session_file, **changes)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert not output.exists()


def test_a_file_that_is_no_session_is_named(extract, session_file, tmp_path):
    truncated = tmp_path / "truncated.nwb"
    truncated.write_bytes(session_file.read_bytes()[:-1000])
    empty = tmp_path / "empty.nwb"
    h5py.File(empty, "w").close()
    for path, sentence in (
        (tmp_path / "none.nwb", "found no such file, expected the NWB file of session 900001"),
        (truncated, "found no whole HDF5 file"),
        (empty, "found no identifier"),
    ):
        _, done = extract(path)
        assert done.returncode == 1
        assert sentence in done.stderr
        assert path.name in done.stderr
