"""A figure of a population is drawn from its tables, as the rule calls the driver."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.figures.made_up import TRUTHS, panel_data
from workflow_scripts.common.files import write_table
from workflow_scripts.figures import plot_figure
from workflow_scripts.figures.composition import composition

ROOT = Path(__file__).parents[2]
METHODS = [{"name": name, "label": f"label of {name}", "colour": "#123456"} for name in ("a", "b")]
MEASURED = {"measurement": "mua", "response_unit": "z"}
NAMES = {"method_0": "a", "method_1": "b"}


@pytest.fixture
def plot(tmp_path):
    """Files of a figure, drawn from the tables of a population as the rule calls the driver."""

    def make(name, population, methods=METHODS, rename=None, subjects=None, models=None):
        renamed = {**NAMES, **(rename or {})}
        data = panel_data(2, 3, "pairs" if subjects else "networks")
        paths = dict(subjects or {})
        for metric in (*composition(name).tables, *composition(name).scores):
            table = {**data.tables, **data.scores}[metric]
            paths[metric] = [tmp_path / f"{metric}.csv"]
            write_table(table.assign(method=table["method"].map(renamed)), paths[metric][0])
        outputs = [tmp_path / "figure.svg", tmp_path / "figure.png"]
        settings = {
            "methods": methods,
            "parts": data.parts,
            "models": models,
            "brains": [population] if subjects else [],
            "truths": {},
            "parameters": {},
        }
        plot_figure.main(paths, population, name, settings, outputs)
        assert outputs[1].read_bytes().startswith(b"\x89PNG")
        return outputs[0].read_text()

    return make


@pytest.fixture
def subjects(tmp_path):
    """Tables of a brain: two areas each of three simulated and one recorded, and three images."""
    kinds = ["simulated", "simulated", "simulated", "recorded"]
    rows = [
        {"brain": "macaque", "subject": f"{number:03}", "area": area, "data_kind": kind, **MEASURED}
        for number, kind in enumerate(kinds)
        for area in ("V4", "IT")
    ]
    write_table(pd.DataFrame(rows), tmp_path / "subjects.csv")
    return {"subjects": [tmp_path / "subjects.csv"], "stimuli": [images(tmp_path)]}


def images(folder):
    """Table of the images of a brain, two of which take part."""
    table = pd.DataFrame(
        {"stimulus": ["a.png", "b.png", "c.png"], "takes_part": [True, True, False]}
    )
    write_table(table, folder / "stimuli.csv")
    return folder / "stimuli.csv"


def test_networks_are_described_by_the_settings(plot):
    text = plot("figure_1", "networks", models="3 seeds of alexnet")
    assert "data: 3 seeds of alexnet" in text
    assert "conv1" in text and "area1" not in text


def test_a_brain_is_described_by_its_subjects(plot, subjects):
    text = plot("figure_2", "macaque", subjects=subjects)
    assert "data: macaque: 3 simulated subjects and 1 recorded subject, 2 images" in text
    assert "macaque: mua (z)" in text
    assert "area1" in text and "conv1" not in text


def test_a_brain_in_pairs_has_the_figures_of_networks_of_its_own(plot, subjects):
    """The map has its animals and areas, and none of the networks and layers."""
    text = plot("profile_map", "macaque", subjects=subjects)
    assert "data: macaque: 3 simulated subjects and 1 recorded subject" in text
    assert "area1" in text and "conv1" not in text
    assert "monkey_a" in text and "seed" not in text
    text = plot("profile_map", "networks", models="3 networks")
    assert "seed 0" in text and "monkey_a" not in text


def test_all_simulated_brains_are_drawn_together_and_described_by_their_subjects(tmp_path):
    """Each has a table of its own."""
    table = panel_data(2, 2, "simulated_brains").tables["recovery"].replace(NAMES)
    truths = {brain: TRUTHS[brain] for brain in ("alexnet_mice", "resnet18_mice")}
    paths = {"recovery": [], "subjects": [], "stimuli": []}
    for brain in truths:
        paths["recovery"].append(tmp_path / f"{brain}_recovery.csv")
        write_table(table[table["population"] == brain], paths["recovery"][-1])
        subject = {"brain": brain, "subject": "007", "area": "VISp", "data_kind": "simulated"}
        write_table(pd.DataFrame([{**subject, **MEASURED}]), tmp_path / f"{brain}.csv")
        paths["subjects"].append(tmp_path / f"{brain}.csv")
        paths["stimuli"].append(images(tmp_path))
    settings = {
        "methods": METHODS,
        "parts": [],
        "models": None,
        "brains": list(truths),
        "truths": truths,
        "parameters": {},
    }
    output = tmp_path / "figure.svg"
    plot_figure.main(paths, "simulated_brains", "recovery_margin", settings, [output])
    text = output.read_text()
    mice = "alexnet_mice: 1 simulated subject, 2 images; resnet18_mice: 1 simulated subject"
    assert f"data: {mice}" in text
    assert ">alexnet<" in text and ">resnet18<" in text
    assert "alexnet_noiseless" not in text
    assert "label of a" in text


def test_methods_are_drawn_under_their_labels_in_the_order_of_the_configuration(plot):
    text = plot("silhouette", "networks", METHODS[::-1], models="3 seeds")
    assert text.index("label of b") < text.index("label of a")


@pytest.mark.parametrize("name", ["null", "NA", "nan", "None"])
def test_a_method_with_the_name_of_a_missing_value_is_drawn(plot, name):
    methods = [METHODS[0], {"name": name, "label": "a control", "colour": "#654321"}]
    text = plot("silhouette", "networks", methods, {"method_1": name}, models="3 seeds")
    assert "a control" in text and "#654321" in text


def test_seaborn_is_imported_only_by_panels_that_draw_with_it():
    """It imports SciPy's statistics, which takes as long as all other imports of a figure."""
    code = "import sys, workflow_scripts.figures.plot_figure; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert {"seaborn", "scipy.stats"}.isdisjoint(done.stdout.split())
