"""Files that come from outside are known by their content, and read only where times differ."""

import os
from pathlib import Path

import pytest

from workflow_scripts.common import outside
from workflow_scripts.common.checksums import sha256_of
from workflow_scripts.common.outside import by_state, files_below, state_of

FILES = ("a.png", "b/c.png", "b/d.png")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Files in the working directory of a run."""
    monkeypatch.chdir(tmp_path)
    # Otherwise files that are as new as these would be read in each plan.
    monkeypatch.setattr(outside, "SETTLED", -(10**12))
    folder = tmp_path / "own"
    for name in FILES:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (folder / ".hidden").touch()
    return folder


@pytest.fixture
def read(monkeypatch):
    """Names of the files whose content is read."""
    names = []

    def noted(path):
        names.append(Path(path).name)
        return sha256_of(path)

    monkeypatch.setattr(outside, "sha256_of", noted)
    return names


def state(folder):
    return state_of(folder, files_below(folder))


def in_another_process():
    outside._known.cache_clear()


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


def older(folder):
    """As mv, cp -p, rsync -t and git-annex leave it."""
    path = folder / "b/c.png"
    found = path.stat()
    path.write_text("B/C.PNG")
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns - 10**12))


def of_same_size_and_time(folder):
    path = folder / "a.png"
    found = path.stat()
    path.write_text("A.PNG")
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


def older_time(folder):
    path = folder / "b/c.png"
    found = path.stat()
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns - 10**12))


def touched(folder):
    for name in FILES:
        os.utime(folder / name)


def copied(folder):
    for name in FILES:
        content = (folder / name).read_bytes()
        (folder / name).unlink()
        (folder / name).write_bytes(content)


CHANGES = [exchanged, longer, added, removed, renamed, without_class]


@pytest.mark.parametrize("change", [*CHANGES, older, of_same_size_and_time])
def test_every_change_is_seen(folder, change):
    before = state(folder)
    in_another_process()
    assert state(folder) == before
    change(folder)
    in_another_process()
    assert state(folder) != before


@pytest.mark.parametrize("change", [older, added, removed])
def test_changes_in_a_class_that_is_a_link_are_seen(folder, change):
    """As where some classes of ImageNet are linked into a folder of their own."""
    chosen = folder.with_name("chosen")
    chosen.mkdir()
    (chosen / "b").symlink_to(folder / "b")
    before = state(chosen)
    change(folder)
    in_another_process()
    assert state(chosen) != before


def test_links_that_lead_in_a_circle_end_nothing(folder):
    (folder / "b/circle").symlink_to(folder)
    (folder / "circle").symlink_to(folder)
    assert {*FILES, "circle/a.png"} <= set(files_below(folder))


@pytest.mark.parametrize("change", [touched, copied, older_time])
def test_new_times_are_no_change(folder, change):
    before = state(folder)
    change(folder)
    in_another_process()
    assert state(folder) == before


@pytest.mark.parametrize("change", [*CHANGES, older, older_time])
def test_what_is_too_large_to_be_read_is_known_by_size_and_time(folder, read, monkeypatch, change):
    monkeypatch.setattr(outside, "MOST", 0)
    before = state(folder)
    assert state(folder) == before
    change(folder)
    assert state(folder) != before
    assert read == []


def test_a_file_is_read_again_only_if_its_size_or_a_time_differs(folder, read):
    state(folder)
    assert sorted(read) == ["a.png", "c.png", "d.png"]
    in_another_process()
    older_time(folder)
    longer(folder)
    state(folder)
    assert sorted(read[3:]) == ["a.png", "c.png"]
    in_another_process()
    state(folder)
    assert len(read) == 5


def test_a_file_that_may_still_change_within_its_time_is_read_again(folder, read, monkeypatch):
    monkeypatch.setattr(outside, "SETTLED", 10**12)
    before = state(folder)
    assert state(folder) == before
    assert len(read) == 6


@pytest.mark.parametrize(
    "content", ["", "no JSON", "[]", '{"own/a.png": 1}', '{"own/a.png": [[]]}']
)
def test_a_damaged_note_is_replaced(folder, read, content):
    before = state(Path("own"))
    Path(outside.KNOWN).write_text(content)
    in_another_process()
    assert state(Path("own")) == before
    in_another_process()
    state(Path("own"))
    assert len(read) == 6


def test_nothing_need_be_written(folder, monkeypatch):
    before = state(folder)
    Path(outside.KNOWN).unlink()
    Path(".snakemake").rmdir()
    Path(".snakemake").write_text("no folder")
    in_another_process()
    assert state(folder) == before


def test_the_place_of_the_folder_does_not_matter(folder, tmp_path_factory):
    before = state(folder)
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "moved"
    folder.rename(elsewhere)
    assert state(elsewhere) == before


def test_a_file_that_is_not_there_is_noted(folder):
    before = state_of(folder, ["a", "b"])
    (folder / "b").rename(folder / "c")
    (folder / "b").touch()
    assert state_of(folder, ["a", "b"]) != before


def test_the_time_of_such_an_input_is_not_compared():
    assert by_state("own/a.nc") == "own/a.nc"
    assert by_state("own/a.nc").flags == {"ancient": True}
