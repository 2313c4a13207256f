"""Reruns are exact: what a change needs is planned, and nothing else.

Numbers of jobs are counted from the plan of the mini run and from the galleries, so that a new
method, metric or panel changes none of them here. Networks: two of the population, one that the
simulated subjects read out, one untrained.
"""

import os
import random
import re
import shutil
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import h5netcdf
import pytest
import yaml

from tests.harness.mini import MINI, PLAN, merged
from tests.harness.workflow import job_counts
from workflow_scripts.alignment.method import METHODS
from workflow_scripts.common.fingerprints import source_files
from workflow_scripts.figures.composition import composition
from workflow_scripts.plan import Plan

ROOT = Path(__file__).parents[2]
N_METHODS = len(PLAN.alignment.methods)
N_POST = len(PLAN.alignment.post_methods)
N_SEEDS = len(PLAN.networks.population)
N_CANDIDATES = len(PLAN.networks.candidates)
MOUSE = PLAN.config.brains["mouse"]
N_AREAS = len(MOUSE.areas)
N_SUBJECTS = len(MOUSE.sessions)
POPULATIONS = PLAN.figures.populations
DRAWN = [name for population in POPULATIONS for name in PLAN.figures.names(population)]
VARIANTS = PLAN.networks.trained_variants()
NETWORKS = [(variant, seed) for variant in VARIANTS for seed in PLAN.networks.seeds_of(variant)]


def figures_of(*panels):
    """Number of figures that show one of these panels."""
    return sum(bool(set(panels) & set(composition(name).panels)) for name in DRAWN)


def figures_from(*metrics):
    """Number of figures that are drawn from one of these metrics."""
    return sum(bool(set(metrics) & set(composition(name).tables)) for name in DRAWN)


def aggregates(*names, plan=PLAN):
    """Jobs from the scores of these populations to the report."""
    drawn = {item["name"]: len(plan.figures.names(item)) for item in plan.figures.populations}
    metrics = [plan.evaluation.measured(metric) for metric in plan.evaluation.metrics()]
    # Claims about the mice compare them with the networks, and a figure has all verdicts.
    n_more = "networks" in names and "mouse" not in names
    n_figures = sum(drawn[name] for name in names) + n_more
    if names != ("networks",):
        n_figures += drawn.get("simulated_brains", 0)
    return {
        "collect_scores": len(names),
        "compute_metric": sum(item["name"] in names for items in metrics for item in items),
        "check_claims": len(names) + n_more,
        "plot_figure": n_figures,
        **REPORT,
    }


def methods_with(module):
    """Configured methods whose file imports a module, and how many of them work on brains."""
    path = ROOT / "workflow_scripts" / module
    files = {
        name: source_files(METHODS.path(method.implementation))
        for name, method in PLAN.alignment.methods.items()
    }
    chosen = [name for name in files if path in files[name]]
    return len(chosen), len(set(chosen) & set(PLAN.alignment.post_methods))


def shards(n_methods, n_post):
    """Fit jobs of this many methods, given how many of these work on brains."""
    return {
        "align_models": N_SEEDS * n_methods,
        "align_brain": N_AREAS * n_post,
        "align_model_and_brain": N_CANDIDATES * n_post,
    }


def activations(n):
    """Jobs that read this many networks, and the table of all activations."""
    return {"extract_activations": n, "summarise_activations": 1}


REPORT = {"write_report": 1, "all": 1}
FIGURES = {"plot_figure": len(DRAWN), **REPORT}
AGGREGATES = aggregates("networks", "mouse")
OF_NETWORKS, OF_MOUSE = aggregates("networks"), aggregates("mouse")
# The units of candidates are collected from the shards of mappings from a brain.
UNITS = {"collect_units": 1}
# Shards of one mapping that works on brains, of all methods on models, and of all on brains.
POST_SHARDS = {**shards(1, 1), **UNITS}
MODEL_SHARDS = {"align_models": N_SEEDS * N_METHODS}
BRAIN_SHARDS = {
    "align_brain": N_AREAS * N_POST,
    "align_model_and_brain": N_CANDIDATES * N_POST,
    **UNITS,
}
BRAIN_TABLES = {"summarise_brain": 1, "plot_brain": 1}
# Other recordings may be of other stimuli.
RECORDED = {"list_stimuli": 1, **BRAIN_SHARDS, **BRAIN_TABLES}
N_BRAIN_FIGURES = len(PLAN.figures.names(POPULATIONS[1]))
# Figures of a brain, and of all simulated brains, say who its subjects are.
N_SUBJECT_FIGURES = N_BRAIN_FIGURES + len(PLAN.figures.names(POPULATIONS[2]))
ALL_ACTIVATIONS = activations(N_SEEDS + N_CANDIDATES + 1)
TRAININGS = {
    "train_model": len(NETWORKS),
    "plot_training": len(VARIANTS),
    "summarise_training": 1,
}
SUBJECTS = {
    "simulate_session": N_SUBJECTS,
    "extract_responses": N_SUBJECTS,
    **RECORDED,
}
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


def brain_settings(**items):
    return {"brains": {"mouse": items}}


GROUPED = brain_settings(
    sources="groups", groups={"n_groups": 2}, sessions=[*MOUSE.sessions, 900004]
)
PAIRED = brain_settings(sources="pairs")
ONE_AREA = brain_settings(areas=["VISp"])
TWO_CANDIDATES = {
    "candidates": [
        *MINI["candidates"],
        {"variant": "alexnet", "seed": 1, "layers": ["conv1", "conv2"]},
    ]
}
TWIN = {"brains": {"twin": MINI["brains"]["mouse"] | {"sessions": [1, 2, 3]}}}


def of_mouse_with(settings, name="mouse"):
    """Jobs from the scores of a brain to the report, with other settings."""
    return aggregates(name, plan=Plan(merged(MINI, settings)))


GLM = {"method": "generalised_linear", "family": "poisson"}
CAP = "workflow_scripts/solvers/glm/links.py"
# What is edited (file: old and new text), what else config says, and what is then planned.
CHANGES = {
    "nothing": ({}, {}, {}),
    "a docstring that every job imports is reworded": (
        {"workflow_scripts/common/job.py": ("What every driver does", "What all drivers do")},
        {},
        {},
    ),
    "a comment in a solver is reworded": (
        {CAP: ("\nCAP = 1.2", "\n# Another word.\nCAP = 1.2")},
        {},
        {},
    ),
    "the shell command of a rule is edited": (
        {"rules/brains.smk": ("--nwb {input.nwb:q} --settings", "--nwb {input.nwb:q}  --settings")},
        {},
        {"extract_responses": N_SUBJECTS, **RECORDED, **OF_MOUSE},
    ),
    "a digit in a solver is changed": (
        {CAP: ("CAP = 1.2", "CAP = 1.3")},
        {},
        {**shards(*methods_with("solvers/glm/links.py")), **UNITS, **AGGREGATES},
    ),
    "the code of the configuration is edited": (
        {"workflow_scripts/common/config.py": ("import argparse", "import argparse\nimport math")},
        {},
        {},
    ),
    "a plan is edited": (
        {"workflow_scripts/networks/plan.py": ("IMAGE_SIDE = 64", "IMAGE_SIDE = 32 + 32")},
        {},
        {},
    ),
    "a method is edited": (
        {RIDGE: ('label="Ridge (post)"', 'label="Ridge"')},
        {},
        {**POST_SHARDS, **AGGREGATES},
    ),
    "a module of some methods is edited": (
        {
            "workflow_scripts/solvers/dissimilarity.py": (
                "import numpy",
                "import math\nimport numpy",
            )
        },
        {},
        {**shards(*methods_with("solvers/dissimilarity.py")), **AGGREGATES},
    ),
    "a module of all methods is edited": (
        {
            "workflow_scripts/alignment/score_cells.py": (
                "import numpy",
                "import math\nimport numpy",
            )
        },
        {},
        {**MODEL_SHARDS, **BRAIN_SHARDS, **AGGREGATES},
    ),
    "a metric is edited": (
        {
            "workflow_scripts/evaluation/metrics/cost.py": (
                "import pandas",
                "import math\nimport pandas",
            )
        },
        {},
        {"compute_metric": 2, **REPORT},
    ),
    "a metric that is drawn is edited": (
        {
            "workflow_scripts/evaluation/metrics/mds.py": (
                "import numpy",
                "import math\nimport numpy",
            )
        },
        {},
        {"compute_metric": 1, "plot_figure": figures_from("mds"), **REPORT},
    ),
    "a driver in another environment is edited": (
        {
            "workflow_scripts/brains/allen/extract_responses.py": (
                "from pathlib",
                "import math\nfrom pathlib",
            )
        },
        {},
        {"extract_responses": N_SUBJECTS, **RECORDED, **OF_MOUSE},
    ),
    "the driver of own recordings is edited": (
        {
            "workflow_scripts/brains/import_recording.py": (
                "from typing",
                "import re\nfrom typing",
            )
        },
        {},
        {},
    ),
    "the table of stimuli is edited": (
        {
            "workflow_scripts/brains/stimulus_listing.py": (
                "import numpy",
                "import re\nimport numpy",
            )
        },
        {},
        {**RECORDED, **OF_MOUSE},
    ),
    "a panel is edited": (
        {"workflow_scripts/figures/panels/silhouette.py": ("CARD =", "THREE = 3\nCARD =")},
        {},
        {"plot_figure": figures_of("silhouette"), **REPORT},
    ),
    "the drawing of figures is edited": (
        {
            "workflow_scripts/figures/plot_figure.py": (
                "from collections",
                "import math\nfrom collections",
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
    "a method is left out": (
        {},
        {"methods": {"rsa": None}},
        AGGREGATES,
    ),
    "two methods that share a file are added": (
        {},
        {
            "methods": {
                "glm_relu": {**GLM, "link": "relu", "label": "ReLU", "colour": "#111111"},
                "glm_normcdf": {**GLM, "link": "normcdf", "label": "Probit", "colour": "#222222"},
            }
        },
        {**shards(2, 2), **UNITS, **AGGREGATES},
    ),
    "a parameter is changed": (
        {},
        {"methods": {"ridge_post": {"alphas": [1.0, 10.0]}}},
        {**POST_SHARDS, **AGGREGATES},
    ),
    "a parameter of a metric is changed": (
        {},
        {"metrics": {"separability": {"layer_rule": "mean"}}},
        {
            "compute_metric": 1,
            "check_claims": 1,
            # One is that of the verdicts on the networks.
            "plot_figure": figures_from("separability", "claims") - 1,
            **REPORT,
        },
    ),
    "a metric is left out": (
        {},
        {"metrics": {"cost": None}},
        REPORT,
    ),
    "two parameters are swapped": (
        {},
        {
            "population": {"splits": {"n_splits": 3}},
            **brain_settings(splits={"n_splits": 2}),
        },
        {**MODEL_SHARDS, **BRAIN_SHARDS, **AGGREGATES},
    ),
    "two methods swap parameters": (
        {},
        {
            "methods": {
                "linear_softplus": {"alphas": [0.0001, 0.001, 0.01, 0.1, 1.0], "n_folds": 3},
                "pre_linear_softplus": {"alphas": [0.001, 0.01, 0.1, 1.0, 10.0], "n_folds": 3},
            }
        },
        {**shards(2, 1), **UNITS, **AGGREGATES},
    ),
    "keys are reordered": (
        {},
        {
            "population": {"splits": {"train_fraction": 0.8, "n_splits": 2}},
            "methods": {"linear_softplus": {"n_folds": 3, "alphas": [0.001, 0.01, 0.1, 1.0, 10.0]}},
            "variants": {"alexnet_untrained": {"objective": "untrained"}, "alexnet": {}},
            **brain_settings(simulated={"layers": {"VISl": "conv2", "VISp": "conv1"}}),
        },
        {},
    ),
    # Claims and figures say how many seeds there are.
    "a seed is added": (
        {},
        {"population": {"seeds": [0, 1, 2]}},
        {
            **{"train_model": 1, **activations(1), "align_models": N_METHODS},
            **{"plot_training": 1, "summarise_training": 1},
            **OF_NETWORKS,
        },
    ),
    # A shard is a network and all before it.
    "two seeds are swapped": (
        {},
        {"population": {"seeds": [1, 0]}},
        {**MODEL_SHARDS, "plot_training": 1, "summarise_training": 1, **OF_NETWORKS},
    ),
    "a layer is added": (
        {},
        {"population": {"layers": ["conv1", "conv2", "conv3", "conv4"]}},
        {**activations(N_SEEDS), **MODEL_SHARDS, **OF_NETWORKS},
    ),
    # With two candidates of the variant that the mice are simulated from, neither is the right one.
    "a candidate is added": (
        {},
        TWO_CANDIDATES,
        {
            **{**activations(1), "align_model_and_brain": N_POST},
            **UNITS,
            **of_mouse_with(TWO_CANDIDATES),
        },
    ),
    # Its network is one of the population, and is read at another layer than the truth.
    "a candidate with a layer of its own is added": (
        {},
        {
            "candidates": [
                *MINI["candidates"],
                {"variant": "alexnet", "seed": 1, "layers": ["fc7"]},
            ]
        },
        {
            **{**activations(1), "align_model_and_brain": N_POST},
            **UNITS,
            **of_mouse_with(TWO_CANDIDATES),
        },
    ),
    "an area that no brain has is added": (
        {"workflow_scripts/brains/allen/limits.py": ("AREAS = (", 'AREAS = ("VISmma", ')},
        {},
        {},
    ),
    "a subject is added": (
        {},
        brain_settings(sessions=[*MOUSE.sessions, 900004]),
        {
            **{"simulate_session": 1, "extract_responses": 1},
            **RECORDED,
            **OF_MOUSE,
        },
    ),
    # Specificity needs two areas.
    "an area is left out": (
        {},
        ONE_AREA,
        {
            **SUBJECTS,
            **shards(0, N_POST),
            "align_brain": N_POST,
            **activations(1),
            **of_mouse_with(ONE_AREA),
        },
    ),
    "a brain is added": (
        {},
        TWIN,
        {
            **{"simulate_scenes": 1, "prepare_images": 1},
            **activations(N_CANDIDATES + 1),
            **SUBJECTS,
            **of_mouse_with(TWIN, "twin"),
        },
    ),
    "an image for the population is added": (
        {},
        {"stimuli": {"n": {"population": 151}}},
        {"prepare_stimuli": 1, **activations(N_SEEDS), **MODEL_SHARDS, **OF_NETWORKS},
    ),
    "an image for training is added": (
        {},
        {"stimuli": {"n": {"training": 641}}},
        {
            **{"prepare_stimuli": 1, **TRAININGS, **ALL_ACTIVATIONS},
            **MODEL_SHARDS,
            **SUBJECTS,
            **AGGREGATES,
        },
    ),
    "a scene is added": (
        {},
        brain_settings(n_scenes=61),
        {
            **{"simulate_scenes": 1, "prepare_images": 1, **activations(N_CANDIDATES + 1)},
            **SUBJECTS,
            **OF_MOUSE,
        },
    ),
    "the master seed is changed": (
        {},
        {"seed": 1},
        {
            **{"prepare_stimuli": 3, **TRAININGS, **ALL_ACTIVATIONS},
            **{"simulate_scenes": 1, "prepare_images": 1},
            **MODEL_SHARDS,
            **SUBJECTS,
            **AGGREGATES,
        },
    ),
    # Trying thresholds does not read sessions with AllenSDK again.
    "a filter is changed": (
        {},
        brain_settings(filters={"min_units": 3}),
        {**BRAIN_SHARDS, **BRAIN_TABLES, **OF_MOUSE},
    ),
    "sources may have so many units": (
        {},
        brain_settings(max_source_units=12),
        {**BRAIN_SHARDS, **OF_MOUSE},
    ),
    "the window of spikes is changed": (
        {},
        brain_settings(extraction={"window_s": [0.05, 0.25]}),
        {"extract_responses": N_SUBJECTS, **RECORDED, **OF_MOUSE},
    ),
    # It has a silhouette, a map, and figures of both.
    "subjects of a brain are compared in pairs": (
        {},
        PAIRED,
        {"align_brain": N_AREAS * N_POST, **of_mouse_with(PAIRED)},
    ),
    # Two groups need four subjects. What compares these with each other is not computed.
    "subjects of a brain are compared in groups": (
        {},
        GROUPED,
        {
            **{"simulate_session": 1, "extract_responses": 1},
            **RECORDED,
            **of_mouse_with(GROUPED),
        },
    ),
    # Claims and the brain's figures read from the table of subjects what these are.
    "the expected number of subjects is changed": (
        {},
        brain_settings(expected_subjects=31),
        {**BRAIN_TABLES, "check_claims": 1, "plot_figure": N_SUBJECT_FIGURES, **REPORT},
    ),
    "the limit on the spread of accuracies is changed": (
        {},
        {"population": {"max_accuracy_spread": 0.5}},
        {"summarise_training": 1, **REPORT},
    ),
    "how often a training is saved is changed": ({}, {"checkpoint_minutes": 1}, {}),
    "the patience of downloads is changed": ({}, {"download": {"patience": {"tries": 3}}}, {}),
    "the pins of AllenSDK's environment are changed": (
        {"envs/allensdk.txt": ("# This file", "# The file")},
        {},
        {
            **{"build_environment": 1, "extract_responses": N_SUBJECTS},
            **RECORDED,
            **OF_MOUSE,
        },
    ),
    # Every result says which versions made it; another one of torch need not make it again.
    "the pins of the workflow's environment are changed": (
        {"pyproject.toml": ("torch==", "torch!=")},
        {},
        {},
    ),
}


@contextmanager
def changed(workflow, edits, settings):
    """The copy with edited files; yields the configuration files that override the mini one."""
    with ExitStack() as changes:
        for path, texts in edits.items():
            content = ridge_again(workflow) if texts is None else None
            old, new = texts or ("", "")
            changes.enter_context(edited(workflow, path, old, new, content))
        yield [changes.enter_context(override(workflow, settings))] if settings else []


@pytest.mark.parametrize(("edits", "settings", "planned"), CHANGES.values(), ids=CHANGES)
def test_a_change_reruns_what_depends_on_it(finished, edits, settings, planned):
    with changed(finished, edits, settings) as configfiles:
        found = finished.planned(configfiles=configfiles)
    assert found == {rule: n for rule, n in planned.items() if n}


@pytest.mark.parametrize("change", ["nothing", "a metric is edited", "a method is added"])
def test_the_command_line_plans_the_same(finished, change):
    """All other plans are made in a fork of the tests."""
    edits, settings, planned = CHANGES[change]
    with changed(finished, edits, settings) as configfiles:
        output = finished.snakemake("-n", "-q", "rules", configfiles=configfiles)
    assert job_counts(output) == planned


def ridge_again(workflow):
    """A copy of a method, with a label and a colour of its own."""
    content = (workflow.folder / RIDGE).read_text()
    return content.replace("Ridge (post)", "Ridge again").replace("#005d42", "#005d43")


def touch(paths):
    """Give files modification times of the last seconds in random order, as copying does."""
    paths = [path for path in paths if path.is_file()]
    random.Random(0).shuffle(paths)
    now = time.time()
    for number, path in enumerate(paths):
        # A millisecond apart, because the clock of the file system may be coarse.
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
    made = {"results", ".snakemake", "killed", "allen"}

    def made_by_tests(place, names):
        return made & set(names) if Path(place) == finished.folder else set()

    shutil.copytree(
        finished.folder, folder, symlinks=True, ignore=made_by_tests, copy_function=shutil.copy
    )
    for name in ("results", ".snakemake"):
        shutil.copytree(finished.folder / name, folder / name, dirs_exist_ok=True)
    assert type(finished)(folder).planned() == {}


def test_results_moved_to_another_depth_rerun_nothing(finished, tmp_path):
    """Away from the repository, and then the repository away from them."""
    folder = tmp_path / "elsewhere/and/deeper"
    for name in ("results", ".snakemake"):
        shutil.copytree(finished.folder / name, folder / name)
    assert finished.planned("--directory", str(folder)) == {}
    (folder / ".envs").unlink()
    (folder / ".envs").symlink_to("/where/the/repository/was/.envs")
    assert finished.planned("--directory", str(folder)) == {}
    assert (folder / ".envs").samefile(finished.folder / ".envs")


def test_touched_results_rerun_nothing(finished):
    """Snakemake compares the content of files up to a megabyte, and the time of all else."""
    results = [path for path in (finished.folder / "results").rglob("*") if path.is_file()]
    try:
        # Hidden files hold checksums, and Snakemake's times of folders.
        touch(path for path in results if path.stat().st_size < 1e6 and path.name[0] != ".")
        assert finished.planned() == {}
        # Like a copy that keeps no times and takes files in any order.
        touch(results)
        os.utime(finished.folder / "results/stimuli/training.nc")
        assert finished.planned()["train_model"] == 4
    finally:
        finished.snakemake("--touch")
    assert finished.planned() == {}


def test_a_new_seed_leaves_full_groups_as_they_are(workflow):
    """It does not join the network that simulated subjects read out, which would change them."""
    groups = []
    for seeds in ([0, 1], [0, 1, 2]):
        settings = {"seeds_per_job": 2, "population": {"seeds": seeds}}
        with override(workflow, settings) as configfile:
            planned = workflow.dry_run("--forceall", configfiles=[configfile])
        groups.append(set(re.findall(r"results/models/alexnet/(\S+)\.safetensors", planned)))
    assert groups == [{"0_1", "99"}, {"0_1", "2", "99"}]


def test_every_variant_with_networks_has_a_figure_of_its_training(finished):
    """Variants of the mini run: that of the population, and that of a candidate."""
    external = {
        "architecture": "torchvision_model",
        "model": "alexnet",
        "weights": None,
        "input_size": 64,
    }
    candidates = [{"variant": name, "seed": 0, "layers": ["features.0"]} for name in ("a", "b")]
    settings = {"variants": {"a": external, "b": external}, "candidates": candidates}
    folder = finished.folder / "results/figures/networks"
    figures = {path.name for path in folder.glob("training_*.svg")}
    assert figures == {"training_alexnet.svg", "training_alexnet_untrained.svg"}
    with override(finished, settings) as configfile:
        planned = finished.planned("--forceall", configfiles=[configfile])
    assert planned["plot_training"] == 1


def test_an_own_recording_reruns_the_comparisons_with_its_brain(finished):
    folder = finished.folder / "own"
    folder.mkdir()
    session = finished.folder / f"results/brains/mouse/recordings/{MOUSE.sessions[0]}.nc"
    with h5netcdf.File(shutil.copy(session, folder / "mine.nc"), "a") as recording:
        recording.attrs["subject"] = "mine"
    with override(finished, brain_settings(recordings="own")) as configfile:
        planned = finished.planned(configfiles=[configfile])
    shutil.rmtree(folder)
    assert planned == {"import_recording": 1, **RECORDED, **OF_MOUSE}


def test_an_unknown_method_ends_in_one_sentence(workflow):
    with override(workflow, {"methods": {"rigde": {}}}) as configfile:
        output = workflow.dry_run(configfiles=[configfile], check=False)
    sentences = [line for line in output.splitlines() if "rigde" in line]
    assert len(sentences) == 1
    assert "config methods: found 'rigde', expected one of" in sentences[0]
    assert "Traceback" not in output


@pytest.mark.parametrize("arguments", [("--lint",), ("-n", "--rulegraph", "mermaid-js")])
def test_lint_and_graph(workflow, arguments):
    assert workflow.snakemake(*arguments)


def test_every_rule_but_two_has_a_driver_of_its_name(workflow):
    # Names of parts of a run are rules without a sentence.
    listed = re.findall(r"^(\w+) \(", workflow.snakemake("--list-rules"), re.MULTILINE)
    scripts = {path.stem for path in (workflow.folder / "workflow_scripts").rglob("*.py")}
    assert set(listed) - scripts == {"all", "build_environment"}
