"""A file has its name when it is whole, and temporary files of others are left alone."""

import errno
import fcntl
import os
import socket
import subprocess
import sys
import threading
import time

import pytest

from workflow_scripts.common.files import lock, remove_leftovers, replacing


@pytest.fixture
def gone():
    """Number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def temporary(folder, stem, process, machine=None):
    """The path of a temporary file of a process, by default one of this machine."""
    machine = machine or socket.gethostname().replace(".", "-")
    return folder / f".{stem}.{machine}.{process}.part.nc"


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
    other = temporary(tmp_path, "a", os.getppid())
    other.write_text("other")
    with replacing(tmp_path / "a.nc") as mine:
        mine.write_text("mine")
    assert other.read_text() == "other"


def test_what_a_killed_process_left_is_removed(tmp_path, gone):
    temporary(tmp_path, "a [1]", gone).write_text("half")
    with replacing(tmp_path / "a [1].nc") as mine:
        mine.write_text("mine")
    assert os.listdir(tmp_path) == ["a [1].nc"]


def test_what_a_zombie_or_a_thread_seems_to_write_is_removed(tmp_path):
    """A killed process is a zombie until its parent asks for it, and its number is given again."""
    zombie = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    for process in (zombie.pid, thread.native_id):
        temporary(tmp_path, "a", process).write_text("half")
    with replacing(tmp_path / "a.nc") as mine:
        mine.write_text("mine")
    end.set()
    zombie.wait()
    assert os.listdir(tmp_path) == ["a.nc"]


def test_what_another_machine_writes_is_left_alone_for_a_day(tmp_path, gone):
    writing = temporary(tmp_path, "a", gone, machine="node-1")
    left = temporary(tmp_path, "a", gone, machine="node-2")
    for path in (writing, left):
        path.write_text("half")
    os.utime(left, (time.time() - 90_000,) * 2)
    with replacing(tmp_path / "a.nc") as mine:
        mine.write_text("mine")
    assert sorted(os.listdir(tmp_path)) == [writing.name, "a.nc"]


def test_leftovers_that_nobody_writes_again_are_removed_from_a_folder(tmp_path, gone):
    (tmp_path / "a/b").mkdir(parents=True)
    kept = [temporary(tmp_path, "a", os.getppid()), tmp_path / "a/images.npy.part"]
    left = [temporary(tmp_path / "a/b", "x.1", gone), temporary(tmp_path / "a", "log", gone)]
    left[1] = left[1].with_suffix("")  # of a file without a suffix
    for path in (*kept, *left):
        path.touch()
    remove_leftovers(tmp_path)
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(kept)


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
