"""The README's examples, followed literally: a method passes the contract, responses are read."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest
import yaml


@pytest.fixture
def section(workflow):
    """Text of one section of the README."""
    readme = (workflow.folder / "README.md").read_text()
    return lambda title: re.search(rf"^## {title}\n(.*?)^## ", readme, re.DOTALL | re.M).group(1)


def python(text):
    return re.search(r"```python\n(.*?)```", text, re.DOTALL).group(1)


def test_the_method_in_the_readme_keeps_the_contract(workflow, section):
    text = section("Add a method")
    name = re.search(r"`(\w+)\.py`, predicts", text).group(1)
    path = workflow.folder / f"workflow_scripts/methods/{name}.py"
    path.write_text(python(text))
    command = [sys.executable, "-m", "pytest", "-q", "tests/test_methods_contract.py", "-k", name]
    try:
        done = subprocess.run(command, cwd=workflow.folder, capture_output=True, text=True)
    finally:
        path.unlink()
    assert done.returncode == 0, done.stdout
    assert re.search(r"\d+ passed", done.stdout)


def test_the_responses_in_the_readme_are_read(workflow, section, tmp_path):
    """Simulated counts of 118 scenes, 4 trials and 3 units, one trial of which is missing."""
    text = section("Your own responses")
    counts = np.random.default_rng(0).poisson(2, size=(118, 4, 3)).astype(float)
    counts[5, 1] = np.nan
    np.save(tmp_path / "counts.npy", counts)
    np.save(tmp_path / "areas.npy", ["VISp", "VISp", "VISl"])
    (tmp_path / "own").mkdir()
    environment = {**os.environ, "PYTHONPATH": str(workflow.folder)}

    def run(*arguments):
        command = [sys.executable, *arguments]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("-c", python(text))
    checked = re.search(r"^uv run python (-m .*)$", text, re.MULTILINE).group(1).split()
    assert checked[-1] == "own/*.nc"
    files = [f"own/{path.name}" for path in (tmp_path / "own").glob("*.nc")]
    assert run(*checked[:-1], *files) == (
        "own/mouse_a.nc: ok: mouse_a, recorded, 118 stimuli, 3 units (2 VISp, 1 VISl)\n"
    )
    setting = yaml.safe_load(re.search(r"```yaml\n(.*?)```", text, re.DOTALL).group(1))
    assert setting == {"mouse": {"own_responses": "own"}}
