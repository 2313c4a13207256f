"""The pages: their examples are followed literally, and what they say of the repository is true."""

import re
import subprocess
import sys
from collections import Counter
from contextlib import chdir, redirect_stdout
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr
import yaml
from PIL import Image
from snakemake.utils import update_config
from torchvision.models import get_model

import docs.generate
from tests.harness.mini import PLAN
from tests.harness.workflow import dry_run, job_counts
from workflow_scripts.brains.from_array import make_recording
from workflow_scripts.brains.stimuli import read_list
from workflow_scripts.common.config import DEFAULTS, Config, parse_config
from workflow_scripts.common.files import read_table, write_netcdf
from workflow_scripts.evaluation.plan import CLAIMS

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "results/README.md",
]
# A gallery's member of the section, the folder that it goes to, and the test that it must pass.
MEMBERS = {
    "A method": ("workflow_scripts/methods", "tests/contract/test_methods.py"),
    "A metric": ("workflow_scripts/evaluation/metrics", "tests/contract/test_metrics.py"),
    "A panel": ("workflow_scripts/figures/panels", "tests/contract/test_panels.py"),
}


def name_of(page):
    return str(page.relative_to(ROOT))


def section(page, title):
    """Text of one section of a page, up to the next heading of this or a higher level."""
    text = (ROOT / page).read_text()
    return re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.M)[1]


def blocks(text, language):
    """Contents of all code blocks in one language."""
    return re.findall(rf"^ *```{language}\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)


def headings(page):
    """Names by which links find the headings of a page."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_test_that_a_page_names_exists():
    """In docs/checks.md a link to a file of tests is called after one of them."""
    links = re.findall(
        r"\[(test_\w+)\]\(\.\./(tests/[\w/]+\.py)\)", (ROOT / "docs/checks.md").read_text()
    )
    assert len(links) > 50
    for name, path in links:
        assert f"def {name}(" in (ROOT / path).read_text(), (name, path)


def printed(script, folder):
    """What a script of a page prints when it runs in a folder."""
    with chdir(folder), redirect_stdout(StringIO()) as output:
        exec(script, {})
    return output.getvalue()


# Examples.


def member(title):
    """The file that a section shows, with its name, and the test that it must pass."""
    text = section("CONTRIBUTING.md", title)
    name = re.search(r"`(\w+)\.py`", text)[1]
    assert re.search(rf"`uv run pytest\s-k {name}`", text)
    return name, blocks(text, "python")[0], *MEMBERS[title]


@pytest.fixture(scope="module")
def tested(workflow):
    """What pytest says of the members of all galleries, in one run."""
    members = [member(title) for title in MEMBERS]
    names, _, _, tests = zip(*members, strict=True)
    command = [sys.executable, "-m", "pytest", "-v", *tests, "-k", " or ".join(names)]
    paths = [workflow.folder / folder / f"{name}.py" for name, _, folder, _ in members]
    for path, (_, text, _, _) in zip(paths, members, strict=True):
        path.write_text(text)
    try:
        return subprocess.run(command, cwd=workflow.folder, capture_output=True, text=True)
    finally:
        for path in paths:
            path.unlink()


@pytest.mark.parametrize("title", MEMBERS)
def test_a_member_of_a_gallery_keeps_the_contract(tested, title):
    name, _, _, test = member(title)
    said = re.findall(rf"^{test}::.*\b{name}\b.* ([A-Z]+)", tested.stdout, re.MULTILINE)
    assert set(said) == {"PASSED"}, tested.stdout
    assert tested.returncode == 0, tested.stdout


def write_own_brain(folder):
    """Two subjects of the page's brain, written by its script, and an image of each stimulus."""
    script = blocks(section("docs/own_brain.md", "Bring a recording into the form"), "python")[0]
    (folder / "macaque/images/faces").mkdir(parents=True)
    random = np.random.default_rng(0)
    stimuli = [f"faces/{number}.png" for number in range(30)]
    for name in stimuli:
        pixels = random.integers(0, 256, size=(70, 80, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "macaque/images" / name)
    np.save(folder / "stimuli.npy", stimuli)
    np.save(folder / "areas.npy", ["V4", "IT"] * 6)
    for subject in ("m1", "m2"):
        counts = random.poisson(2, size=(30, 4, 12)).astype(float)
        counts[5, 1] = np.nan
        np.save(folder / "counts.npy", counts)
        printed(script.replace("m1", subject), folder)


def test_a_brain_of_ones_own_is_checked_and_planned(workflow):
    """With the page's commands and configuration, in areas that nothing else knows."""
    folder = workflow.folder
    write_own_brain(folder)
    check = section("docs/own_brain.md", "Check the folder")
    command = re.search(r"^uv run python (-m .*)$", check, re.MULTILINE)[1]
    checked = subprocess.run(
        [sys.executable, *command.split()], cwd=folder, capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.splitlines() == [
        *(
            f"macaque/{subject}.nc: ok: {subject}, recorded spikes in spikes/s, 30 stimuli, "
            "single trials, 12 units (6 IT, 6 V4)"
            for subject in ("m1", "m2")
        ),
        "macaque: ok: 2 subjects with 30 stimuli in common, an image of each",
    ]
    run = section("docs/own_brain.md", "Run it")
    (folder / "macaque.yaml").write_text(blocks(run, "yaml")[0])
    command = re.search(r"^uv run snakemake (.*)$", run, re.MULTILINE)[1]
    status, planned = dry_run(folder, *command.split(), "-q", "rules")
    assert status == 0, planned
    rules = set(job_counts(planned))
    expected = {"import_recording", "list_stimuli", "prepare_images", "align_brain"}
    assert expected | {"align_model_and_brain", "summarise_brain", "plot_brain"} <= rules
    assert {"simulate_session", "fetch_session", "extract_responses"}.isdisjoint(rules)


def test_the_pages_list_of_stimuli_is_read(tmp_path):
    """Two views of one face are a group."""
    text = blocks(section("docs/own_brain.md", "Stimuli that belong together"), "csv")[0]
    (tmp_path / "stimuli.csv").write_text(text)
    groups = [stimulus.group for stimulus in read_list(tmp_path / "stimuli.csv").values()]
    assert groups == ["anna", "anna", "house 1"]


def test_more_mice_are_a_folder_in_the_configuration():
    setting = yaml.safe_load(blocks(section("docs/own_brain.md", "More mice"), "yaml")[0])
    assert setting == {"brains": {"mouse": {"recordings": "own"}}}


SIDE = 96
"""Of the images that the page's model reads here, in pixels."""
CANDIDATES = ["ours", "ours_untrained"]
SHARDS = [f"results/scores/model_to_brain/mouse/ridge_post/{name}/0.nc" for name in CANDIDATES]


@pytest.fixture(scope="module")
def own_model(finished):
    """The page's model next to a finished run, with random weights: nothing is downloaded.

    The page's images have 224 pixels; with fewer, the model is read sooner.
    """
    text = section("docs/own_model.md", "A torchvision model with your weights")
    saved, shown = blocks(text, "python")
    assert 'weights="DEFAULT"' in saved
    printed(saved.replace('weights="DEFAULT"', "weights=None"), finished.folder)
    settings = blocks(text, "yaml")[0]
    assert settings.count("input_size: 224") == 2
    smaller = settings.replace("input_size: 224", f"input_size: {SIDE}")
    (finished.folder / "ours.yaml").write_text(smaller)
    *_, until, rule = re.search(r"^uv run snakemake (.*)$", text, re.MULTILINE)[1].split()

    def planned(*arguments, configfiles=()):
        return finished.planned(until, rule, *arguments, configfiles=["ours.yaml", *configfiles])

    yield planned, shown
    for name in ("ours.pt", "ours.yaml"):
        (finished.folder / name).unlink()


@pytest.fixture(scope="module")
def compared(finished, own_model):
    """What is planned for the page's model, and the plan after some of its scores are made."""
    planned, _ = own_model
    before = planned()
    finished.snakemake(*SHARDS, configfiles=["ours.yaml"])
    return before, planned()


def test_an_own_model_is_compared_with_the_brain(finished, own_model, compared):
    """Two candidates; what is read is what torchvision's own model answers."""
    before, after = compared
    n_shards = 2 * len(PLAN.alignment.post_methods)
    new = {"prepare_images": 1, "extract_activations": 2, "align_model_and_brain": n_shards}
    assert before == new
    assert after == {"align_model_and_brain": n_shards - 2}

    results = finished.folder / "results"
    for direction, n_cells in (("model_to_brain", 4 * 2 * 3), ("brain_to_model", 4 * 2)):
        for name in CANDIDATES:
            scores = xr.open_dataset(results / f"scores/{direction}/mouse/ridge_post/{name}/0.nc")
            assert scores["verdict"].values.tolist() == ["ok"] * n_cells
            assert np.isfinite(scores["split_score"]).all()
    _, shown = own_model
    table = printed(shown, finished.folder)
    assert all(name in table for name in ("VISp", "VISl", "layer1", "layer2.0.relu", "layer4"))
    assert "NaN" not in table

    images = xr.open_dataset(results / f"stimuli/mouse/{SIDE}.nc")["image"].values
    assert images.shape == (60, SIDE, SIDE, 3)
    model = get_model("resnet18")
    model.load_state_dict(torch.load(finished.folder / "ours.pt"))
    answers = []
    model.layer2[0].register_forward_hook(lambda *call: answers.append(call[-1]))
    mean, sd = torch.tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]])
    with torch.no_grad():
        model.eval()(((torch.tensor(images[:2]) / 255 - mean) / sd).permute(0, 3, 1, 2))
    layer = xr.open_dataset(results / "activations/mouse/ours/0.nc", group="layer2.0.relu")
    units = (layer[name].values for name in ("channel", "row", "column"))
    expected = answers[0][(slice(None), *units)]
    np.testing.assert_allclose(layer["post"][:2], expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(layer["post"], np.maximum(layer["pre"], 0))


def test_other_weights_are_read_again(finished, own_model, compared):
    planned, _ = own_model
    _, before = compared
    torch.save(get_model("resnet18").state_dict(), finished.folder / "ours.pt")
    assert planned() == Counter(before) + Counter(["extract_activations", "align_model_and_brain"])


def test_with_recorded_mice_an_own_model_needs_no_training(finished, own_model):
    """Simulated mice read out a network, which is trained for them."""
    planned, _ = own_model
    assert planned("--forceall")["train_model"] == 1
    mouse = {"source": "s3", "sessions": [715093703, 719161530], "n_scenes": 118}
    (finished.folder / "recorded.yaml").write_text(yaml.safe_dump({"brains": {"mouse": mouse}}))
    rules = planned("--forceall", configfiles=["recorded.yaml"])
    assert {"fetch_session", "align_model_and_brain"} <= set(rules)
    assert {"train_model", "prepare_stimuli"}.isdisjoint(rules)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_configuration_in_a_page_is_accepted(page):
    for text in blocks(page.read_text(), "yaml"):
        example = yaml.safe_load(text)
        if set(example) <= set(Config.model_fields):
            values = yaml.safe_load(DEFAULTS.read_text())
            update_config(values, example)
            parse_config(values)
        else:
            # A profile of Snakemake.
            assert set(example) == {"set-resources"}


# What pages say of the repository.


def test_the_front_page_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 140


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page):
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if not link.startswith("http"):
            target, _, heading = link.partition("#")
            path = page.parent / target if target else page
            assert path.exists(), link
            assert not heading or heading in headings(path), link


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_files_that_a_page_names_exist(page):
    folders = "workflow_scripts|tests|rules|envs|profiles|docs"
    for name in re.findall(rf"(?<![\w/.-])((?:{folders})/[\w./-]*\w)", page.read_text()):
        assert (ROOT / name).exists(), name


def drawn_graph():
    """Rules in the drawing of README.md, and its arrows."""
    (drawing,) = blocks((ROOT / "README.md").read_text(), "mermaid")
    rules, arrows = set(), set()
    for line in drawing.splitlines():
        ends = [re.findall(r"[a-z]+(?:_[a-z]+)+", end) for end in re.split("-->|~~~", line)]
        rules.update(name for end in ends for name in end)
        if "-->" in line:
            arrows |= {(a, b) for i in range(len(ends) - 1) for a in ends[i] for b in ends[i + 1]}
    return rules, arrows


def planned_graph(workflow, *configfiles):
    """Arrows between the rules of a run."""
    text = workflow.dry_run("--rulegraph", "mermaid-js", configfiles=configfiles)
    names = dict(re.findall(r"^\s*(id\d+)\[(\w+)\]", text, re.MULTILINE))
    arrows = re.findall(r"^\s*(id\d+) --> (id\d+)", text, re.MULTILINE)
    return {(names[a], names[b]) for a, b in arrows if names[b] != "all"}


def own_brains(folder):
    """A configuration of two brains that saw the same stimuli, and of ready activations."""
    brains = {}
    for brain in ("human", "macaque"):
        (folder / brain).mkdir()
        recording = make_recording(
            np.random.default_rng(0).random((20, 12)),
            [f"{number}.png" for number in range(20)],
            ["V4", "IT"] * 6,
            subject=brain,
            data_kind="simulated",
            measurement="spikes",
            units="spikes/s",
        )
        write_netcdf(recording, folder / brain / "one.nc")
        brains[brain] = {
            "source": "recordings",
            "recordings": str(folder / brain),
            "areas": ["V4", "IT"],
            "filters": {"min_reliability": None},
        }
    brains["macaque"]["compare_with"] = ["human"]
    (folder / "clip.nc").touch()
    settings = {
        "population": None,
        "brains": {"mouse": None, **brains},
        "variants": {"clip": {"activations": str(folder / "clip.nc")}},
        "candidates": [{"variant": "clip", "seed": 0, "layers": ["a"]}],
    }
    path = folder / "own_brains.yaml"
    path.write_text(yaml.safe_dump(settings))
    return path


def test_the_rule_graph_is_that_of_snakemake(workflow, tmp_path):
    """All arrows that are drawn exist, and those that exist are drawn, perhaps by way of others."""
    rules, drawn = drawn_graph()
    # Names of parts of a run are rules without a sentence.
    listed = re.findall(r"^(\w+) \(", workflow.dry_run("--list-rules"), re.MULTILINE)
    assert rules == set(listed) - {"all"}
    recorded = tmp_path / "recorded.yaml"
    mouse = {"source": "s3", "sessions": [715093703, 719161530], "n_scenes": 118}
    stimuli = {"source": "folder", "path": str(tmp_path)}
    recorded.write_text(yaml.safe_dump({"brains": {"mouse": mouse}, "stimuli": stimuli}))
    planned = planned_graph(workflow) | planned_graph(workflow, str(recorded))
    planned |= planned_graph(workflow, str(own_brains(tmp_path)))
    assert drawn <= planned
    reached = set(drawn)
    while more := {(a, d) for a, b in reached for c, d in drawn if b == c} - reached:
        reached |= more
    assert planned <= reached


def test_claims_are_those_that_are_checked():
    rows = re.findall(r"^\| ([MBS]\d+) \| (.+?) \|", (ROOT / "docs/claims.md").read_text(), re.M)
    claims = yaml.safe_load(CLAIMS.read_text("utf-8"))
    assert rows == [(claim["claim"], claim["statement"]) for claim in claims]


def test_the_page_of_methods_is_written_by_its_generator():
    before = (ROOT / "docs/methods.md").read_text()
    assert docs.generate.page() == before, "write it again: uv run python docs/generate.py"


def test_every_column_of_every_table_is_explained(finished):
    pages = [(ROOT / name).read_text() for name in ("results/README.md", "docs/methods.md")]
    explained = set(re.findall(r"`(\w+)`", " ".join(pages)))
    tables = sorted((finished.folder / "results/tables").rglob("*.csv"))
    assert tables
    for path in tables:
        assert set(read_table(path)) <= explained, path.name
