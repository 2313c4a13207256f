"""A lab's own recordings: checked on the command line, and run as one more subject."""

import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import xarray as xr
import yaml

from tests.brains.examples import (
    N_STIMULI,
    simulated_recording,
    simulated_responses,
    write,
)
from tests.harness.workflow import job_counts
from workflow_scripts.brains.from_array import make_recording
from workflow_scripts.brains.own_recordings import check_own_responses
from workflow_scripts.brains.own_responses import choose_brain
from workflow_scripts.common.config import read_config
from workflow_scripts.common.errors import InputError

ROOT = Path(__file__).parents[2]
# The mini configuration has two areas.
MINI_AREAS = ["VISp", "VISp", "VISl", "VISp", "VISl"]


@pytest.fixture
def configfile(tmp_path):
    """The default configuration with as many scenes as the recordings here have images."""
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump({"brains": {"mouse": {"n_scenes": N_STIMULI}}}))
    return str(path)


def test_the_command_line_names_what_is_wrong_and_fails(tmp_path, configfile):
    good = write(simulated_recording(), tmp_path / "good.nc")
    bad = simulated_recording().assign_attrs(session_id="other", data_kind="guessed")
    bad = write(bad, tmp_path / "bad.nc")

    def run(*files):
        command = [sys.executable, "-m", "workflow_scripts.brains.own_responses", *files]
        command += ["--configfile", configfile]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert not done.stderr
        return done.returncode, done.stdout.splitlines()

    ok = f"{good}: ok: own_1, simulated, 12 stimuli, 5 units (3 VISp, 1 VISl, 1 VISam)"
    assert run(good) == (0, [ok])
    assert run(good, "--brain", "mouse") == (0, [ok])
    wrong = f"{bad}: found data_kind 'guessed', expected recorded or simulated"
    assert run(good, bad) == (1, [ok, wrong])


def test_a_run_is_refused_for_the_first_wrong_recording(tmp_path, configfile):
    brain = read_config([configfile]).brains["mouse"]
    good = write(simulated_recording(), tmp_path / "good.nc")
    check_own_responses("mouse", brain, [good])
    taken = write(simulated_recording("900001"), tmp_path / "taken.nc")
    expected = "taken.nc: found session_id '900001', as in config brains.mouse.sessions, expected"
    with pytest.raises(InputError, match=expected):
        check_own_responses("mouse", brain, [good, taken])


def test_single_trials_are_checked_where_the_noise_is_corrected(tmp_path, configfile):
    brain = read_config([configfile]).brains["mouse"]
    path = write(simulated_recording().drop_vars("trial_rate"), tmp_path / "own.nc")
    check_own_responses("mouse", brain, [path])
    corrected = brain.model_copy(update={"noise_correction": 2})
    expected = "own.nc: found no variable 'trial_rate', expected one, for config brains.mouse.noise"
    with pytest.raises(InputError, match=expected):
        check_own_responses("mouse", corrected, [path])


def test_one_brain_needs_no_name_and_several_do(configfile):
    one = read_config([configfile])
    two = one.model_copy(update={"brains": {**one.brains, "macaque": one.brains["mouse"]}})
    assert choose_brain(one, None) == "mouse"
    assert choose_brain(two, "macaque") == "macaque"
    expected = "option --brain: found no name, expected one of config brains, which has mouse, mac"
    with pytest.raises(InputError, match=expected):
        choose_brain(two, None)
    with pytest.raises(InputError, match="option --brain: found 'cat', expected one of .* mouse$"):
        choose_brain(one, "cat")


@pytest.fixture(scope="module")
def beside(finished):
    """The finished copy with another working directory: its mice and a recording of a lab.

    The lab's subject has the trials of the simulated session 900001 without the first four, and is
    called recorded, to see what becomes of a mixed brain.
    """
    folder = finished.folder / "beside"
    shutil.copytree(finished.folder / "results/brains", folder / "results/brains")
    session = xr.open_dataset(folder / "results/brains/mouse/recordings/900001.nc")
    seconds = session.attrs["window_stop_s"] - session.attrs["window_start_s"]
    responses = session["spike_count"].values[:, 4:] / seconds
    recording = make_recording(responses, session["area"].values, "own_1", "recorded")
    write(recording, folder / "own/b.nc")
    settings = {"brains": {"mouse": {"own_responses": "own"}}}
    (finished.folder / "own.yaml").write_text(yaml.safe_dump(settings))
    return folder


SHARD = "results/scores/brain/mouse/ridge_post/VISp.nc"


def run(finished):
    return finished.snakemake("--directory", "beside", SHARD, configfiles=["own.yaml"])


def plan(finished, *arguments, check=True):
    arguments = ("--directory", "beside", SHARD, *arguments)
    return finished.dry_run(*arguments, configfiles=["own.yaml"], check=check)


def test_an_own_file_runs_as_one_more_subject(finished, beside):
    output = run(finished)
    assert "align_brain" in output and "extract_responses" not in output
    scores = xr.open_dataset(beside / SHARD)
    subjects = scores["target_subject"].values.reshape(4, 2)
    assert subjects[:, 0].tolist() == ["900001", "900002", "900003", "own_1"]
    assert (scores["verdict"] == "ok").all()
    # Session 900001 and the lab's subject share trials, so that each predicts the other best.
    same = scores["target_part"].values == "VISp"
    best = scores["split_score"].mean("split").values[same].argsort()[-2:]
    assert sorted(best) == [0, 3]
    assert scores.attrs["data_kind"] == "simulated"


def test_another_file_reruns_what_depends_on_it(finished, beside):
    run(finished)
    assert "Nothing to be done" in plan(finished)
    recording = simulated_recording("own_2", MINI_AREAS, n_stimuli=60)
    path = write(recording, beside / "own/a.nc")
    try:
        output = plan(finished, "-q", "rules")
    finally:
        path.unlink()
    assert job_counts(output) == {"align_brain": 1}


def test_a_wrong_own_file_ends_in_one_sentence_before_anything_runs(finished, beside):
    recording = simulated_recording("own_2")
    path = write(recording, beside / "own/a.nc")
    try:
        output = plan(finished, check=False)
    finally:
        path.unlink()
    assert "own/a.nc: found 12 stimulus ids, expected 60, one for each image of the brain" in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("mouse", "described"),
    [
        ({}, "mouse: 3 simulated subjects and 1 recorded subject"),
        (
            {"source": "directory", "directory": ".", "sessions": []},
            "mouse: 2 recorded subjects",
        ),
    ],
)
def test_subjects_are_called_what_they_are(finished, beside, mouse, described):
    """Recorded subjects among simulated ones stay recorded, and simulated ones stay simulated."""
    shutil.copytree(finished.folder / "results/tables", beside / "results/tables")
    if mouse:
        # Candidates see the images that the subjects saw; nothing of this test reads them.
        (beside / "natural_scene_templates").mkdir()
        recording = make_recording(simulated_responses(60), MINI_AREAS, "own_2", "recorded")
        write(recording, beside / "own/a.nc")
    (finished.folder / "described.yaml").write_text(yaml.safe_dump({"brains": {"mouse": mouse}}))
    claims = "results/tables/claims.csv"
    try:
        finished.snakemake(
            *(
                "--directory",
                "beside",
                claims,
                "--allowed-rules",
                "check_claims",
                "summarise_brain",
            ),
            *("--forcerun", "summarise_brain"),
            configfiles=["own.yaml", "described.yaml"],
        )
        table = pd.read_csv(beside / claims)
    finally:
        shutil.rmtree(beside / "results/tables")
        (beside / "own/a.nc").unlink(missing_ok=True)
    assert set(table.loc[table["population"] == "mouse", "data"]) == {described}
