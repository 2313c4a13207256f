"""Folders of the workflow have the same names wherever a run is."""

import os

import pytest

from workflow_scripts.common.planning import link_folder


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "a/repository"
    folder.mkdir(parents=True)
    return folder


def link(repository, monkeypatch, place):
    monkeypatch.chdir(place)
    link_folder(".envs", repository / ".envs")


def test_another_folder_has_a_link(repository, tmp_path, monkeypatch):
    for _ in range(2):
        link(repository, monkeypatch, tmp_path)
        assert os.readlink(tmp_path / ".envs") == str(repository / ".envs")
        assert (tmp_path / ".envs").is_dir()


def test_the_link_follows_the_repository(repository, tmp_path, monkeypatch):
    link(repository, monkeypatch, tmp_path)
    moved = repository.rename(tmp_path / "moved")
    link(moved, monkeypatch, tmp_path)
    assert os.readlink(tmp_path / ".envs") == str(moved / ".envs")


def test_a_folder_is_not_replaced(repository, tmp_path, monkeypatch):
    (tmp_path / ".envs").mkdir()
    link(repository, monkeypatch, tmp_path)
    assert not (tmp_path / ".envs").is_symlink()


@pytest.mark.parametrize("is_link", [False, True])
def test_the_repository_keeps_its_own(repository, tmp_path, monkeypatch, is_link):
    """Also where it is called by another name."""
    if is_link:
        (tmp_path / "shared").mkdir()
        (repository / ".envs").symlink_to(tmp_path / "shared")
    (tmp_path / "alias").symlink_to(repository)
    link(tmp_path / "alias", monkeypatch, repository)
    assert (repository / ".envs").exists() == is_link
