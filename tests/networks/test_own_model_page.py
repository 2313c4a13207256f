"""The ways to a candidate in docs/own_model.md, followed literally; torchvision's is run whole.

The run of the torchvision model is in tests/workflow/test_pages.py.
"""

import copy
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
import yaml

from tests.harness.mini import DEFAULT, merged
from workflow_scripts.common.config import parse_config
from workflow_scripts.images.plan import ImagePlan
from workflow_scripts.images.stimulus_file import image_dataset
from workflow_scripts.networks import extract_activations, import_activations
from workflow_scripts.networks.activation_file import read_activations
from workflow_scripts.networks.plan import NetworkPlan

PAGE = (Path(__file__).parents[2] / "docs/own_model.md").read_text()
N = 20
"""Scenes that are shown; the page has responses to 118."""
SCENES = [f"natural_scene_{number}.tiff" for number in range(N)]


def blocks(title, language):
    """Contents of the code blocks of a section."""
    section = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.M)[1]
    return re.findall(rf"^```{language}\n(.*?)^```", section, re.DOTALL | re.M)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder where Snakemake runs."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(script):
    """Run a script of the page."""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def plan(text, *changes):
    """Networks of the default configuration with a configuration of the page."""
    config = copy.deepcopy(DEFAULT)
    for change in (yaml.safe_load(text), *changes):
        config = merged(config, change)
    parsed = parse_config(config)
    return NetworkPlan(parsed, ImagePlan(parsed))


def activations(networks, variant):
    """Responses of the candidate by layer, as its job leaves them."""
    wildcards = SimpleNamespace(variant=variant, seed="0", stimuli="mouse")
    if networks.is_imported(variant):
        import_activations.main(0, networks.import_settings(wildcards), "read.nc")
    else:
        side = int(Path(networks.images_seen(wildcards)).stem)
        pixels = np.random.default_rng(0).integers(0, 256, (N, side, side, 3), np.uint8)
        image_dataset(pixels, names=SCENES).to_netcdf("images.nc", engine="h5netcdf")
        settings = networks.activation_settings(wildcards)
        extract_activations.main([], "images.nc", 0, settings, "read.nc")
    layers = networks.config.candidates[0].layers
    profiles = read_activations("read.nc", f"{variant}/0", layers, "post", SCENES)
    return {profile.part: profile.values for profile in profiles}


def test_saved_activations(folder):
    by_folder, by_file = blocks("Activations that you have", "python")
    (text,) = blocks("Activations that you have", "yaml")
    run(by_folder)
    networks = plan(text)
    read = activations(networks, "clip")
    assert {layer: values.shape for layer, values in read.items()} == {
        "visual.5": (N, 400),
        "visual.11": (N, 400),
    }
    run(by_file)
    assert "`{activations: clip.nc}`" in PAGE
    networks = plan(text, {"variants": {"clip": {"activations": "clip.nc"}}})
    assert activations(networks, "clip")["visual.5"].shape == (N, 400)


def test_a_timm_model(folder):
    pytest.importorskip("timm", reason="timm is an optional group: uv run --group timm pytest")
    (script,), (text,) = (blocks("A timm model", language) for language in ("python", "yaml"))
    assert "pretrained=True" in script
    run(script.replace("pretrained=True", "pretrained=False"))
    read = activations(plan(text), "vit")
    assert {layer: values.shape for layer, values in read.items()} == {
        layer: (N, 192) for layer in ("blocks.2", "blocks.5@class", "blocks.11@mean")
    }
    (command,) = blocks("A timm model", "sh")
    assert command.startswith("uv run --group timm snakemake ")


def test_a_module_of_ones_own(folder):
    (script,) = blocks("A torch module of your own", "python")
    (text,) = blocks("A torch module of your own", "yaml")
    (folder / "mine.py").write_text(script)
    networks = plan(text)
    read = activations(networks, "mine")
    assert {layer: values.shape for layer, values in read.items()} == {
        "stem": (N, 32),
        "relu": (N, 32),
    }
    assert (read["relu"] >= 0).all() and (read["stem"] >= 0).all()
    before = {"candidates": [{"variant": "mine", "seed": 0, "layers": ["stem.0"]}]}
    assert (activations(plan(text, before), "mine")["stem.0"] < 0).any()


def test_many_units(folder):
    """96 pixels: 32 channels at 23 x 23 positions, in 1,000 sums."""
    (folder / "mine.py").write_text(blocks("A torch module of your own", "python")[0])
    (text,) = blocks("A torch module of your own", "yaml")
    (projected,) = blocks("Many units", "yaml")
    read = activations(plan(text, yaml.safe_load(projected)), "mine")
    assert {layer: values.shape for layer, values in read.items()} == {
        "stem": (N, 1000),
        "relu": (N, 1000),
    }
    with xr.open_dataset("read.nc", group="relu", engine="h5netcdf") as data:
        assert set(data.data_vars) == {"post", "reliability_post"}
