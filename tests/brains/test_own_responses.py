"""A lab's own recordings: what is wrong with one is named, what is right runs as one more mouse."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml

from workflow_scripts.brains.own_responses import make_recording
from workflow_scripts.brains.recording import AREAS, check_recording
from workflow_scripts.brains.reliability import split_half_reliability
from workflow_scripts.brains.subjects import read_mice, read_mouse
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import write_netcdf
from workflow_scripts.common.random_streams import generator

ROOT = Path(__file__).parents[2]
N_STIMULI, N_TRIALS, N_UNITS = 12, 6, 5
UNIT_AREAS = ["VISp", "VISp", "VISl", "VISp", "VISam"]


def simulated_responses(n_stimuli=N_STIMULI):
    """Spikes/s (stimulus, trial, unit) of units that prefer different stimuli, two trials lost."""
    random = np.random.default_rng(0)
    means = 20 * random.gamma(1, size=(n_stimuli, 1, N_UNITS))
    responses = random.poisson(0.2 * means, size=(n_stimuli, N_TRIALS, N_UNITS)) / 0.2
    responses[3, 1], responses[7, 5, 2] = np.nan, np.nan
    return responses


def simulated_recording(name="own_1", **options):
    return make_recording(simulated_responses(**options), UNIT_AREAS, name, "simulated")


def write(data, path):
    write_netcdf(data, path)
    return path


def check(path, n_stimuli=N_STIMULI, min_reliability=0.5, subjects=None):
    return check_recording(path, n_stimuli, min_reliability, {} if subjects is None else subjects)


@pytest.mark.parametrize("min_reliability", [None, 0.5])
def test_an_array_comes_back_as_profiles_in_hz(tmp_path, min_reliability):
    responses = simulated_responses()
    path = write(simulated_recording(), tmp_path / "own.nc")
    mouse, recording = read_mouse(path, ["VISp", "VISl"], min_reliability, N_STIMULI, "ccn25", {})
    reliability = split_half_reliability(responses, 100, generator(0, "own_responses", "own_1"))
    kept = np.ones(N_UNITS, bool) if min_reliability is None else reliability >= min_reliability
    assert recording.data_kind == "simulated"
    for area in ("VISp", "VISl"):
        chosen = kept & (np.array(UNIT_AREAS) == area)
        assert chosen.any()
        assert (mouse[area].subject, mouse[area].part) == ("own_1", area)
        np.testing.assert_array_equal(mouse[area].values, np.nanmean(responses, axis=1)[:, chosen])


def test_a_mouse_of_unreliable_units_loses_them_as_a_session_does(tmp_path):
    responses = np.random.default_rng(0).poisson(3, size=(N_STIMULI, N_TRIALS, 2)).astype(float)
    responses[:, :, 1] = 0
    path = write(make_recording(responses, ["VISp"] * 2, "noise", "simulated"), tmp_path / "own.nc")
    assert np.isnan(check(path).reliability[1])
    mouse, _ = read_mouse(path, ["VISp"], 0.9, N_STIMULI, "ccn25", {})
    assert mouse["VISp"].values.shape == (N_STIMULI, 0)


def test_single_trials_need_no_reliability_where_units_are_not_chosen_by_it(tmp_path):
    responses = np.nanmean(simulated_responses(), axis=1, keepdims=True)
    path = write(make_recording(responses, UNIT_AREAS, "own", "simulated"), tmp_path / "own.nc")
    assert check(path, min_reliability=None).reliability is None
    with pytest.raises(InputError, match=r"has no variable 'reliability', .* mouse.min_reliab"):
        check(path)


def test_a_mouse_among_recorded_ones_that_is_simulated_makes_all_of_it_simulated(tmp_path):
    recorded = make_recording(simulated_responses(), UNIT_AREAS, "recorded", "recorded")
    recorded = write(recorded, tmp_path / "recorded.nc")
    simulated = write(simulated_recording(), tmp_path / "simulated.nc")
    another = make_recording(simulated_responses(), UNIT_AREAS, "another", "recorded")
    another = write(another, tmp_path / "another.nc")
    settings = (["VISp"], None, N_STIMULI, "ccn25")
    assert read_mice([recorded, another], *settings)[1] == "recorded"
    assert read_mice([recorded, simulated], *settings)[1] == "simulated"


def test_a_recording_without_bins_is_refused_where_they_are_needed(tmp_path):
    path = write(simulated_recording(), tmp_path / "own.nc")
    with pytest.raises(
        InputError, match=r"own.nc: has no variable 'bin_rate', expected it for mouse.preset"
    ):
        read_mouse(path, ["VISp"], None, N_STIMULI, "nayebi", {})


def changed(name, index, value):
    """Edit one value of a variable or coordinate."""

    def edit(data):
        values = data[name].values.copy()
        if values.dtype.kind == "U":
            values = values.astype(object)
        values[index] = value
        return data.assign_coords({name: (data[name].dims, values)})

    return edit


def typed(name, dtype):
    return lambda data: data.assign_coords({name: data[name].astype(dtype)})


def without_attribute(data, name):
    data = data.copy()
    del data.attrs[name]
    return data


WRONG = {
    "no rate": (lambda d: d.drop_vars("rate"), "has no variable 'rate', expected rate, stimulus"),
    "no stimulus": (lambda d: d.drop_vars("stimulus"), "has no variable 'stimulus', expected"),
    "no unit": (lambda d: d.drop_vars("unit"), "has no variable 'unit', expected rate, stimulus"),
    "no area": (lambda d: d.drop_vars("area"), "has no variable 'area', expected rate, stimulus"),
    "no reliability": (
        lambda d: d.drop_vars("reliability"),
        "has no variable 'reliability', expected rate, stimulus, unit, area, reliability (for "
        "mouse.min_reliability)",
    ),
    "dimensions": (
        lambda d: d.assign(rate=d["rate"].T),
        "rate has dimensions (unit, stimulus), expected (stimulus, unit)",
    ),
    "other dimensions": (
        lambda d: d.rename(stimulus="image"),
        "has no variable 'stimulus', expected",
    ),
    "dimensions of area": (
        lambda d: d.drop_vars("area").assign(area=("stimulus", ["VISp"] * N_STIMULI)),
        "area has dimensions (stimulus), expected (unit)",
    ),
    "type of rate": (typed("rate", int), "rate is of type int64, expected floating-point numbers"),
    "type of stimulus": (
        typed("stimulus", float),
        "stimulus is of type float64, expected integers",
    ),
    "type of unit": (typed("unit", float), "unit is of type float64, expected integers or text"),
    "type of area": (
        lambda d: d.assign_coords(area=("unit", np.arange(N_UNITS))),
        "area is of type int64, expected text",
    ),
    "type of reliability": (
        lambda d: d.assign_coords(reliability=("unit", ["high"] * N_UNITS)),
        "reliability is of type object, expected floating-point numbers",
    ),
    "too few stimuli": (
        lambda d: d.isel(stimulus=slice(1, None)),
        "stimulus holds 11 ids, expected 12, one for each scene",
    ),
    "ids from one": (
        lambda d: d.assign_coords(stimulus=d["stimulus"] + 1),
        "stimulus holds 1 at position 0, expected the scenes 0 to 11 in order",
    ),
    "ids in another order": (
        lambda d: d.isel(stimulus=[0, 1, 3, 2, *range(4, N_STIMULI)]),
        "stimulus holds 3 at position 2, expected the scenes 0 to 11 in order",
    ),
    "negative rate": (
        changed("rate", (4, 2), -1.0),
        "rate is -1.0 for unit 2 at stimulus 4, expected a finite number of spikes/s, 0 at least",
    ),
    "infinite rate": (changed("rate", (4, 2), np.inf), "rate is inf for unit 2 at stimulus 4"),
    "NaN": (changed("rate", (4, 2), np.nan), "rate is nan for unit 2 at stimulus 4, expected"),
    "infinite reliability": (
        changed("reliability", 1, np.inf),
        "reliability is infinite for unit 1, expected a number of at most 1, or NaN",
    ),
    "no area of a unit": (changed("area", 3, ""), "area is empty for unit 3, expected one of VISp"),
    "area as characters": (
        lambda d: d.assign_coords(area=("unit", [b"VISp"] * N_UNITS)),
        "area has dimensions (unit, string4), expected (unit)",
    ),
    "unknown area": (changed("area", 3, "V1"), "area is V1 for unit 3, expected one of VISp, VISl"),
    "unit ids": (changed("unit", 3, 0), "unit holds 0 2 times, expected each id once"),
    "no data_kind": (
        lambda d: without_attribute(d, "data_kind"),
        "has no attribute 'data_kind', expected session_id, data_kind",
    ),
    "no session_id": (
        lambda d: without_attribute(d, "session_id"),
        "has no attribute 'session_id', expected session_id, data_kind",
    ),
    "data_kind": (
        lambda d: d.assign_attrs(data_kind="networks"),
        "data_kind is 'networks', expected recorded or simulated",
    ),
    "name of the pool": (
        lambda d: d.assign_attrs(session_id="pool"),
        "session_id is 'pool', expected a name of letters",
    ),
    "name of a network": (
        lambda d: d.assign_attrs(session_id="alexnet/0"),
        "session_id is 'alexnet/0', expected a name of letters",
    ),
    "name of another": (
        lambda d: d.assign_attrs(session_id=900001),
        "session_id is '900001', as in mouse.sessions, expected a name that no other mouse has",
    ),
}


@pytest.mark.parametrize(("edit", "sentence"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named(tmp_path, edit, sentence):
    path = write(edit(simulated_recording()), tmp_path / "own.nc")
    with pytest.raises(InputError) as error:
        check(path, subjects={"900001": "mouse.sessions"})
    assert str(error.value).startswith(f"{path}: {sentence}")
    assert "\n" not in str(error.value)


def test_text_and_numbers_name_units_and_more_than_the_form_is_left_alone(tmp_path):
    data = simulated_recording().assign_coords(unit=[f"probe_a-{n}" for n in range(N_UNITS)])
    counts = np.full((N_STIMULI, N_TRIALS, N_UNITS), -1, np.int16)
    data = data.assign(spike_count=(("stimulus", "trial", "unit"), counts))
    assert check(write(data, tmp_path / "own.nc")).subject == "own_1"


def test_a_file_that_is_no_netcdf_is_named(tmp_path):
    (tmp_path / "own.nc").write_text("rate")
    with pytest.raises(InputError, match="own.nc: found no readable netCDF-4 file"):
        check(tmp_path / "own.nc")


def test_two_mice_of_one_name_are_refused_by_the_reader(tmp_path):
    paths = [write(simulated_recording(), tmp_path / name) for name in ("a.nc", "b.nc")]
    with pytest.raises(InputError, match=r"b.nc: session_id is 'own_1', as in .*a.nc, expected"):
        read_mice(paths, ["VISp"], None, N_STIMULI, "ccn25")


@pytest.mark.parametrize(
    ("responses", "areas", "sentence"),
    [
        (np.ones((4, 2)), ["VISp"] * 2, "found shape (4, 2) and 2 areas, expected (stimulus,"),
        (np.ones((4, 3, 2)), ["VISp"], "found shape (4, 3, 2) and 1 areas, expected (stimulus,"),
        (-np.ones((4, 3, 1)), ["VISp"], "found -1.0 at (stimulus, trial, unit) (0, 0, 0)"),
        (np.full((4, 3, 1), np.inf), ["VISp"], "found inf at (stimulus, trial, unit) (0, 0, 0)"),
        (
            np.where(np.arange(12).reshape(4, 3, 1) < 10, 1.0, np.nan),
            ["VISp"],
            "found 1 trials of stimulus 3 for unit 0, expected 2 at least",
        ),
        (
            np.where(np.arange(4).reshape(4, 1, 1) < 3, 1.0, np.nan),
            ["VISp"],
            "found 0 trials of stimulus 3 for unit 0, expected 1 at least",
        ),
    ],
)
def test_an_array_that_does_not_fit_is_named(responses, areas, sentence):
    with pytest.raises(InputError) as error:
        make_recording(responses, areas, "own", "simulated")
    assert str(error.value).startswith(f"responses: {sentence}")


def test_the_areas_are_those_of_the_configuration():
    schema = yaml.safe_load((ROOT / "rules/schemas/config.schema.yaml").read_text())
    assert list(AREAS) == schema["properties"]["mouse"]["properties"]["areas"]["items"]["enum"]


def test_the_command_line_names_what_is_wrong_and_fails(tmp_path):
    good = write(simulated_recording(), tmp_path / "good.nc")
    bad = simulated_recording().assign_attrs(session_id="other", data_kind="guessed")
    bad = write(bad, tmp_path / "bad.nc")
    (tmp_path / "mine.yaml").write_text(f"mouse: {{n_scenes: {N_STIMULI}}}")

    def run(*files):
        command = [sys.executable, "-m", "workflow_scripts.brains.own_responses", *files]
        command += ["--configfile", tmp_path / "mine.yaml"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert not done.stderr
        return done.returncode, done.stdout.splitlines()

    ok = f"{good}: ok: own_1, simulated, 12 stimuli, 5 units (3 VISp, 1 VISl, 1 VISam)"
    assert run(good) == (0, [ok])
    wrong = f"{bad}: data_kind is 'guessed', expected recorded or simulated"
    assert run(good, bad) == (1, [ok, wrong])


@pytest.fixture(scope="module")
def beside(finished):
    """The finished copy with another working directory, which holds its mice and own recordings.

    The own mouse has the trials of the simulated session 900001 without the first four, and is
    called recorded, to see what becomes of a mixed population.
    """
    folder = finished.folder / "beside"
    shutil.copytree(finished.folder / "results/mouse", folder / "results/mouse")
    session = xr.open_dataset(folder / "results/mouse/sessions/900001.nc")
    seconds = session.attrs["window_stop_s"] - session.attrs["window_start_s"]
    responses = session["spike_count"].values[:, 4:] / seconds
    recording = make_recording(responses, session["area"].values, "own_1", "recorded")
    write(recording, folder / "own/b.nc")
    settings = {"mouse": {"own_responses": "own"}}
    (finished.folder / "own.yaml").write_text(yaml.safe_dump(settings))
    return folder


def run(finished, *arguments, target="results/scores/mouse/ridge_post/VISp.nc"):
    arguments = ("--directory", "beside", target, *arguments)
    return finished.snakemake(*arguments, configfiles=["own.yaml"], check=False)


def test_an_own_file_runs_as_one_more_mouse(finished, beside):
    output = run(finished)
    assert "align_mice" in output and "extract_responses" not in output
    scores = xr.open_dataset(beside / "results/scores/mouse/ridge_post/VISp.nc")
    subjects = scores["target_subject"].values.reshape(4, 2)
    assert subjects[:, 0].tolist() == ["900001", "900002", "900003", "own_1"]
    assert (scores["verdict"] == "ok").all()
    # Session 900001 and the own mouse share trials, so that each predicts the other best.
    same = scores["target_part"].values == "VISp"
    best = scores["score"].mean("split").values[same].argsort()[-2:]
    assert sorted(best) == [0, 3]
    assert scores.attrs["data_kind"] == "simulated"


def test_another_file_reruns_what_depends_on_it(finished, beside):
    run(finished)
    assert "Nothing to be done" in run(finished, "-n")
    recording = simulated_recording("own_2", n_stimuli=60)
    path = write(recording, beside / "own/a.nc")
    try:
        output = run(finished, "-n", "-q", "rules")
    finally:
        path.unlink()
    # A dry-run prints its table twice.
    rows = set(re.findall(r"^([a-z_]+) +(\d+)$", output, re.MULTILINE))
    assert rows == {("align_mice", "1"), ("total", "1")}


def test_a_wrong_own_file_ends_in_one_sentence_before_anything_runs(finished, beside):
    recording = simulated_recording("own_2")
    path = write(recording, beside / "own/a.nc")
    try:
        output = run(finished, "-n")
    finally:
        path.unlink()
    assert "own/a.nc: stimulus holds 12 ids, expected 60, one for each scene" in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("mouse", "described"),
    [
        ({}, "3 simulated mice and 1 recorded mouse"),
        (
            {"source": "directory", "directory": ".", "sessions": []},
            "2 recorded mice",
        ),
    ],
)
def test_mice_are_called_what_they_are(finished, beside, mouse, described):
    """Own recorded mice are not simulated beside simulated ones, nor do these become recorded."""
    shutil.copytree(finished.folder / "results/tables", beside / "results/tables")
    if mouse:
        recording = make_recording(simulated_responses(60), UNIT_AREAS, "own_2", "recorded")
        write(recording, beside / "own/a.nc")
    (finished.folder / "described.yaml").write_text(yaml.safe_dump({"mouse": mouse}))
    claims = "results/tables/claims.csv"
    try:
        finished.snakemake(
            *("--directory", "beside", claims, "--allowed-rules", "check_claims", "summarise_mice"),
            *("--forcerun", "summarise_mice"),
            configfiles=["own.yaml", "described.yaml"],
        )
        table = pd.read_csv(beside / claims)
    finally:
        shutil.rmtree(beside / "results/tables")
        (beside / "own/a.nc").unlink(missing_ok=True)
    assert set(table.loc[table["population"] == "mice", "data"]) == {described}
