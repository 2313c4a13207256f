"""All files that pin a version pin the same one."""

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


def conda_pins(name):
    """Python version and pip requirements of a conda environment file."""
    dependencies = yaml.safe_load((ROOT / f"envs/{name}.yaml").read_text())["dependencies"]
    python = next(item for item in dependencies if str(item).startswith("python="))
    return python, set(dependencies[-1]["pip"])


def test_allensdk_has_the_same_pins_in_both_files():
    text = (ROOT / "envs/allensdk.txt").read_text()
    pins = set(re.findall(r"^[A-Za-z0-9][^\s\\]*==[^\s\\]+", text, re.MULTILINE))
    assert len(pins) > 50
    assert conda_pins("allensdk") == ("python=3.11", pins)
    assert {"allensdk==2.16.2", "hdmf==3.14.6", "numpy==1.23.5"} <= pins
    hashes = text.count("--hash=sha256:")
    assert hashes >= len(pins)


def test_the_main_environment_has_the_constraints_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    constraints = set(project["tool"]["uv"]["constraint-dependencies"])
    _, pins = conda_pins("workflow")
    assert pins <= constraints
    pinned = {re.split("[=<>]", pin)[0] for pin in pins}
    direct = {re.split("[=<>]", name)[0] for name in project["project"]["dependencies"]}
    assert direct <= pinned


def test_no_file_names_a_host_of_a_registry():
    for path in (ROOT / "pyproject.toml", *(ROOT / "envs").iterdir()):
        if path.is_file():
            assert "://" not in path.read_text(), path
