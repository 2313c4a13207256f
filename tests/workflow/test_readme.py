"""The README's examples, followed literally: a method, own responses, and an own model."""

import os
import re
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
import torch
import xarray as xr
import yaml
from torchvision.models import get_model


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
    command = [sys.executable, "-m", "pytest", "-q", "tests/contract/test_methods.py", "-k", name]
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


@pytest.fixture(scope="module")
def own_model(finished):
    """The README's model beside a finished run, with random weights: nothing is downloaded."""
    text = (finished.folder / "README.md").read_text()
    text = re.search(r"^## Put your own model.*?^## ", text, re.DOTALL | re.MULTILINE).group()
    saved = python(text)
    assert 'weights="DEFAULT"' in saved
    saved = saved.replace('weights="DEFAULT"', "weights=None")
    subprocess.run([sys.executable, "-c", saved], cwd=finished.folder, check=True)
    settings = re.search(r"```yaml\n(.*?)```", text, re.DOTALL).group(1)
    (finished.folder / "ours.yaml").write_text(settings)
    *_, until, rule = re.search(r"^uv run snakemake (.*)$", text, re.MULTILINE).group(1).split()

    def run(*arguments, configfiles=()):
        return finished.snakemake(*arguments, configfiles=["ours.yaml", *configfiles])

    def planned(*arguments, **more):
        output = run("-n", "-q", "rules", until, rule, *arguments, **more)
        rows = re.findall(r"^([a-z_]+) +(\d+)$", output, re.MULTILINE)
        return {name: int(count) for name, count in rows if name != "total"}

    yield run, planned
    for name in ("ours.pt", "ours.yaml"):
        (finished.folder / name).unlink()


def test_the_model_in_the_readme_is_compared_with_the_mice(finished, own_model):
    """Six methods and two candidates; what is read is what torchvision's own model answers."""
    run, planned = own_model
    new = {"prepare_scenes": 1, "extract_activations": 2, "align_model_and_mice": 12}
    assert planned() == new
    results = finished.folder / "results"
    candidates = ["ours", "ours_untrained"]
    run(*(f"results/scores/model_to_mouse/ridge_post/{name}/0.nc" for name in candidates))
    assert planned() == {"align_model_and_mice": 10}

    for direction, n_cells in (("model_to_mouse", 4 * 2 * 3), ("mouse_to_model", 4 * 2)):
        for name in candidates:
            scores = xr.open_dataset(results / f"scores/{direction}/ridge_post/{name}/0.nc")
            assert scores["verdict"].values.tolist() == ["ok"] * n_cells
            assert np.isfinite(scores["score"]).all()

    images = xr.open_dataset(results / "stimuli/scenes_224.nc")["image"].values
    assert images.shape == (60, 224, 224, 3)
    model = get_model("resnet18")
    model.load_state_dict(torch.load(finished.folder / "ours.pt"))
    answers = []
    model.layer2[0].register_forward_hook(lambda *call: answers.append(call[-1]))
    mean, sd = torch.tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]])
    with torch.no_grad():
        model.eval()(((torch.tensor(images[:2]) / 255 - mean) / sd).permute(0, 3, 1, 2))
    layer = xr.open_dataset(results / "activations/scenes/ours/0.nc", group="layer2.0.relu")
    units = (layer[name].values for name in ("channel", "row", "column"))
    expected = answers[0][(slice(None), *units)]
    np.testing.assert_allclose(layer["post"][:2], expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(layer["post"], np.maximum(layer["pre"], 0))


def test_other_weights_are_read_anew(finished, own_model):
    run, planned = own_model
    run("results/scores/model_to_mouse/ridge_post/ours/0.nc")
    before = Counter(planned())
    torch.save(get_model("resnet18").state_dict(), finished.folder / "ours.pt")
    assert planned() == before + Counter(["extract_activations", "align_model_and_mice"])


def test_with_recorded_mice_an_own_model_needs_no_training(finished, own_model):
    """Simulated mice read out a network, which is trained for them."""
    _, planned = own_model
    assert planned("--forceall")["train_model"] == 1
    mouse = {"source": "s3", "sessions": [715093703, 719161530], "n_scenes": 118}
    (finished.folder / "recorded.yaml").write_text(yaml.safe_dump({"mouse": mouse}))
    rules = planned("--forceall", configfiles=["recorded.yaml"])
    assert {"fetch_session", "align_model_and_mice"} <= set(rules)
    assert {"train_model", "prepare_stimuli"}.isdisjoint(rules)
