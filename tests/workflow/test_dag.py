"""Reruns are exact: what a change needs is planned, and nothing else.

The mini run has 8 methods, of which 6 need no pre-softplus stage; 2 networks, 2 areas, 3 mice and
2 candidate models. A method has 2 shards on the models, and where it runs on mice 2 shards between
mice and one a candidate. Networks: two of the population, one that mice read out, one untrained.
"""

import os
import random
import re
import shutil
import time
from contextlib import ExitStack, contextmanager

import h5netcdf
import pytest
import yaml

FIGURES = {"plot_figure": 11, "all": 1}
AGGREGATES = {
    "collect_scores": 1,
    "summarise_predictivity": 1,
    "summarise_silhouette": 1,
    "embed_profiles": 1,
    "summarise_separability": 1,
    "summarise_cost": 1,
    "check_claims": 1,
    **FIGURES,
}
# Shards of one method that runs on mice, of all methods on models, and of all on mice.
POST_SHARDS = {"align_models": 2, "align_mice": 2, "align_model_and_mice": 2}
MODEL_SHARDS = {"align_models": 16}
MOUSE_SHARDS = {"align_mice": 12, "align_model_and_mice": 12}
MOUSE_TABLES = {"summarise_mice": 1, "plot_mice": 1}
ALL_ACTIVATIONS = {"extract_activations": 5}
TRAININGS = {"train_model": 4, "plot_training": 2, "summarise_training": 1}
MICE = {"simulate_session": 3, "extract_responses": 3, **MOUSE_SHARDS, **MOUSE_TABLES}
RIDGE = "workflow_scripts/methods/ridge_post.py"
NEW = "workflow_scripts/methods/ridge_again.py"


def times(factor, counts):
    return {rule: factor * count for rule, count in counts.items()}


@contextmanager
def edited(workflow, path, old="", new="", content=None):
    """The copy with one file edited or added, as it was before afterwards."""
    path = workflow.folder / path
    before = path.read_text() if path.exists() else None
    assert before is None or old in before
    path.write_text(content if before is None else before.replace(old, new, 1))
    try:
        yield
    finally:
        if before is None:
            path.unlink()
        else:
            path.write_text(before)


@contextmanager
def override(workflow, settings):
    """A configuration file that overrides the mini one, by its name."""
    path = workflow.folder / "override.yaml"
    path.write_text(yaml.safe_dump(settings, sort_keys=False))
    try:
        yield path.name
    finally:
        path.unlink()


GLM = {"method": "generalised_linear", "family": "poisson"}
# What is edited (file: old and new text), what config says otherwise, and what is planned then.
CHANGES = {
    "nothing": ({}, {}, {}),
    "a method is edited": (
        {RIDGE: ('label="Ridge (post)"', 'label="Ridge"')},
        {},
        {**POST_SHARDS, **AGGREGATES},
    ),
    "a module of two methods is edited": (
        {
            "workflow_scripts/solvers/dissimilarity.py": (
                "import numpy",
                "import math\nimport numpy",
            )
        },
        {},
        {**times(2, POST_SHARDS), **AGGREGATES},
    ),
    "a module of all methods is edited": (
        {
            "workflow_scripts/alignment/score_cells.py": (
                "import numpy",
                "import math\nimport numpy",
            )
        },
        {},
        {**MODEL_SHARDS, **MOUSE_SHARDS, **AGGREGATES},
    ),
    "a driver is edited": (
        {
            "workflow_scripts/evaluation/metrics/cost.py": (
                "import pandas",
                "import math\nimport pandas",
            )
        },
        {},
        {"summarise_cost": 1, "all": 1},
    ),
    "a driver in another environment is edited": (
        {
            "workflow_scripts/brains/allen/extract_responses.py": (
                "import logging",
                "import logging\nimport math",
            )
        },
        {},
        {"extract_responses": 3, **MOUSE_SHARDS, **MOUSE_TABLES, **AGGREGATES},
    ),
    "the drawing of figures is edited": (
        {
            "workflow_scripts/figures/plot_figure.py": (
                "import pandas",
                "import math\nimport pandas",
            )
        },
        {},
        FIGURES,
    ),
    "a method is added": (
        {NEW: None},
        {"methods": {"ridge_again": {}}},
        {**POST_SHARDS, **AGGREGATES},
    ),
    "two methods that share a file are added": (
        {},
        {
            "methods": {
                "glm_relu": {**GLM, "link": "relu", "label": "ReLU", "colour": "#111111"},
                "glm_normcdf": {**GLM, "link": "normcdf", "label": "Probit", "colour": "#222222"},
            }
        },
        {**times(2, POST_SHARDS), **AGGREGATES},
    ),
    "a parameter is changed": (
        {},
        {"methods": {"ridge_post": {"alphas": [1.0, 10.0]}}},
        {**POST_SHARDS, **AGGREGATES},
    ),
    "two parameters are swapped": (
        {},
        {"population": {"splits": {"n_splits": 3}}, "mouse": {"splits": {"n_splits": 2}}},
        {**MODEL_SHARDS, **MOUSE_SHARDS, **AGGREGATES},
    ),
    "two methods swap parameters": (
        {},
        {
            "methods": {
                "linear_nonlinear": {"alphas": [0.001, 0.01, 0.1, 1.0, 10.0], "n_folds": 3},
                "linear_softplus": {"alphas": [0.01, 0.1, 1.0, 10.0, 100.0], "n_folds": 3},
            }
        },
        {**times(2, POST_SHARDS), **AGGREGATES},
    ),
    "keys are reordered": (
        {},
        {
            "population": {"splits": {"train_fraction": 0.8, "n_splits": 2}},
            "methods": {"linear_softplus": {"n_folds": 3, "alphas": [0.001, 0.01, 0.1, 1.0, 10.0]}},
            "variants": {"alexnet_untrained": {"objective": "untrained"}, "alexnet": {}},
            "mouse": {"simulated": {"layers": {"VISl": "conv2", "VISp": "conv1"}}},
        },
        {},
    ),
    # Claims and figures say how many seeds there are.
    "a seed is added": (
        {},
        {"population": {"seeds": [0, 1, 2]}},
        {
            **{"train_model": 1, "extract_activations": 1, "align_models": 8},
            **{"plot_training": 1, "summarise_training": 1},
            **AGGREGATES,
        },
    ),
    # A shard is a network and all before it.
    "two seeds are swapped": (
        {},
        {"population": {"seeds": [1, 0]}},
        {**MODEL_SHARDS, "plot_training": 1, "summarise_training": 1, **AGGREGATES},
    ),
    "a layer is added": (
        {},
        {"population": {"layers": ["conv1", "conv2", "conv3", "conv4"]}},
        {"extract_activations": 2, **MODEL_SHARDS, **AGGREGATES},
    ),
    "a candidate is added": (
        {},
        {
            "candidates": [
                {"variant": "alexnet", "seed": 0, "layers": ["conv1", "conv2"]},
                {"variant": "alexnet_untrained", "seed": 0, "layers": ["conv1", "conv2"]},
                {"variant": "alexnet", "seed": 1, "layers": ["conv1", "conv2"]},
            ]
        },
        {"extract_activations": 1, "align_model_and_mice": 6, **AGGREGATES},
    ),
    "a mouse is added": (
        {},
        {"mouse": {"sessions": [900001, 900002, 900003, 900004]}},
        {
            **{"simulate_session": 1, "extract_responses": 1},
            **MOUSE_SHARDS,
            **MOUSE_TABLES,
            **AGGREGATES,
        },
    ),
    "an image for the population is added": (
        {},
        {"stimuli": {"n": {"population": 151}}},
        {"prepare_stimuli": 1, "extract_activations": 2, **MODEL_SHARDS, **AGGREGATES},
    ),
    "an image for training is added": (
        {},
        {"stimuli": {"n": {"training": 641}}},
        {
            **{"prepare_stimuli": 1, **TRAININGS, **ALL_ACTIVATIONS},
            **MODEL_SHARDS,
            **MICE,
            **AGGREGATES,
        },
    ),
    "a scene is added": (
        {},
        {"mouse": {"n_scenes": 61}},
        {
            **{"simulate_scenes": 1, "prepare_scenes": 1, "extract_activations": 3},
            **MICE,
            **AGGREGATES,
        },
    ),
    "the master seed is changed": (
        {},
        {"seed": 1},
        {
            **{"prepare_stimuli": 3, **TRAININGS, **ALL_ACTIVATIONS},
            **{"simulate_scenes": 1, "prepare_scenes": 1},
            **MODEL_SHARDS,
            **MICE,
            **AGGREGATES,
        },
    ),
    # Whoever tries thresholds does not wait for AllenSDK again.
    "a filter on the mice is changed": (
        {},
        {"mouse": {"min_units": 3}},
        {**MOUSE_SHARDS, **MOUSE_TABLES, **AGGREGATES},
    ),
    # Claims and figures take from the table of mice what the mice are.
    "the expected number of mice is changed": (
        {},
        {"mouse": {"expected_subjects": 31}},
        {**MOUSE_TABLES, "check_claims": 1, **FIGURES},
    ),
    "the limit on the spread of accuracies is changed": (
        {},
        {"population": {"max_accuracy_spread": 0.5}},
        {"summarise_training": 1, "all": 1},
    ),
    "how often a training is saved is changed": ({}, {"checkpoint_minutes": 1}, {}),
    "the pins of AllenSDK's environment are changed": (
        {"envs/allensdk.txt": ("# This file", "# The file")},
        {},
        {
            **{"build_environment": 1, "extract_responses": 3},
            **MOUSE_SHARDS,
            **MOUSE_TABLES,
            **AGGREGATES,
        },
    ),
    # Every result says which versions made it; another one of torch need not make it anew.
    "the pins of the workflow's environment are changed": (
        {"pyproject.toml": ("torch==", "torch!=")},
        {},
        {},
    ),
}


@pytest.mark.parametrize(("edits", "settings", "planned"), CHANGES.values(), ids=CHANGES)
def test_a_change_reruns_what_depends_on_it(finished, edits, settings, planned):
    with ExitStack() as changes:
        for path, texts in edits.items():
            content = ridge_again(finished) if texts is None else None
            old, new = texts or ("", "")
            changes.enter_context(edited(finished, path, old, new, content))
        names = [changes.enter_context(override(finished, settings))] if settings else []
        assert finished.planned(*names) == planned


def ridge_again(workflow):
    """A copy of a method, with a label and a colour of its own."""
    content = (workflow.folder / RIDGE).read_text()
    return content.replace("Ridge (post)", "Ridge again").replace("#2ca02c", "#2ca02d")


def touch(paths):
    """Give files the times of the last seconds in an order of chance, as copying does."""
    paths = [path for path in paths if path.is_file()]
    random.Random(0).shuffle(paths)
    now = time.time()
    for number, path in enumerate(paths):
        # A millisecond apart: the system's own clock of files may be coarser.
        os.utime(path, 2 * (now - number / 1000,))


def test_touched_code_reruns_nothing(finished):
    """A fresh checkout gives every tracked file a new modification time."""
    touch(
        path
        for path in finished.folder.rglob("*")
        if path.relative_to(finished.folder).parts[0] not in ("results", ".snakemake", ".envs")
    )
    assert finished.planned() == {}


def test_a_fresh_checkout_takes_over_the_results(finished, workflow, tmp_path):
    """Cloned elsewhere, with results/ and .snakemake/ moved there."""
    folder = tmp_path / "elsewhere"
    kept = shutil.ignore_patterns("results", ".snakemake", "killed", "allen")
    shutil.copytree(finished.folder, folder, symlinks=True, ignore=kept, copy_function=shutil.copy)
    for name in ("results", ".snakemake"):
        shutil.copytree(finished.folder / name, folder / name, dirs_exist_ok=True)
    assert type(finished)(folder).planned() == {}


def test_touched_results_rerun_nothing(finished):
    """Snakemake compares the content of files up to a megabyte, and the time of all else."""
    results = [path for path in (finished.folder / "results").rglob("*") if path.is_file()]
    try:
        # The hidden ones are Snakemake's times of folders, and checksums.
        touch(path for path in results if path.stat().st_size < 1e6 and path.name[0] != ".")
        assert finished.planned() == {}
        # A copy that keeps no times, of files in whatever order.
        touch(results)
        os.utime(finished.folder / "results/stimuli/training.nc")
        assert finished.planned()["train_model"] == 4
    finally:
        finished.snakemake("--touch")
    assert finished.planned() == {}


def test_a_new_seed_leaves_full_groups_as_they_are(workflow):
    """Nor does it join the network that simulated mice read out, which would change the mice."""
    groups = []
    for seeds in ([0, 1], [0, 1, 2]):
        settings = {"seeds_per_job": 2, "population": {"seeds": seeds}}
        with override(workflow, settings) as configfile:
            planned = workflow.snakemake("-n", "--forceall", configfiles=[configfile])
        groups.append(set(re.findall(r"results/models/alexnet/(\S+)\.safetensors", planned)))
    assert groups == [{"0_1", "99"}, {"0_1", "2", "99"}]


def test_every_variant_with_networks_has_a_figure_of_its_training(finished):
    """The population and the mice's network are of one variant, a candidate of another one."""
    external = {"architecture": "external", "model": "alexnet", "weights": None, "input_size": 64}
    candidates = [{"variant": name, "seed": 0, "layers": ["features.0"]} for name in ("a", "b")]
    settings = {"variants": {"a": external, "b": external}, "candidates": candidates}
    figures = {path.name for path in (finished.folder / "results/figures").glob("training_*.svg")}
    assert figures == {"training_alexnet.svg", "training_alexnet_untrained.svg"}
    with override(finished, settings) as configfile:
        planned = finished.snakemake("-n", "--forceall", "-q", "rules", configfiles=[configfile])
    assert re.search(r"^plot_training +1$", planned, re.MULTILINE)


def test_an_own_mouse_reruns_the_comparisons_with_mice(finished):
    folder = finished.folder / "own"
    folder.mkdir()
    session = finished.folder / "results/mouse/sessions/900001.nc"
    with h5netcdf.File(shutil.copy(session, folder / "mine.nc"), "a") as recording:
        recording.attrs["session_id"] = "mine"
    with override(finished, {"mouse": {"own_responses": "own"}}) as configfile:
        planned = finished.planned(configfile)
    shutil.rmtree(folder)
    # 6 methods on 2 areas, and on 2 candidates; claims and figures say what the mice are.
    own = {"align_mice": 12, "align_model_and_mice": 12, "summarise_mice": 1, "plot_mice": 1}
    assert planned == {**own, **AGGREGATES}


def test_an_unknown_method_ends_in_one_sentence(workflow):
    with override(workflow, {"methods": {"rigde": {}}}) as configfile:
        output = workflow.snakemake("-n", configfiles=[configfile], check=False)
    sentences = [line for line in output.splitlines() if "rigde" in line]
    assert len(sentences) == 1
    assert "config methods: found 'rigde', expected one of" in sentences[0]
    assert "Traceback" not in output


@pytest.mark.parametrize("arguments", [("--lint",), ("-n", "--rulegraph", "mermaid-js")])
def test_lint_and_graph(workflow, arguments):
    assert workflow.snakemake(*arguments)


def test_no_driver_reads_the_configuration(workflow):
    """Values read through snakemake.config would change without a rerun."""
    drivers = list((workflow.folder / "workflow_scripts").glob("*.py"))
    assert drivers
    assert not [path.name for path in drivers if "snakemake.config" in path.read_text()]


def test_every_rule_but_two_has_a_driver_of_its_name(workflow):
    listed = re.findall(r"^(\w+)(?: \(.*)?$", workflow.snakemake("--list-rules"), re.MULTILINE)
    scripts = {path.stem for path in (workflow.folder / "workflow_scripts").glob("*.py")}
    assert set(listed) - scripts == {"all", "build_environment"}
