"""Files that come from outside are told from others of the same names, older or newer."""

import os

import pytest

from workflow_scripts.common.outside import files_below, state_of


@pytest.fixture
def folder(tmp_path):
    for name in ("a.png", "b/c.png", "b/d.png"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
    (tmp_path / ".hidden").touch()
    return tmp_path


def state(folder):
    return state_of(folder, files_below(folder))


def older(folder):
    """As mv, cp -p, rsync -t and git-annex leave it."""
    path = folder / "b/c.png"
    found = path.stat()
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns - 10**12))


def exchanged(folder):
    os.rename(folder / "a.png", folder / "x")
    os.rename(folder / "b/c.png", folder / "a.png")
    os.rename(folder / "x", folder / "b/c.png")


def longer(folder):
    path = folder / "a.png"
    found = path.stat()
    path.write_text("longer")
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


def added(folder):
    (folder / "b/e.png").touch()


def removed(folder):
    (folder / "b/d.png").unlink()


def renamed(folder):
    (folder / "a.png").rename(folder / "z.png")


def without_class(folder):
    for path in (folder / "b").iterdir():
        path.unlink()
    (folder / "b").rmdir()


@pytest.mark.parametrize(
    "change", [older, exchanged, longer, added, removed, renamed, without_class]
)
def test_every_change_is_seen(folder, change):
    before = state(folder)
    assert state(folder) == before
    change(folder)
    assert state(folder) != before


def test_the_place_of_the_folder_does_not_matter(folder, tmp_path_factory):
    before = state(folder)
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "moved"
    folder.rename(elsewhere)
    assert state(elsewhere) == before


def test_a_file_that_is_not_there_is_noted(tmp_path):
    before = state_of(tmp_path, ["a", "b"])
    (tmp_path / "b").touch()
    assert state_of(tmp_path, ["a", "b"]) != before
