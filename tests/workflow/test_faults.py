"""A run that is killed, starved and corrupted on its way ends in the tables of the undisturbed one.

Every fault happens once; ``tests/harness/faults.py`` is the same with more faults, on any
configuration. Here it is the mini run with one mapping, one geometry and a few figures, which has
all rules and all kinds of files.
"""

import shutil
from contextlib import nullcontext

import numpy as np
import pytest
import yaml

from tests.harness.compare_runs import assert_equal
from tests.harness.faults import (
    KILLS,
    LEVELS,
    STARVATIONS,
    Run,
    corrupt_every_kind,
    disturb,
    small_disk,
)
from tests.harness.mini import MINI, MINI_FILE, PLAN, merged
from tests.harness.workflow import Workflow
from workflow_scripts.plan import Plan

OVERRIDE = "smaller.yaml"
METHODS = ("ridge_post", "rsa")
SETTINGS = {"methods": {name: None for name in PLAN.alignment.methods if name not in METHODS}}
# They read every table that may be corrupted: nobody would notice what no job reads.
FIGURES = (
    *("networks/figure_1", "networks/training_alexnet"),
    *("mouse/separability_overall", "mouse/subjects"),
)
TARGETS = [
    *(path for path in Plan(merged(MINI, SETTINGS)).final_files() if path.endswith(".csv")),
    *(f"results/figures/{name}.svg" for name in FIGURES),
]


def smaller_run(folder):
    """The smaller run of a copy of the repository."""
    return Run(Workflow.command(configfiles=(MINI_FILE, OVERRIDE)), folder, folder, TARGETS)


@pytest.fixture(scope="module")
def undisturbed(finished_folder, tmp_path_factory):
    """The smaller run after its end: the finished run with fewer methods."""
    folder = tmp_path_factory.mktemp("undisturbed") / "repository"
    shutil.copytree(finished_folder, folder, symlinks=True)
    for name in SETTINGS["methods"]:
        for shards in list(folder.glob(f"results/scores/**/{name}")):
            shutil.rmtree(shards)
    (folder / OVERRIDE).write_text(yaml.safe_dump(SETTINGS))
    run = smaller_run(folder)
    run.finish()
    return run


@pytest.fixture(scope="module")
def run(undisturbed, pytestconfig, tmp_path_factory):
    """A copy of the undisturbed run, on a disk of its own where tests may mount one."""
    folder = tmp_path_factory.mktemp("faults") / "repository"
    with small_disk(folder) if pytestconfig.getoption("--system") else nullcontext():
        shutil.copytree(undisturbed.folder, folder, symlinks=True, dirs_exist_ok=True)
        yield smaller_run(folder)


@pytest.fixture(scope="module")
def corrupted(run):
    """Files that were corrupted, and then named by the jobs that read them."""
    return corrupt_every_kind(run, np.random.default_rng(1))


@pytest.fixture(scope="module")
def disturbed(run, corrupted):
    """The run that has met every fault while it made again what was corrupt, after its end."""
    faults = KILLS + STARVATIONS if run.folder.is_mount() else KILLS
    random = np.random.default_rng(0)
    disturb(run, random.permutation(faults), random)
    run.finish()
    return run


def test_no_corrupt_file_is_read(corrupted):
    """One file of each kind has a flipped bit, or is truncated, emptied or overwritten."""
    assert len(corrupted) == sum(len(patterns) for patterns, _ in LEVELS)


def hits(run, faults):
    return [run.happened[fault.__name__] for fault in faults]


def test_faults_change_no_table(disturbed, undisturbed):
    assert_equal(disturbed.tables(), undisturbed.tables())
    assert hits(disturbed, KILLS) == [1] * len(KILLS)


@pytest.mark.system
def test_a_full_disk_and_a_forbidden_folder_are_among_them(disturbed):
    if not disturbed.folder.is_mount():
        pytest.skip("mounting a small disk needs root: no disk was full and no folder read-only")
    assert hits(disturbed, STARVATIONS) == [1] * len(STARVATIONS)


def test_nothing_half_written_is_left(disturbed):
    assert not list(disturbed.folder.glob("results/**/.*.part*"))
