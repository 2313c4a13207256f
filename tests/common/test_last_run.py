"""A run into the results of another configuration is told so, once, before it starts."""

import pytest

from workflow_scripts.common.last_run import FILE, Options

CONFIG = {"seed": 0, "methods": {"rsa": {}}, "training": {"width": 1, "epochs": 5}, "device": "cpu"}
OTHER = {"seed": 3, "methods": {}, "training": {"width": 2, "epochs": 1}, "device": "auto"}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_forgotten_configuration_file_is_named():
    Options(["mini.yaml"], {}, OTHER).note()
    assert Options([], {}, CONFIG).warning() == (
        "results: found those of a run with --configfile mini.yaml, expected the same here, or "
        "--directory FOLDER for another run (other values of device, seed, training.epochs and "
        "1 more); this one goes on"
    )


def test_options_are_named_as_they_are_typed():
    Options(["a.yaml", "b.yaml"], {"seed": 3}, CONFIG | {"seed": 3}).note()
    warning = Options([], {}, CONFIG).warning()
    assert "a run with --configfile a.yaml b.yaml --config seed=3, expected" in warning
    assert warning.endswith("(other values of seed); this one goes on")
    Options([], {}, CONFIG).note()
    assert "a run with no --configfile, expected" in Options(["a.yaml"], {}, OTHER).warning()


@pytest.mark.parametrize(
    ("files", "config"),
    [
        pytest.param(["mini.yaml"], OTHER, id="the same run"),
        pytest.param(["mini.yaml"], CONFIG, id="an edited file"),
        pytest.param(
            ["mini.yaml", "methods.yaml"], OTHER | {"methods": {"pls": {}}}, id="a method"
        ),
    ],
)
def test_ordinary_changes_are_not_mentioned(files, config):
    Options(["mini.yaml"], {}, OTHER).note()
    assert Options(files, {}, config).warning() is None


@pytest.mark.parametrize("content", [None, "", "[]", '{"files": 1}', "\0"])
def test_without_notes_of_a_last_run_nothing_is_said(content):
    if content is not None:
        FILE.parent.mkdir(parents=True)
        FILE.write_text(content)
    assert Options([], {}, CONFIG).warning() is None


def test_a_folder_that_may_not_be_written_is_left_to_the_first_job(tmp_path):
    (tmp_path / "results").write_text("in the way")
    Options([], {}, CONFIG).note()
