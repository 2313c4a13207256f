"""A run that is killed, starved and corrupted on its way ends in the tables of the undisturbed one.

Every fault happens once, on the mini run; ``tests/harness/faults.py`` is the same with more faults,
on any configuration.
"""

import numpy as np
import pytest

from tests.harness.compare_runs import assert_equal
from tests.harness.faults import (
    KILLS,
    STARVATIONS,
    Run,
    corrupt_every_kind,
    disturb,
    small_disk,
)


@pytest.fixture(scope="module")
def undisturbed(finished):
    return Run(finished.command(), finished.folder, finished.folder).tables()


@pytest.fixture(scope="module")
def disturbed(finished, tmp_path_factory):
    """A finished run that has met every fault."""
    random = np.random.default_rng(0)
    with small_disk(tmp_path_factory.mktemp("faults") / "disturbed") as folder:
        run = Run(finished.command(), finished.folder, folder)
        faults = KILLS + STARVATIONS if folder.is_mount() else KILLS
        disturb(run, random.permutation(faults), random, seconds=(3, 15))
        run.finish()
        yield run


def test_faults_change_no_table(disturbed, undisturbed):
    assert_equal(disturbed.tables(), undisturbed)
    assert {fault.__name__ for fault in KILLS} <= set(disturbed.happened)


def test_a_full_disk_and_a_forbidden_folder_are_among_them(disturbed):
    if not disturbed.folder.is_mount():
        pytest.skip("mounting a small disk needs root: no disk was full and no folder read-only")
    assert {fault.__name__ for fault in STARVATIONS} <= set(disturbed.happened)


def test_no_corrupt_file_is_read(disturbed, undisturbed):
    """One file of each kind has a flipped bit, or is truncated, emptied or overwritten."""
    corrupt_every_kind(disturbed, np.random.default_rng(1))
    assert_equal(disturbed.tables(), undisturbed)


def test_nothing_half_written_is_left(disturbed):
    assert not list(disturbed.folder.glob("results/**/.*.part*"))
