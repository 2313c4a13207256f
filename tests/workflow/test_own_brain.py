"""A lab's folder runs through the whole workflow: four monkeys, two areas, 200 colour images.

What is planted is found again: units of one area predict those of the same area in another monkey,
and not those of the other area.
"""

import os
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import yaml
from PIL import Image

from tests.brains.examples import recording, write
from tests.harness.mini import MINI, merged
from workflow_scripts.common.files import read_table
from workflow_scripts.plan import Plan

AREAS = {"V4": 14, "IT": 11}
N_IMAGES, N_TRIALS, GROUP = 200, 6, 4
MONKEYS = ("Ada", "Bob", "C-3", "d_4")
METHODS = ("ridge_post", "rsa")
DIMENSIONS = 4
"""Of the signal of an area, which all monkeys share."""


def write_folder(folder):
    """Recordings, images in sub-folders, and a list with groups of four images that are alike."""
    random = np.random.default_rng(0)
    names = [
        f"{'faces' if number < 100 else 'objects/round'}/{number}.png" for number in range(N_IMAGES)
    ]
    for name in names:
        (folder / "images" / name).parent.mkdir(parents=True, exist_ok=True)
        pixels = random.integers(0, 255, (24, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "images" / name)
    rows = [f"{name},group {number // GROUP}" for number, name in enumerate(names)]
    (folder / "stimuli.csv").write_text("\n".join(["stimulus,group", *rows]))
    signals = {area: random.normal(size=(N_IMAGES, DIMENSIONS)) for area in AREAS}
    for monkey in MONKEYS:
        units = [
            signals[area] @ random.normal(size=(DIMENSIONS, n_units))
            for area, n_units in AREAS.items()
        ]
        means = np.hstack(units)[:, None]
        trials = means + 0.7 * random.normal(size=(N_IMAGES, N_TRIALS, means.shape[-1]))
        # Repeats are ragged: each unit has at least two trials of its own choice of each image.
        trials[:, 2:][random.random(trials[:, 2:].shape) < 0.2] = np.nan
        # Each monkey saw the images in an order of its own, and something that no other one saw.
        order = random.permutation(N_IMAGES)
        seen = [*(names[number] for number in order), f"only {monkey}.png"]
        trials = np.concatenate([trials[order], trials[:1]])
        data = recording(
            trials, np.repeat(list(AREAS), list(AREAS.values())), monkey, seen, measurement="mua"
        )
        write(data, folder / f"{monkey}.nc")


@pytest.fixture(scope="module")
def run(workflow):
    """The folder of a run of this brain alone, compared in pairs, and its plan."""
    write_folder(workflow.folder / "monkeys")
    settings = {
        "population": None,
        "candidates": [],
        "brains": {
            "mouse": None,
            "macaque": {
                "source": "recordings",
                "recordings": str(workflow.folder / "monkeys"),
                "areas": list(AREAS),
                "sources": "pairs",
            },
        },
        "methods": {name: None for name in MINI["methods"] if name not in METHODS},
        "metrics": {"cost": None},
    }
    (workflow.folder / "monkeys.yaml").write_text(yaml.safe_dump(settings))
    workflow.snakemake("--directory", "macaque", configfiles=["monkeys.yaml"])
    return workflow.folder / "macaque", Plan(merged(MINI, settings))


@pytest.fixture(scope="module")
def tables(run):
    folder, plan = run
    paths = [path for path in plan.final_files() if path.endswith(".csv")]
    return {Path(path).name: read_table(folder / path) for path in paths}


def test_every_table_and_figure_is_there(run, tables):
    folder, plan = run
    expected = {
        *("scores.csv", "split_scores.csv", "claims.csv", "predictivity.csv", "silhouette.csv"),
        *("subjects.csv", "units.csv", "stimuli.csv", "mds.csv"),
    }
    assert expected <= set(tables)
    figures = {path for path in plan.final_files() if path.endswith(".svg")}
    named = {path.rsplit("/", 1)[-1] for path in figures}
    assert {"brain_predictivity.svg", "silhouette.svg", "profile_map.svg"} <= named
    for path in figures:
        assert "macaque: 4 simulated subjects" in (folder / path).read_text()


def test_every_number_is_called_simulated(tables):
    for name, table in tables.items():
        if name == "claims.csv":
            assert set(table["data"]) == {"macaque: 4 simulated subjects"}
        else:
            assert len(table) and set(table["data_kind"]) == {"simulated"}, name


def test_all_monkeys_and_the_images_that_all_saw_take_part(tables):
    subjects = tables["subjects.csv"]
    assert subjects["is_target"].all() and len(subjects) == len(MONKEYS) * len(AREAS)
    assert set(subjects["subject"]) == set(MONKEYS)
    assert set(subjects["measurement"]) == {"mua"}
    stimuli = tables["stimuli.csv"]
    assert stimuli["takes_part"].sum() == N_IMAGES and len(stimuli) == N_IMAGES + len(MONKEYS)
    assert stimuli.loc[stimuli["takes_part"], "group"].nunique() == N_IMAGES // GROUP
    assert tables["units.csv"]["reliability"].median() > 0.8


def test_no_group_is_divided_between_training_and_test(run):
    folder, _ = run
    data = xr.open_dataset(folder / "results/scores/brain/macaque/ridge_post/V4.nc")
    assert (data["n_train"] + data["n_test"] == N_IMAGES).all()
    assert (data["n_train"] == 0.8 * N_IMAGES).all()


def test_units_are_predicted_from_the_same_area_alone(tables):
    table = tables["predictivity.csv"]
    chosen = (table["statistic"] == "median") & (table["method"] == "ridge_post")
    scores = table[chosen].set_index(["relation", "part"])["predictivity"]
    for part in (*AREAS, "overall"):
        assert scores["same part", part] > 0.8
        assert scores["different part", part] < 0.1
    assert (tables["scores.csv"]["verdict"] == "ok").all()


def test_areas_are_recognised_in_other_monkeys(tables):
    table = tables["silhouette.csv"]
    values = table[table["default"]].set_index("method")["silhouette"]
    assert set(values.index) == set(METHODS)
    assert values["ridge_post"] > 0.8
    assert values["rsa"] > 0.5
    profiles = tables["mds.csv"].groupby("method").size()
    assert (profiles == len(MONKEYS) * len(AREAS)).all()


@contextmanager
def replaced(path, content, seconds):
    """A file with other content and another time, as it was before afterwards."""
    before, found = path.read_bytes(), path.stat()
    path.write_bytes(content)
    os.utime(path, (found.st_atime, found.st_mtime + seconds))
    try:
        yield
    finally:
        path.write_bytes(before)


def test_new_times_of_own_files_plan_nothing(workflow, run):
    """As after a copy; so that a second run has nothing to do."""
    for path in (workflow.folder / "monkeys").rglob("*.*"):
        os.utime(path)
    plan = workflow.dry_run("--directory", "macaque", configfiles=["monkeys.yaml"])
    assert "Nothing to be done" in plan


@pytest.mark.parametrize(
    ("name", "old", "new", "rule"),
    [
        ("Ada.nc", None, None, "import_recording"),
        ("stimuli.csv", b"group 1\n", b"group 2\n", "list_stimuli"),
        ("images/faces/0.png", None, None, "list_stimuli"),
    ],
)
@pytest.mark.parametrize("seconds", [-1e6, 0])
def test_other_content_of_an_own_file_plans_what_reads_it(
    workflow, run, name, old, new, rule, seconds
):
    """Also if it is older, or as old, as what was made from the content before."""
    path = workflow.folder / "monkeys" / name
    before = path.read_bytes()
    middle = len(before) // 2
    flipped = before[:middle] + bytes([before[middle] ^ 1]) + before[middle + 1 :]
    content = before.replace(old, new) if old else flipped
    assert content != before
    with replaced(path, content, seconds):
        planned = workflow.planned("--directory", "macaque", configfiles=["monkeys.yaml"])
    assert planned.get(rule) == 1 and planned["align_brain"] == len(METHODS) * len(AREAS)
    assert planned.get("import_recording", 0) == (rule == "import_recording")
