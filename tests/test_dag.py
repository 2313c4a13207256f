"""Reruns are exact: what a change needs is planned, and nothing else.

The mini run has 8 methods, of which 6 need no pre-softplus stage; 2 networks, 2 areas, 3 mice and
2 candidate models. A method has 2 shards on the models, and where it runs on mice 2 shards between
mice and one a candidate.
"""

import os
import re
import shutil
from contextlib import contextmanager

import h5netcdf
import pytest
import yaml

AGGREGATES = {
    "collect_scores": 1,
    "summarise_predictivity": 1,
    "summarise_silhouette": 1,
    "embed_profiles": 1,
    "summarise_separability": 1,
    "summarise_cost": 1,
    "check_claims": 1,
    "plot_figure": 11,
    "all": 1,
}
POST_SHARDS = {"align_models": 2, "align_mice": 2, "align_model_and_mice": 2}
RIDGE = "workflow_scripts/methods/ridge_post.py"


@contextmanager
def edited(workflow, path, old="", new="", content=None):
    """The copy with one file edited or added, as it was before afterwards."""
    path = workflow.folder / path
    before = path.read_text() if path.exists() else None
    assert before is None or old in before
    path.write_text(content if before is None else before.replace(old, new, 1))
    try:
        yield
    finally:
        if before is None:
            path.unlink()
        else:
            path.write_text(before)


@contextmanager
def override(workflow, settings):
    """A configuration file that overrides the mini one, by its name."""
    path = workflow.folder / "override.yaml"
    path.write_text(yaml.safe_dump(settings, sort_keys=False))
    try:
        yield path.name
    finally:
        path.unlink()


def test_nothing_to_do_after_a_run(finished):
    assert finished.planned() == {}


def test_nothing_to_do_after_a_checkout(finished):
    """A fresh checkout gives every tracked file a new modification time."""
    for path in finished.folder.rglob("*"):
        inside = path.relative_to(finished.folder).parts[0]
        if inside not in ("results", ".snakemake", ".envs") and path.is_file():
            os.utime(path)
    assert finished.planned() == {}


def test_a_new_method_adds_its_shards(finished):
    content = (finished.folder / RIDGE).read_text()
    content = content.replace("Ridge (post)", "Ridge again").replace("#2ca02c", "#2ca02d")
    new = "workflow_scripts/methods/ridge_again.py"
    with (
        edited(finished, new, content=content),
        override(finished, {"methods": {"ridge_again": {}}}) as configfile,
    ):
        assert finished.planned(configfile) == {**POST_SHARDS, **AGGREGATES}


def test_entries_that_share_a_file_have_shards_of_their_own(finished):
    entry = {"method": "generalised_linear", "family": "poisson"}
    entries = {
        f"glm_{link}": {**entry, "link": link, "label": f"GLM {link}", "colour": colour}
        for link, colour in (("relu", "#111111"), ("normcdf", "#222222"))
    }
    with override(finished, {"methods": entries}) as configfile:
        twice = {rule: 2 * count for rule, count in POST_SHARDS.items()}
        assert finished.planned(configfile) == {**twice, **AGGREGATES}


def test_an_edited_method_reruns_its_shards(finished):
    with edited(finished, RIDGE, 'label="Ridge (post)"', 'label="Ridge"'):
        assert finished.planned() == {**POST_SHARDS, **AGGREGATES}


def test_an_edited_module_reruns_the_methods_that_import_it(finished):
    with edited(
        finished, "workflow_scripts/geometry.py", "import numpy", "import math\nimport numpy"
    ):
        twice = {rule: 2 * count for rule, count in POST_SHARDS.items()}
        assert finished.planned() == {**twice, **AGGREGATES}


def test_an_edited_driver_reruns_its_rule(finished):
    path = "workflow_scripts/summarise_cost.py"
    with edited(finished, path, "import pandas", "import math\nimport pandas"):
        assert finished.planned() == {"summarise_cost": 1, "all": 1}


def test_a_changed_parameter_reruns_its_method(finished):
    with override(finished, {"methods": {"ridge_post": {"alphas": [1.0, 10.0]}}}) as configfile:
        assert finished.planned(configfile) == {**POST_SHARDS, **AGGREGATES}


def test_reordered_keys_rerun_nothing(finished):
    splits = {"train_fraction": 0.8, "n_splits": 2}
    with override(finished, {"population": {"splits": splits}}) as configfile:
        assert finished.planned(configfile) == {}


def test_another_filter_rereads_no_session(finished):
    """Whoever tries thresholds does not wait for AllenSDK again."""
    with override(finished, {"mouse": {"min_units": 3}}) as configfile:
        planned = finished.planned(configfile)
    assert planned["summarise_mice"] == 1
    assert "extract_responses" not in planned
    with override(finished, {"mouse": {"expected_subjects": 31}}) as configfile:
        planned = finished.planned(configfile)
    # Claims and figures take from its table what the mice are.
    assert "align_mice" not in planned and "collect_scores" not in planned
    assert planned == {
        "summarise_mice": 1,
        "plot_mice": 1,
        "check_claims": 1,
        "plot_figure": 11,
        "all": 1,
    }


def test_more_images_for_one_set_leave_the_networks_alone(finished):
    with override(finished, {"stimuli": {"n": {"population": 160}}}) as configfile:
        planned = finished.planned(configfile)
    assert planned["prepare_stimuli"] == 1 and planned["extract_activations"] == 2
    others = {"train_model", "plot_training", "align_mice", "align_model_and_mice"}
    assert not others & set(planned)


def test_a_new_seed_adds_one_shard_a_method(finished):
    with override(finished, {"population": {"seeds": [0, 1, 2]}}) as configfile:
        planned = finished.planned(configfile)
    new = {"train_model": 1, "extract_activations": 1, "align_models": 8}
    new |= {"plot_training": 1, "summarise_training": 1}
    # Claims and figures say how many seeds there are, so their parameters change too.
    assert planned == {**new, **AGGREGATES}


def test_a_new_seed_leaves_full_groups_as_they_are(workflow):
    """Nor does it join the network that simulated mice read out, which would change the mice."""
    groups = []
    for seeds in ([0, 1], [0, 1, 2]):
        settings = {"seeds_per_job": 2, "population": {"seeds": seeds}}
        with override(workflow, settings) as configfile:
            planned = workflow.snakemake("-n", "--forceall", configfiles=[configfile])
        groups.append(set(re.findall(r"results/models/alexnet/(\S+)\.safetensors", planned)))
    assert groups == [{"0_1", "99"}, {"0_1", "2", "99"}]


def test_another_limit_on_the_seeds_trains_no_network(finished):
    with override(finished, {"population": {"max_accuracy_spread": 0.5}}) as configfile:
        assert finished.planned(configfile) == {"summarise_training": 1, "all": 1}


def test_every_variant_with_networks_has_a_figure_of_its_training(finished):
    """The population and the mice's network are of one variant, a candidate of another one."""
    external = {"architecture": "external", "model": "alexnet", "weights": None, "input_size": 64}
    candidates = [{"variant": name, "seed": 0, "layers": ["features.0"]} for name in ("a", "b")]
    settings = {"variants": {"a": external, "b": external}, "candidates": candidates}
    figures = {path.name for path in (finished.folder / "results/figures").glob("training_*.svg")}
    assert figures == {"training_alexnet.svg", "training_alexnet_untrained.svg"}
    with override(finished, settings) as configfile:
        planned = finished.snakemake("-n", "--forceall", "-q", "rules", configfiles=[configfile])
    assert re.search(r"^plot_training +1$", planned, re.MULTILINE)


def test_an_own_mouse_reruns_the_comparisons_with_mice(finished):
    folder = finished.folder / "own"
    folder.mkdir()
    session = finished.folder / "results/mouse/sessions/900001.nc"
    with h5netcdf.File(shutil.copy(session, folder / "mine.nc"), "a") as recording:
        recording.attrs["session_id"] = "mine"
    with override(finished, {"mouse": {"own_responses": "own"}}) as configfile:
        planned = finished.planned(configfile)
    shutil.rmtree(folder)
    # 6 methods on 2 areas, and on 2 candidates; claims and figures say what the mice are.
    own = {"align_mice": 12, "align_model_and_mice": 12, "summarise_mice": 1, "plot_mice": 1}
    assert planned == {**own, **AGGREGATES}


def test_an_unknown_method_ends_in_one_sentence(workflow):
    with override(workflow, {"methods": {"rigde": {}}}) as configfile:
        output = workflow.snakemake("-n", configfiles=[configfile], check=False)
    sentences = [line for line in output.splitlines() if "rigde" in line]
    assert len(sentences) == 1
    assert "config methods: found 'rigde', expected one of" in sentences[0]
    assert "Traceback" not in output


@pytest.mark.parametrize("arguments", [("--lint",), ("-n", "--rulegraph", "mermaid-js")])
def test_lint_and_graph(workflow, arguments):
    assert workflow.snakemake(*arguments)


def test_no_driver_reads_the_configuration(workflow):
    """Values read through snakemake.config would change without a rerun."""
    drivers = list((workflow.folder / "workflow_scripts").glob("*.py"))
    assert drivers
    assert not [path.name for path in drivers if "snakemake.config" in path.read_text()]


def test_every_rule_but_two_has_a_driver_of_its_name(workflow):
    listed = re.findall(r"^(\w+)(?: \(.*)?$", workflow.snakemake("--list-rules"), re.MULTILINE)
    scripts = {path.stem for path in (workflow.folder / "workflow_scripts").glob("*.py")}
    assert set(listed) - scripts == {"all", "build_environment"}


def test_other_pins_are_another_environment(finished):
    with edited(finished, "envs/allensdk.txt", "# This file", "# The file"):
        planned = finished.planned()
    assert planned["build_environment"] == 1
    assert planned["extract_responses"] == 3
    assert "simulate_session" not in planned
