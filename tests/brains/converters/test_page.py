"""The commands of the page are run literally, on small files of the names that they have there."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.io
import xarray as xr

from tests.brains.converters.test_brainio import new_form, responses_of, stimulus_set
from workflow_scripts.brains.converters.brainio_sets import read_sets

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/own_brain.md").read_text()
PAGE = PAGE[PAGE.index("## From other forms") : PAGE.index("## Check the folder")]


def command(name):
    """Arguments of the page's first command of a converter."""
    text = re.search(rf"^uv run python (-m \S+\.{name} .*?[^\\])\n", PAGE, re.DOTALL | re.M)[1]
    return shlex.split(text.replace("\\\n", ""))


def run(folder, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_arrays(tmp_path):
    random = np.random.default_rng(0)
    names, areas = np.empty(12, object), np.empty(3, object)
    names[:] = [f"{number}.png" for number in range(12)]
    areas[:] = ["V4", "V4", "IT"]
    variables = {"rates": random.normal(size=(3, 12, 4)), "image_names": names}
    scipy.io.savemat(tmp_path / "monkey_a.mat", {**variables, "area_of_unit": areas})
    run(tmp_path, *command("arrays"))
    told = run(tmp_path, "-m", "workflow_scripts.brains.check", "macaque")
    assert "ok: monkey_a, recorded spikes in spikes/s, 12 stimuli, single trials" in told


def test_nwb(tmp_path):
    pytest.importorskip("pynwb", reason="pynwb is not installed (uv sync --group nwb)")
    from tests.brains.converters.test_nwb import session

    session(tmp_path / "session.nwb", intervals="natural_scenes")
    run(tmp_path, *command("nwb"))
    with xr.open_dataset(tmp_path / "macaque/monkey_b.nc", engine="h5netcdf") as data:
        assert data["stimulus"].values.tolist() == ["scene_000.png", "scene_001.png"]


def test_brainio(tmp_path):
    ids = [f"{number:02d}" for number in range(12)]
    new_form(tmp_path / "assembly.nc", responses_of(24, 4, n_bins=10), ids * 2)
    stimulus_set(tmp_path, ids, name="stimuli")
    run(tmp_path, *command("brainio"))
    told = run(tmp_path, "-m", "workflow_scripts.brains.check", "macaque")
    assert "2 subjects with 12 stimuli in common, 6 groups, an image of each" in told


def test_the_page_lists_the_public_sets():
    listed = re.findall(r"^\| `(\w\S*)` \|", PAGE, re.MULTILINE)
    assert sorted(listed) == sorted(read_sets())
    fetched = re.search(r"--set (\S+) --output", PAGE)[1]
    assert fetched in listed


def test_every_option_of_the_page_is_known():
    helps = [
        run(ROOT, "-m", f"workflow_scripts.brains.converters.{name}", "--help")
        for name in ("arrays", "nwb", "brainio")
    ]
    known = set(re.findall(r"--[a-z-]+", " ".join(helps)))
    assert set(re.findall(r"`?(--[a-z][a-z-]*)", PAGE)) <= known
