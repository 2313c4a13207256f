"""All files that pin a version pin the same one."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]


def conda_pins(name):
    """Python version and pip requirements of a conda environment file."""
    dependencies = yaml.safe_load((ROOT / f"envs/{name}.yaml").read_text())["dependencies"]
    python = next(item for item in dependencies if str(item).startswith("python="))
    return python, set(dependencies[-1]["pip"])


def hashed_pins(name):
    """Requirements of a file with hashes, each of which has one."""
    text = (ROOT / f"envs/{name}.txt").read_text()
    with_hashes = r"^([A-Za-z0-9].*?)( \\\n +--hash=sha256:[0-9a-f]{64})+$"
    pins = {pin for pin, _ in re.findall(with_hashes, text, re.MULTILINE)}
    lines = [line for line in text.splitlines() if line[0] not in "# "]
    assert len(lines) == len(pins) > 50
    return pins


def constraints():
    """Pins of the project."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return set(project["tool"]["uv"]["constraint-dependencies"])


def test_allensdk_has_the_same_pins_in_both_files():
    pins = hashed_pins("allensdk")
    assert conda_pins("allensdk") == ("python=3.11", pins)
    assert {"allensdk==2.16.2", "hdmf==3.14.6", "numpy==1.23.5"} <= pins


def test_the_main_environment_has_the_same_pins_with_hashes():
    assert conda_pins("workflow") == ("python=3.12", hashed_pins("workflow"))
    assert hashed_pins("workflow") | hashed_pins("dev") == constraints()


@pytest.mark.parametrize(("path", "number"), [(".ci/run", 2), ("Containerfile", 1)])
def test_checks_and_images_install_the_hashed_files_alone(path, number):
    script = (ROOT / path).read_text()
    installs = [line for line in script.splitlines() if re.search(r"\b(install|sync)\b", line)]
    assert len(installs) == number
    assert all("--require-hashes" in line for line in installs)


def test_an_image_has_the_python_that_allensdk_needs():
    """Otherwise uv would download one, which has no hash here."""
    python, _ = conda_pins("allensdk")
    assert f"FROM {python.replace('=', ':')}-" in (ROOT / "Containerfile").read_text()


def test_no_file_that_git_ignores_is_in_an_image():
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    left_out = (ROOT / ".dockerignore").read_text().splitlines()
    assert {line.strip("/") for line in ignored} <= {line.removeprefix("**/") for line in left_out}


def test_the_main_environment_has_the_constraints_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    _, pins = conda_pins("workflow")
    assert pins <= constraints()
    pinned = {re.split("[=<>]", pin)[0] for pin in pins}
    direct = {re.split("[=<>]", name)[0] for name in project["project"]["dependencies"]}
    assert direct <= pinned


def test_no_file_names_a_host_of_a_registry():
    for path in (ROOT / "pyproject.toml", *(ROOT / "envs").iterdir()):
        if path.is_file():
            assert "://" not in path.read_text(), path
