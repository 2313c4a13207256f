"""A file has its name when it is whole, and temporary files of others are left alone."""

import errno
import fcntl
import os
import subprocess
import sys

import pytest

from workflow_scripts.common.files import lock, replacing


@pytest.fixture
def gone():
    """Number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.parametrize("name", ["mouse_a.1.nc", "mouse_a.1.2.nc", "mouse_a.nc.nc", "mouse_a.csv"])
def test_temporary_files_of_other_names_stay(tmp_path, name):
    """Several recordings are written into one folder at a time, and some names begin alike."""
    with replacing(tmp_path / name) as other, replacing(tmp_path / "mouse_a.nc") as mine:
        other.write_text("other")
        mine.write_text("mine")
    assert (tmp_path / name).read_text() == "other"
    assert sorted(os.listdir(tmp_path)) == sorted([name, "mouse_a.nc"])


def test_the_temporary_file_of_a_process_that_writes_stays(tmp_path):
    """A second start of the same command must not end the first."""
    other = tmp_path / f".a.{os.getppid()}.part.nc"
    other.write_text("other")
    with replacing(tmp_path / "a.nc") as mine:
        mine.write_text("mine")
    assert other.read_text() == "other"


def test_what_a_killed_process_left_is_removed(tmp_path, gone):
    left = tmp_path / f".a [1].{gone}.part.nc"
    left.write_text("half")
    with replacing(tmp_path / "a [1].nc") as mine:
        mine.write_text("mine")
    assert os.listdir(tmp_path) == ["a [1].nc"]


def test_a_failure_leaves_the_older_file(tmp_path):
    (tmp_path / "a.nc").write_text("older")
    with pytest.raises(KeyboardInterrupt), replacing(tmp_path / "a.nc") as mine:
        mine.write_text("half")
        raise KeyboardInterrupt
    assert os.listdir(tmp_path) == ["a.nc"]
    assert (tmp_path / "a.nc").read_text() == "older"


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_ends_nothing(tmp_path, monkeypatch, number):
    def refuse(file, operation):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with open(tmp_path / "a", "wb") as file:
        lock(file, "waiting")
