"""Every row of the benchmark at tiny sizes: both sides agree. Times are not checked."""

import math
import os
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.benchmarks import objectives, paper_run, training
from workflow_scripts.common.config import read_config
from workflow_scripts.common.kept_memory import KEPT_MEMORY

FOLDER = Path(__file__).parents[1] / "benchmarks"
ROWS = runpy.run_path(str(FOLDER / "alignment.py"))["ROWS"]
MODELS = {"n_train": 60, "n_test": 30, "n_units": 12, "n_targets": 3}
GLM = {"n_train": 60, "n_units": 8, "n_targets": 3, "n_fitted": 2, "n_sample": 2}
RSA = {"n_profiles": 4, "n_stimuli": 30, "n_units": 12}
# Sizes of each row, and the largest disagreement that is accepted.
TINY = {
    "ridge_models": (MODELS, 1e-8),
    # The other tool chooses penalties by another criterion.
    "ridge_models_himalaya": (MODELS, 0.05),
    "ridge_brain": ({**MODELS, "n_units": 100, "n_target_units": 6}, 1e-8),
    "ridge_models_whole": (MODELS, 1e-8),
    "ridge_brain_whole": ({**MODELS, "n_units": 100, "n_target_units": 6}, 1e-8),
    "linear_nonlinear": (GLM, 1e-4),
    "linear_softplus": (GLM, 1e-4),
    "pre_linear_softplus": (GLM, 1e-4),
    "linear_nonlinear_exact": (GLM, 1e-4),
    "linear_softplus_exact": (GLM, 1e-4),
    "pre_linear_softplus_exact": (GLM, 1e-4),
    "soft_matching_unequal": ({"n_units": 30, "n_target_units": 40, "n_stimuli": 40}, 1e-10),
    "yeo_johnson": ({"n_stimuli": 60, "n_units": 8}, 1e-4),
    "soft_matching_1000": ({"n_units": 30, "n_stimuli": 40}, 1e-10),
    "soft_matching_2000": ({"n_units": 60, "n_stimuli": 40}, 1e-10),
    "rsa_rsatoolbox": (RSA, 1e-10),
    "rsa_scipy": ({**RSA, "n_sample": 3}, 1e-10),
}


@pytest.mark.parametrize("row", ROWS)
def test_both_sides_find_the_same(row):
    sizes, limit = TINY[row]
    measured = ROWS[row][-1](**sizes)
    assert measured["seconds"] > 0 and measured["alternative_seconds"] > 0
    assert math.isfinite(measured["disagreement"])
    assert abs(measured["disagreement"]) <= limit, measured


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the command of a benchmark in this process, which has imported torch; its output."""

    def run(benchmark, *arguments):
        monkeypatch.setattr(sys, "argv", [benchmark.__file__, *map(str, arguments)])
        benchmark.main()
        return capsys.readouterr().out

    return run


def test_the_benchmark_of_large_recordings_measures_every_step():
    command = [sys.executable, FOLDER / "brain_memory.py", "--ragged"]
    sizes = ["--units", "20", "--stimuli", "30"]
    done = subprocess.run([*command, *sizes], capture_output=True, text=True, check=True)
    steps = [line.partition(":")[0] for line in done.stdout.splitlines() if "at most" in line]
    assert steps == ["written", "imported, with reliabilities", "read, with single trials"]


def test_the_training_benchmark_times_every_path(run, tmp_path, monkeypatch):
    monkeypatch.setattr(training, "WARM_UP", 1)
    table = tmp_path / "training.csv"
    output = run(training, "--images", 64, "--steps", 1, "--seeds", 2, "--csv", table)
    rows = pd.read_csv(table)
    assert (rows["images_per_s"] > 0).all()
    assert list(rows["networks"])[-1] == 2
    assert "times the plain loop on this device" in output


def test_operations_of_the_original_network_are_those_counted_by_hand():
    """A multiplication and an addition for each weight and output position, three times in all."""
    maps = [(64 * 3 * 121, 225), (192 * 64 * 25, 49), (384 * 192 * 9, 9), (256 * 384 * 9, 9)]
    maps += [(256 * 256 * 9, 9), (4096 * 256, 1), (4096 * 4096, 1)]
    forward = 2 * sum(weights * positions for weights, positions in maps)
    images = 2 * maps[0][0] * maps[0][1]  # images have no gradient
    variant = {"architecture": "alexnet", "width": 1.0, "drive_deviation": 4.0, "dropout": 0.0}
    counted = training.training_flops({**variant, "noise_gain": 1.0})
    assert counted == 3 * forward - images


def test_the_benchmark_of_objectives_trains_at_the_papers_settings(run, tmp_path, monkeypatch):
    # The same images are shown to each untrained network; another process trains one.
    shown = objectives.crops(read_config([]), 1, 1)
    monkeypatch.setattr(objectives, "crops", lambda *_: shown)
    table = tmp_path / "curves.csv"
    options = ["--rows", "softmax, centred", "--seeds", 1, "--epochs", 1, "--csv", table]
    run(objectives, *options, "--paper", 128, "--rows-of-bank", 256)
    rows = pd.read_csv(table)
    assert rows["epoch"].tolist() == [1]
    assert math.isfinite(rows["loss"][0]) and rows["dimensions"][0] > 2


COVERAGE = runpy.run_path(str(FOLDER / "interval_coverage.py"))


@pytest.mark.parametrize("population", COVERAGE["POPULATIONS"])
def test_intervals_contain_the_true_value(population):
    rows = COVERAGE["measure"](population, 3, 200, np.random.default_rng(0))
    rows = {row["population"]: row for row in rows}
    # A subject left out as a target only would be missed in the pools: the benchmark shows it.
    too_few = rows.pop("pooled brains, targets", None)
    for row in rows.values():
        assert row["jackknife"] >= 0.9, row
        assert row["bootstrap"] < row["jackknife"], row
    assert too_few is None or too_few["jackknife"] < rows["pooled brains, pools"]["jackknife"]


def test_pseudo_subjects_are_rarely_called_specific_where_they_are_not():
    """With permutations that are drawn for each grouping they are too often."""
    measure = runpy.run_path(str(FOLDER / "groupings.py"))["measure"]
    rows = list(measure(8, 3, 1.0, 60))
    assert len(rows) == 5
    for row in rows:
        assert row["equal rank"] <= 0.1 < row["drawn anew"], row


def test_what_wins_on_every_brain_is_taken_out_of_recovery():
    recovery = runpy.run_path(str(FOLDER / "adjusted_recovery.py"))
    brains, candidates = np.random.default_rng(0).normal(size=(2, 4))
    scores = brains[:, None] + candidates + 0.1 * np.eye(4)
    is_truth = np.eye(4, dtype=bool)
    assert recovery["ahead"](scores, is_truth)[0].mean() == 0.25
    share, margin = recovery["ahead"](recovery["without_main_effects"](scores), is_truth)
    assert (share == 1).all()
    np.testing.assert_allclose(margin, 0.1)


def test_the_benchmark_of_a_paper_run_times_both_sizes(run, monkeypatch):
    """With fewer stimuli and networks than the paper has."""
    config = read_config([str(FOLDER.parents[1] / "config.paper.yaml")])
    config.stimuli.n.population, config.population.seeds = 200, [0, 1]
    monkeypatch.setattr(paper_run, "read_config", lambda paths: config)
    output = run(paper_run, "ridge_post")
    assert output.count("2 networks of") == output.count("median split score") == 2


def test_a_benchmark_starts_again_with_the_memory_settings_of_jobs():
    code = "import os, sys; from tests.benchmarks.timing import keep_memory; keep_memory(); "
    code += "print(os.environ['MALLOC_TRIM_THRESHOLD_'], *sys.argv[1:])"
    others = {name: value for name, value in os.environ.items() if name not in KEPT_MEMORY}
    done = subprocess.run(
        [sys.executable, "-c", code, "ridge_post"],
        cwd=FOLDER.parents[1],
        env=others,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{KEPT_MEMORY['MALLOC_TRIM_THRESHOLD_']} ridge_post\n"


def test_no_benchmark_hides_a_package():
    """A script's folder comes first on Python's path; Numba asks for a package named coverage."""
    command = [sys.executable, "-c", "import matplotlib, numba, sklearn, torch, xarray"]
    folder = {"PYTHONPATH": str(FOLDER)}
    subprocess.run(command, env={**os.environ, **folder}, check=True)
