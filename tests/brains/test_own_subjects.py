"""A lab's own recordings run as more subjects of a brain, next to the sessions that it has."""

import shutil
from contextlib import chdir
from itertools import product

import pandas as pd
import pytest
import xarray as xr
import yaml

from tests.brains.examples import recording, simulated_responses, write
from tests.harness.mini import MINI
from tests.harness.workflow import job_counts
from workflow_scripts.alignment.plan import COLLECTED
from workflow_scripts.common.checksums import write_checksums

# The mini configuration has two areas.
MINI_AREAS = ["VISp", "VISp", "VISl", "VISp", "VISl"]
SCENES = [f"natural_scene_{number}.tiff" for number in range(60)]


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
    areas = session["area"].values
    write(recording(responses, areas, "own_1", SCENES, data_kind="recorded"), folder / "own/b.nc")
    settings = {"brains": {"mouse": {"recordings": "own"}}}
    (finished.folder / "own.yaml").write_text(yaml.safe_dump(settings))
    return folder


SHARD = "results/scores/brain/mouse/ridge_post/VISp.nc"


@pytest.fixture(scope="module")
def ran(finished, beside):
    """What Snakemake says when it has made one shard."""
    return finished.snakemake("--directory", "beside", SHARD, configfiles=["own.yaml"])


def plan(finished, *arguments, check=True):
    arguments = ("--directory", "beside", SHARD, *arguments)
    return finished.dry_run(*arguments, configfiles=["own.yaml"], check=check)


def test_an_own_file_runs_as_one_more_subject(beside, ran):
    assert "align_brain" in ran and "extract_responses" not in ran
    scores = xr.open_dataset(beside / SHARD)
    subjects = scores["target_subject"].values.reshape(4, 2)
    assert subjects[:, 0].tolist() == ["900001", "900002", "900003", "own_1"]
    assert (scores["verdict"] == "ok").all()
    # Session 900001 and the lab's subject share trials, so that each predicts the other best.
    same = scores["target_part"].values == "VISp"
    best = scores["split_score"].mean("split").values[same].argsort()[-2:]
    assert sorted(best) == [0, 3]
    assert scores.attrs["data_kind"] == "simulated"


def test_another_file_reruns_what_depends_on_it(finished, beside, ran):
    assert "Nothing to be done" in plan(finished)
    data = recording(simulated_responses(60), MINI_AREAS, "own_2", SCENES)
    path = write(data, beside / "own/a.nc")
    try:
        output = plan(finished, "-q", "rules")
    finally:
        path.unlink()
    assert job_counts(output) == {"import_recording": 1, "list_stimuli": 1, "align_brain": 1}


def test_a_wrong_own_file_ends_in_one_sentence_before_anything_runs(finished, beside):
    path = write(recording(simulated_responses(60), subject="own_2"), beside / "own/a.nc")
    try:
        output = plan(finished, check=False)
    finally:
        path.unlink()
    expected = (
        "config brains.mouse.recordings: found 0 stimuli that all 3 subjects saw; not among them "
        "is 'faces/0.png' of own_2, expected at least 10 with the same names"
    )
    assert expected in output
    assert "Traceback" not in output


@pytest.fixture(scope="module")
def described(finished, beside):
    """What claims say of the subjects of two brains, by their names.

    A lab's recordings are one subject among simulated ones, and a brain of their own, with the
    scores of the mice. Only the predictivities of brains are compared.
    """
    shutil.copytree(beside / "own", beside / "lab")
    data = recording(simulated_responses(60), MINI_AREAS, "own_2", SCENES, data_kind="recorded")
    write(data, beside / "lab/a.nc")
    for brain, name in product(("mouse", "lab"), COLLECTED.values()):
        path = name.format(population=brain)
        (beside / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(finished.folder / name.format(population="mouse"), beside / path)
        with chdir(beside):
            write_checksums([path])
    lab = {"source": "recordings", "recordings": "lab", "areas": ["VISp", "VISl"]}
    settings = {
        "population": None,
        "brains": {"lab": lab},
        "metrics": {name: None for name in MINI["metrics"] if name != "predictivity"},
    }
    (finished.folder / "described.yaml").write_text(yaml.safe_dump(settings))
    claims = [f"results/tables/{brain}/claims.csv" for brain in ("mouse", "lab")]
    finished.snakemake(
        *("--directory", "beside", *claims, "--allowed-rules", "check_claims"),
        *("import_recording", "list_stimuli", "summarise_brain"),
        configfiles=["own.yaml", "described.yaml"],
    )
    return [set(pd.read_csv(beside / path)["data"]) for path in claims]


def test_subjects_are_called_what_they_are(described):
    """Recorded subjects among simulated ones stay recorded, and simulated ones stay simulated."""
    mouse, lab = described
    assert mouse == {"mouse: 3 simulated subjects and 1 recorded subject"}
    assert lab == {"lab: 2 recorded subjects"}
