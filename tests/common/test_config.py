"""A wrong configuration ends in one sentence that names the key and lists what was possible."""

import copy
import importlib
import inspect
import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import jsonschema
import pytest

from tests.brains.examples import recording, simulated_responses, write
from tests.harness.mini import DEFAULT, merged, read
from workflow_scripts.alignment.method import METHODS
from workflow_scripts.alignment.plan import N_FOLDS
from workflow_scripts.common.config import (
    check_files,
    check_keys,
    is_trained,
    json_schema,
    parse_config,
    read_config,
    training_model,
)
from workflow_scripts.common.errors import InputError
from workflow_scripts.evaluation.plan import EvaluationPlan
from workflow_scripts.networks.architecture import ARCHITECTURES
from workflow_scripts.networks.plan import Network
from workflow_scripts.plan import Plan

ROOT = Path(__file__).parents[2]


def changed(path, value):
    """Default configuration with one value replaced, or added."""
    config = copy.deepcopy(DEFAULT)
    *parents, last = path
    node = config
    for key in parents:
        node = node[key]
    node[last] = value
    return config


def test_the_default_is_accepted():
    Plan(DEFAULT)


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (("sede",), 1, "the unknown key 'sede' (did you mean 'seed'?)"),
        (("seed",), "one", "config seed: found 'one', expected a whole number"),
        (("device",), "tpu", "config device: found 'tpu', expected one of auto, cpu, cuda"),
        (
            ("population", "layers"),
            ["conv1", "conv9"],
            "found 'conv9', expected layers of alexnet: conv1",
        ),
        (("population", "variant"), "vgg", "population.variant: found 'vgg', expected one of"),
        (
            ("population", "seeds"),
            [0],
            "config population.seeds: found [0], expected at least 2 items",
        ),
        (
            ("population", "max_accuracy_spread"),
            5,
            "max_accuracy_spread: found 5, expected at most 1",
        ),
        (
            ("brains", "mouse", "extraction", "min_trials"),
            1,
            "config brains.mouse.extraction.min_trials: found 1, expected at least 2",
        ),
        (
            ("brains", "mouse", "preset"),
            "nayebi",
            "extraction.window_s: found [0.04, 0.25], expected [0, 0.25]",
        ),
        (
            ("brains", "mouse", "areas"),
            ["V1"],
            "mouse.areas: found 'V1', which has no layer in simulated.layers, expected one of VISp",
        ),
        (
            ("brains", "mouse", "simulated", "layers"),
            {"VISp": "conv1"},
            "mouse.areas: found 'VISl', which has no layer in simulated.layers, expected one of "
            "VISp, or a layer for it there",
        ),
        (("brains", "mouse", "source"), "directory", "mouse.directory: found null, expected"),
        (
            ("brains", "mouse", "recordings"),
            "no/folder",
            f"mouse.recordings: found 'no/folder' in {Path.cwd()}, expected an existing folder "
            "with *.nc files",
        ),
        (
            ("brains", "mouse", "sessions"),
            [],
            "mouse.sessions: found none, expected at least one session for source 'simulated', or "
            "source 'recordings' for recordings of your own alone",
        ),
        (
            ("brains", "mouse", "n_scenes"),
            None,
            "mouse.n_scenes: found null, expected a value, for source 'simulated'",
        ),
        (
            ("brains", "mouse", "extraction"),
            None,
            "mouse.extraction: found null, expected a value, for source 'simulated'",
        ),
        (
            ("brains", "mouse", "sources"),
            "each",
            "config brains.mouse.sources: found 'each', expected one of pooled, pairs, groups",
        ),
        (
            ("brains", "lab"),
            {"source": "recordings", "areas": ["V4"]},
            "config brains.lab.recordings: found null, expected a folder, for source 'recordings'",
        ),
        (
            ("brains", "lab"),
            {"source": "recordings", "recordings": "x"},
            "config brains.lab: found no key 'areas', expected source, ",
        ),
        (("methods", "rigde"), {}, "config methods: found 'rigde', expected one of"),
        (
            ("methods", "linear_ckaa"),
            {},
            "config methods: found 'linear_ckaa' (did you mean 'linear_cka'?), expected one of",
        ),
        (
            ("metrics", "silhouett"),
            {},
            "config metrics: found 'silhouett' (did you mean 'silhouette'?), expected one of",
        ),
        (
            ("methods", "ridge_post"),
            {"alpha": 1},
            "the unknown key 'alpha' (did you mean 'alphas'?), expected one of",
        ),
        (
            ("methods", "mine"),
            {"method": "rigde", "label": "Mine", "colour": "#000000"},
            "config methods.mine.method: found 'rigde', expected one of",
        ),
        (("methods", "mine"), {"method": "rsa"}, "found a method without label and colour"),
        (("methods", "rsa"), {"colour": "red"}, "config methods.rsa.colour: found 'red', expected"),
        (
            ("methods", "mine"),
            {"method": "rsa", "label": "RSA", "colour": "#000000"},
            "config methods.mine: found the label 'RSA', which is also that of rsa, expect",
        ),
        (("variants", "alexnet"), {"depth": 3}, "the unknown key 'depth'"),
        (("variants", "alexnet"), {"architecture": "vgg"}, "found 'vgg', expected one of alexnet,"),
        (("stimuli", "source"), "folder", "stimuli.path: found None, expected an existing folder"),
        (("training", "width"), 0, "config training.width: found 0, expected at least 0.015625"),
        (("candidates", 0, "layers"), ["layer1"], "config candidates.0.layers: found 'layer1'"),
        # What each of these led to was found by a job, hours later, or by nobody.
        (("seed",), 1.0, "config seed: found 1.0, expected a whole number"),
        (("seed",), 2**31, "config seed: found 2147483648, expected at most 2147483647"),
        (("seeds_per_job",), 21, "config seeds_per_job: found 21, expected at most 20"),
        (
            ("training", "epochs"),
            float("nan"),
            "config training.epochs: found nan, expected a finite number",
        ),
        (
            ("training", "epochs"),
            float("inf"),
            "config training.epochs: found inf, expected a finite number",
        ),
        (("training", "epochs"), 0.001, "training.epochs: found 0.001, expected at least one step"),
        (
            ("variants", "resnet18", "epochs"),
            0.001,
            "config variants.resnet18.epochs: found 0.001, expected at least one step, 1/125 of",
        ),
        (
            ("training", "batch_size"),
            8001,
            "training.batch_size: found 8001, expected at most stimuli.n.training, 8000",
        ),
        (("training", "dropout"), 1, "config training.dropout: found 1, expected less than 1"),
        (
            ("training", "augmentation", "crop_scale"),
            [1.0, 0.8],
            "config training.augmentation.crop_scale: found [1.0, 0.8], expected the smaller",
        ),
        (("stimuli", "crop_scale"), [0.6, 0.2], "config stimuli.crop_scale: found [0.6, 0.2], exp"),
        (("population", "layers"), ["conv1"], "found ['conv1'], expected at least 2 items"),
        (
            ("population", "seeds"),
            [0, 99],
            "truth.seed: found 99, which is also in population.seeds",
        ),
        (
            ("population", "splits", "train_fraction"),
            0.999,
            "train_fraction: found 0.999, which is all of 60 groups of stimuli, expected less",
        ),
        (
            ("population", "splits", "train_fraction"),
            0.001,
            "train_fraction: found 0.001, which is 2 of 1200 stimuli, expected at least 3",
        ),
        (
            ("methods", "linear_softplus", "n_folds"),
            96,
            "mouse.splits.train_fraction: found 0.8, which is 95 of 118 stimuli, expected at le",
        ),
        (("methods", "ridge_post"), {"alphas": [0]}, "config methods.ridge_post.alphas.0: found 0"),
        (
            ("methods",),
            {"ridge_pre": {}},
            "config methods: found ridge_pre, expected at least one method for post-softplus",
        ),
        (("methods", "rsa"), {"label": "$R^2"}, "config methods.rsa.label: found '$R^2', expected"),
        (("methods", 1), {}, "config methods.1: found 1, expected text"),
        (("variants", "a\n"), {}, "found 'a\\n', expected a letter, then letters"),
        (
            ("variants", "a" * 61),
            {},
            "expected a letter, then letters, digits or underscores, at most 60",
        ),
        ((1,), 1, "config top level: found the unknown key 1, expected one of"),
        (
            ("candidates", 1, "variant"),
            "alexnet",
            "candidates.1: found alexnet/0, which is also cand",
        ),
        (
            ("brains", "mouse", "extraction", "window_s"),
            [0.25, 0.04],
            "found [0.25, 0.04], expected a start before its",
        ),
        (
            ("brains", "mouse", "extraction", "min_trials"),
            46,
            "extraction.min_trials: found 46, expected at most 45, simulated.n_trials",
        ),
        (
            ("brains", "mouse", "filters", "min_units"),
            31,
            "filters.min_units: found 31, expected at most the largest of",
        ),
        (
            ("brains", "mouse", "simulated", "units_per_area"),
            [20, 14],
            "config brains.mouse.simulated.units_per_area: found [20, 14], expected the smaller",
        ),
        (
            ("brains", "mouse", "recordings"),
            "{x}",
            "config brains.mouse.recordings: found '{x}', expected a",
        ),
        (
            ("brains", "mouse", "directory"),
            "x" * 1001,
            "expected a path of at most 1000 characters that does not begin with a hyphen",
        ),
    ],
)
def test_a_wrong_value_is_named(path, value, sentence):
    with pytest.raises(InputError) as error:
        Plan(changed(path, value))
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_published_sessions_have_118_scenes():
    """Those from another address, as in the tests of downloads, may have fewer."""
    config = changed(("brains", "mouse", "source"), "s3")
    Plan(config)
    config["brains"]["mouse"]["n_scenes"] = 60
    with pytest.raises(InputError, match="config brains.mouse.n_scenes: found 60, expected 118"):
        Plan(config)
    config["brains"]["mouse"]["base_url"] = "http://127.0.0.1:8000"
    Plan(config)


def test_one_session_is_compared_with_models_and_needs_one():
    config = changed(("brains", "mouse", "sessions"), [900001])
    files = Plan(config).alignment.shards("mouse")
    assert not [path for path in files if path.startswith("results/scores/brain/")]
    assert [path for path in files if path.startswith("results/scores/model_to_brain/")]
    config["candidates"] = []
    expected = "config brains.mouse: found one subject, and no candidate that it can be compared wi"
    with pytest.raises(InputError, match=expected):
        Plan(config)


def test_a_file_that_snakemake_would_take_for_a_pattern_is_named(tmp_path):
    (tmp_path / "{x}.nc").touch()
    config = changed(("brains", "mouse", "recordings"), str(tmp_path))
    expected = "config brains.mouse.recordings: found the file '.*{x}.nc'"
    with pytest.raises(InputError, match=expected):
        Plan(config)


def test_a_key_that_stands_twice_is_named(tmp_path):
    """YAML takes the last one and forgets the first, with all that stands under it."""
    path = tmp_path / "mine.yaml"
    path.write_text("mouse:\n  min_units: 3\nseed: 1\nmouse:\n  min_trials: 3\n")
    with pytest.raises(InputError, match="config mouse: found twice in .* lines 1 and 4, expect"):
        check_keys(path)
    path.write_text("candidates:\n- {seed: 0, variant: alexnet, seed: 1}\n")
    with pytest.raises(InputError, match="config candidates.0.seed: found twice"):
        check_keys(path)
    check_keys(ROOT / "config.yaml")
    check_keys(ROOT / "config.paper.yaml")


def test_a_key_that_stands_twice_is_named_in_json(tmp_path):
    """Also where tabs indent it, which YAML does not allow."""
    path = tmp_path / "mine.json"
    path.write_text('{\n\t"seed": 1,\n\t"seed": 2\n}')
    with pytest.raises(InputError, match="config seed: found twice in mine.json, in lines 2 and 3"):
        check_keys(path)
    path.write_text('{\n\t"seed": 1,\n\t"device": "cpu"\n}')
    check_keys(path)


LAUGHS = "a: &a [x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + below] * 9)}]\n" for below, name in pairwise("abcdefghi")
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (LAUGHS, "found aliases that stand for more than 100000 items"),
        ("seed: &a [*a]", "found aliases that stand for more than 100000 items"),
        ("brains: &a {mouse: *a}", "found aliases that stand for more than 100000 items"),
        ("brains: &a {mouse: {b: [*a]}}", "found aliases that stand for more than 100000 items"),
        ("a: " + "[" * 5000 + "]" * 5000, "found items inside each other without end"),
    ],
)
def test_a_file_that_is_larger_than_it_looks_is_refused(tmp_path, text, found):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as error:
        check_keys(path)
    assert str(error.value).startswith(f"{path}: {found}")


def test_an_alias_for_what_stands_elsewhere_is_accepted(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "population: {splits: &splits {n_splits: 2}}\nbrains: {mouse: {splits: *splits}}"
    )
    check_keys(path)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("seed: 010", "config seed: found 010, which YAML reads as 8, expected a decimal number"),
        ("seed: -0_7", "config seed: found -0_7, which YAML reads as -7, expected a decimal"),
        ("seed: 1:30", "config seed: found 1:30, which YAML reads as 90, expected a decimal"),
        (
            "training: {drops: [0.5, 1:30.5]}",
            "config training.drops.1: found 1:30.5, which YAML reads as 90.5, expected a decimal",
        ),
    ],
)
def test_a_number_that_yaml_reads_otherwise_is_named(tmp_path, text, found):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as error:
        check_keys(path)
    assert str(error.value).startswith(found)
    path.write_text("a: '010'\nb: 0\nc: 0.10\nd: 1e-05\ne: 10\nf: -3\ng: 00x")
    check_keys(path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("seed: !!int abc", "config seed: found abc, which is not what YAML takes it for, expec"),
        ("seed: 2020-13-45", "config seed: found 2020-13-45, which is not what YAML takes it for"),
        ("seed: =", "config seed: found =, which is not what YAML takes it for, expected text in"),
        ("brains: {lab: {recordings: !mine x}}", "config brains.lab.recordings: found x, which is"),
        ("? [1, 2]\n: 3", "mine.yaml: found a list or a mapping as a key in line 1, expected text"),
        (
            "brains: {<<: 1}",
            "mine.yaml: found << with something other than mappings in line 1, expected <<: *NAME",
        ),
        (
            "a: &a 1\nb:\n  <<: [*a]",
            "mine.yaml: found << with something other than mappings in line",
        ),
        (
            r'seed: "\UFFFFFFFF"',
            "mine.yaml: found an escape that is no character, expected text in",
        ),
        (r'seed: "\U00110000"', "mine.yaml: found an escape that is no character, expected text"),
        ("methods: !!omap [rsa: {}]", "mine.yaml: found the tag tag:yaml.org,2002:omap, expected"),
    ],
)
def test_what_is_not_what_its_tag_says_is_named(tmp_path, monkeypatch, text, sentence):
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(text)
    with pytest.raises(InputError) as error:
        check_keys(Path("mine.yaml"))
    assert str(error.value).startswith(sentence)


RSA = {"method": "rsa", "label": "Another", "colour": "#000000"}


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        (("methods",), {"glm": RSA, "GLM": {**RSA, "label": "B"}}, "methods: found glm and GLM"),
        (("variants", "AlexNet"), {}, "config variants: found alexnet and AlexNet, expected names"),
        (("brains", "Mouse"), DEFAULT["brains"]["mouse"], "config brains: found mouse and Mouse"),
        (("brains", "mouse", "areas"), ["VISp", "visp"], "expected labels that differ in more"),
    ],
)
def test_names_that_some_disks_do_not_tell_apart_are_refused(path, value, found):
    with pytest.raises(InputError) as error:
        Plan(changed(path, value))
    assert found in str(error.value)


@pytest.mark.parametrize("label", ["_x", " ", "\u3000", "\ud800", "\ufffe", "</script>"])
def test_a_label_that_figures_or_pages_do_not_show_is_refused(label):
    with pytest.raises(InputError, match="config methods.rsa.label: found .*, expected 1 to 60"):
        Plan(changed(("methods", "rsa", "label"), label))


@pytest.mark.parametrize(
    "key",
    [
        ("brains", "mouse", "recordings"),
        ("brains", "mouse", "directory"),
        ("variants", "mine", "activations"),
        ("variants", "mine", "weights"),
    ],
)
@pytest.mark.parametrize("path", ["results", "results/own", "./a/../results/own", "{}/results/own"])
@pytest.mark.parametrize("linked", [False, True])
def test_nothing_of_a_user_is_read_from_the_folder_of_results(
    tmp_path, monkeypatch, key, path, linked
):
    """Jobs write there, and what no job wrote is in their way."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results/own").mkdir(parents=True)
    path = path.format(tmp_path)
    if linked:
        (tmp_path / "link").symlink_to(path)
        path = "link"
    value = {"architecture": "torchvision_model", "model": "resnet50", "input_size": 224}
    settings = {"activations": {}, "weights": value}.get(key[2])
    if settings is None:
        config = changed(key, path)
    else:
        config = changed(key[:2], {**settings, key[2]: path})
    with pytest.raises(InputError) as error:
        Plan(config)
    expected = f"config {'.'.join(key)}: found '{path}', expected a path outside results/, in which"
    assert str(error.value).startswith(expected)


@pytest.mark.parametrize("path", ["results_of_others", "own/results", "../results"])
def test_other_folders_may_be_called_like_it(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="expected an existing folder with \\*.nc files"):
        Plan(changed(("brains", "mouse", "recordings"), path))


@pytest.mark.parametrize(
    "path",
    [
        ("permutations", "n"),
        ("stimuli", "n", "training"),
        ("stimuli", "n", "population"),
        ("activations", "positions"),
        ("activations", "max_per_layer"),
        ("training", "instance_recognition", "negatives"),
        ("brains", "mouse", "max_source_units"),
        ("population", "splits", "n_splits"),
        ("activations", "max_trials"),
        ("brains", "mouse", "extraction", "n_halves"),
        ("brains", "mouse", "n_scenes"),
        ("brains", "mouse", "simulated", "n_trials"),
        ("brains", "mouse", "groups", "n_groupings"),
        ("metrics", "mds", "n_init"),
        ("methods", "linear_softplus", "n_folds"),
        ("training", "epochs"),
        ("training", "width"),
        ("download", "patience", "read_s"),
    ],
)
def test_numbers_of_which_no_machine_sees_the_end_are_refused(path):
    with pytest.raises(InputError) as error:
        Plan(changed(path, 2**31 - 1))
    assert str(error.value).startswith(f"config {'.'.join(path)}: found 2147483647, expected at mo")


@pytest.mark.parametrize("window", [[0.04, 0.5], [0, 100], [0.3, 0.4]])
def test_a_window_ends_before_the_next_scene(window):
    """Otherwise its spikes would be those of two scenes."""
    with pytest.raises(InputError, match="expected an end of at most 0.25, when the next scene is"):
        Plan(changed(("brains", "mouse", "extraction", "window_s"), window))


def test_a_long_value_is_cut():
    with pytest.raises(InputError) as error:
        Plan(changed(("device",), "x" * 10_000))
    assert len(str(error.value)) < 300


def test_the_schema_lists_what_galleries_take():
    schema = json_schema()
    text = json.dumps(schema)
    for choice in ("normcdf", "poisson", "spearman", "zscore", "best_cv", "hypercolumn"):
        assert f'"{choice}"' in text
    for method in METHODS.names():
        assert f'"{method}"' in text
    assert "width" in text
    command = [sys.executable, "-m", "workflow_scripts.common.config", "--schema"]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert json.loads(printed) == json.loads(text)


@pytest.mark.parametrize("method", METHODS.names())
def test_the_plan_knows_how_many_folds_a_method_has(method):
    if "n_folds" in METHODS.parameters(method):
        estimator = importlib.import_module(f"workflow_scripts.methods.{method}").Estimator
        default = inspect.signature(estimator).parameters["n_folds"].default
        assert default == N_FOLDS


TORCHVISION = {
    "architecture": "torchvision_model",
    "model": "resnet50",
    "weights": None,
    "input_size": 224,
}


def with_external(tmp_path, **changes):
    """Default configuration with an external model, with weights, as one more candidate."""
    weights = tmp_path / "theirs.pt"
    weights.touch()
    config = copy.deepcopy(DEFAULT)
    config["variants"]["theirs"] = {**TORCHVISION, "weights": str(weights), **changes}
    config["candidates"].append({"variant": "theirs", "seed": 0, "layers": ["layer4.2.relu"]})
    return config


def test_an_external_model_has_settings_of_its_own(tmp_path):
    config = with_external(tmp_path)
    assert Plan(config).networks.variant("theirs") == config["variants"]["theirs"]
    Plan(with_external(tmp_path, weights=None))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"weights": "no/file.pt"},
            "variants.theirs.weights: found 'no/file.pt', expected null or",
        ),
        (
            {"weights": "README.md"},
            "found 'README.md', expected null or an existing file that ends",
        ),
        ({"input_size": 0}, "config variants.theirs.input_size: found 0, expected at least 1"),
        ({"epochs": 3}, "config variants.theirs: found the unknown key 'epochs', expected one of"),
    ],
)
def test_a_wrong_value_of_an_external_model_is_named(tmp_path, monkeypatch, changes, sentence):
    monkeypatch.chdir(ROOT)
    with pytest.raises(InputError) as error:
        Plan(with_external(tmp_path, **changes))
    assert sentence in str(error.value)


def test_a_missing_key_of_an_external_model_is_named(tmp_path):
    config = with_external(tmp_path)
    del config["variants"]["theirs"]["input_size"]
    with pytest.raises(InputError, match="config variants.theirs: found no key 'input_size'"):
        Plan(config)


@pytest.mark.parametrize("key", ["population", "brains.mouse.simulated.truth"])
def test_an_external_model_is_a_candidate_alone(tmp_path, key):
    config = with_external(tmp_path)
    node = config
    for part in key.split("."):
        node = node[part]
    node["variant"] = "theirs"
    with pytest.raises(
        InputError, match=f"config {key}.variant: found 'theirs', a model that is not trained here"
    ):
        Plan(config)


def test_only_a_variant_can_be_a_model_that_is_not_trained():
    config = changed(("training", "architecture"), "torchvision_model")
    with pytest.raises(InputError, match="training.architecture: found 'torchvision_model', expec"):
        Plan(config)


def test_a_missing_key_is_named():
    config = copy.deepcopy(DEFAULT)
    del config["population"]["splits"]
    with pytest.raises(InputError, match="config population: found no key 'splits'"):
        Plan(config)


def test_a_missing_session_of_an_allen_cache_is_named(tmp_path):
    config = changed(("brains", "mouse", "source"), "directory")
    config["brains"]["mouse"]["directory"] = str(tmp_path)
    (tmp_path / "natural_scene_templates").mkdir()
    with pytest.raises(InputError, match="session_900001.nwb for session 900001"):
        Plan(config)


def test_own_recordings_may_take_the_place_of_recorded_sessions_only(tmp_path):
    """With source simulated the scenes are simulated as well, and results on them must say so."""
    scenes = [f"natural_scene_{number}.tiff" for number in range(118)]
    for name in ("b", "a"):
        data = recording(simulated_responses(118), subject=f"own_{name}", stimuli=scenes)
        write(data, tmp_path / f"{name}.nc")
    for name in (".a.123.part.nc", "notes.txt"):
        (tmp_path / name).touch()
    config = changed(("brains", "mouse", "recordings"), str(tmp_path))
    own = Plan(config).brains.own["mouse"]
    assert own.files == {"own_a": str(tmp_path / "a.nc"), "own_b": str(tmp_path / "b.nc")}
    config["brains"]["mouse"] |= {"preset": "nayebi"}
    config["brains"]["mouse"]["extraction"]["window_s"] = [0, 0.25]
    with pytest.raises(InputError, match="found the file .*a.nc, expected none for preset nayebi"):
        Plan(config)
    config["brains"]["mouse"] |= {"preset": "ccn25", "sessions": []}
    with pytest.raises(InputError, match="mouse.sessions: found none, expected at least one sess"):
        Plan(config)
    areas = ["VISp", "VISl", "VISam"]
    alone = {"source": "recordings", "recordings": str(tmp_path), "areas": areas}
    config["brains"]["mouse"] = alone
    assert list(Plan(config).brains.own["mouse"].files) == ["own_a", "own_b"]


def test_the_papers_overrides_are_accepted(tmp_path):
    """Its path is a placeholder; everything else must be right."""
    config = merged(DEFAULT, read("config.paper.yaml"))
    config["stimuli"]["path"] = str(tmp_path)
    mouse = Plan(config).config.brains["mouse"]
    assert len(mouse.sessions) == 32
    assert mouse.expected_subjects == 31


def test_a_variant_overrides_what_is_shared():
    variant = Plan(DEFAULT).networks.variant("resnet18")
    assert variant["architecture"] == "resnet18"
    assert variant["batch_size"] == DEFAULT["training"]["batch_size"]
    # Options of AlexNet and of instance recognition: a change must not train this network again.
    for option in ("width", "instance_recognition"):
        assert option in Plan(DEFAULT).networks.variant("alexnet")
        assert option not in variant


def test_a_variant_overrides_single_keys_of_a_group():
    entry = {"instance_recognition": {"loss": "nce", "negatives": 512}}
    config = changed(("variants", "published"), entry)
    shared = DEFAULT["training"]
    variant = Plan(config).networks.variant("published")
    assert variant["instance_recognition"] == {
        **shared["instance_recognition"],
        **entry["instance_recognition"],
    }
    assert variant["augmentation"] == shared["augmentation"]


def test_the_published_loss_needs_a_number_of_negatives():
    assert DEFAULT["training"]["instance_recognition"]["negatives"] is None
    config = changed(("training", "instance_recognition", "loss"), "nce")
    expected = r"instance_recognition\.negatives: found null with the loss nce, expected a number"
    with pytest.raises(InputError, match=expected):
        Plan(config)
    config["training"]["instance_recognition"]["negatives"] = 512
    Plan(config)


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (("mouse",), {}, "config top level: found the key 'mouse' of version 0.1, expected brains"),
        (("mds",), {"n_init": 2}, "found the key 'mds' of version 0.1, expected metrics.mds in"),
        (
            ("brains", "mouse", "window_s"),
            [0, 1],
            "config brains.mouse: found the key 'window_s' of version 0.1, expected "
            "extraction.window_s in its place",
        ),
        (("brains", "mouse", "min_units"), 3, "expected filters.min_units in its place"),
        (
            ("brains", "mouse", "own_responses"),
            "own",
            "config brains.mouse: found the key 'own_responses' of version 0.1, expected "
            "recordings in its place",
        ),
        (("brains", "mouse", "simulated", "dimensions"), 9, "expected max_dimensions in its place"),
        (("training", "negatives"), 16, "expected instance_recognition.negatives in its place"),
        (
            ("variants", "mine"),
            {"batchnorm": False},
            "config variants.mine: found the key 'batchnorm' of version 0.1, expected "
            "drive_deviation (null for false) in its place",
        ),
        (
            ("variants", "mine"),
            {"architecture": "external"},
            "config variants.mine.architecture: found 'external', its name in version 0.1, "
            "expected torchvision_model in its place",
        ),
    ],
)
def test_a_key_of_version_0_1_is_told_its_new_place(path, value, sentence):
    with pytest.raises(InputError) as error:
        Plan(changed(path, value))
    assert sentence in str(error.value)


def test_brains_and_the_population_may_be_absent():
    """The rest runs; without both there is nothing to run."""
    no_brains = Plan(changed(("brains",), None))
    assert not no_brains.brains.brains
    assert not [path for path in no_brains.final_files() if "mouse" in path]
    assert "results/tables/networks/silhouette.csv" in no_brains.final_files()
    no_population = Plan(changed(("population",), None))
    assert "results/tables/networks/silhouette.csv" not in no_population.final_files()
    assert "results/figures/mouse/figure_2.svg" in no_population.final_files()
    config = changed(("brains",), None)
    config["population"] = None
    with pytest.raises(InputError, match="config population: found null, and no brain"):
        Plan(config)


def test_null_leaves_out_a_brain_a_method_or_a_metric():
    config = changed(("methods", "rsa"), None)
    config["metrics"]["cost"] = None
    config["brains"]["macaque"] = None
    plan = Plan(config)
    assert "rsa" not in plan.alignment.methods
    assert not [path for path in plan.final_files() if path.endswith("/cost.csv")]
    assert list(plan.config.brains) == ["mouse"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "methods: {ridge_pst: null}",
            "methods.ridge_pst: found null for an unknown name (did you mean 'ridge_post'?), ",
        ),
        (
            "metrics: {silhouett: null}",
            "metrics.silhouett: found null for an unknown name (did you mean 'silhouette'?), ",
        ),
        ("brains: {mice: null}", "brains.mice: found null for an unknown name, expected one of mo"),
        (
            "variants: {resnet81: null}",
            "variants.resnet81: found null for an unknown name (did you mean 'resnet18'?), ",
        ),
        ("variants: {resnet18: null}", "variants.resnet18: found null, expected keys with values"),
    ],
)
def test_a_name_that_no_file_has_cannot_be_left_out(tmp_path, text, sentence):
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(InputError) as error:
        read_config([str(tmp_path / "mine.yaml")])
    assert str(error.value).startswith(f"config {sentence}")


def test_null_leaves_out_what_another_file_defines(tmp_path):
    """Or what a gallery has, which is left out already."""
    (tmp_path / "first.yaml").write_text("methods: {mine: {method: pls, label: Mine}}")
    (tmp_path / "second.json").write_text('{\n\t"methods": {"mine": null, "pls": null}\n}')
    recovery = str(ROOT / "config.recovery.yaml")
    (tmp_path / "third.yaml").write_text("brains: {alexnet_mice: null}")
    files = [str(tmp_path / name) for name in ("first.yaml", "second.json", "third.yaml")]
    config = read_config([recovery, *files])
    assert config.methods.keys() == DEFAULT["methods"].keys()
    assert "alexnet_mice" not in config.brains and "resnet18_mice" in config.brains


def test_null_leaves_out_any_name_of_the_first_file(tmp_path):
    """Who edits config.yaml itself has no other file that could define the name."""
    (tmp_path / "config.yaml").write_text("brains: {mouse: null}\nmethods: {mine: null}")
    (tmp_path / "mine.yaml").write_text("methods: {mine: null}")
    first, _ = check_files([tmp_path / "config.yaml", tmp_path / "mine.yaml"])
    assert first["brains"] == {"mouse": None}


def test_several_brains_have_files_of_their_own():
    config = changed(("brains", "macaque"), copy.deepcopy(DEFAULT["brains"]["mouse"]))
    with pytest.raises(InputError, match="macaque.sessions: found 900001, which is also simulated"):
        Plan(config)
    config["brains"]["macaque"]["sessions"] = [1, 2]
    files = Plan(config).final_files()
    for brain in ("mouse", "macaque"):
        assert f"results/tables/{brain}/subjects.csv" in files
        assert f"results/figures/{brain}/figure_2.svg" in files
    assert len(files) == len(set(files))


@pytest.mark.parametrize("name", ["networks", "Networks", "population", "pool"])
def test_a_brain_cannot_have_a_name_that_files_have(name):
    """Some disks do not tell capital letters from small ones."""
    config = changed(("brains", name), copy.deepcopy(DEFAULT["brains"]["mouse"]))
    with pytest.raises(InputError, match="expected a name that is not one of"):
        Plan(config)


def test_numbers_that_yaml_takes_for_text_are_explained():
    with pytest.raises(
        InputError, match="found '1e-3', expected a number, but this is text: in YAML"
    ):
        Plan(changed(("training", "learning_rate"), "1e-3"))
    with pytest.raises(InputError, match="noise_gain: found 'x', expected a number or null"):
        Plan(changed(("training", "noise_gain"), "x"))


def test_a_configuration_is_left_as_it_is():
    before = copy.deepcopy(DEFAULT)
    parse_config(DEFAULT)
    assert before == DEFAULT


def test_a_network_is_read_at_the_layers_that_it_needs():
    """A candidate's layer must not make the simulated subjects' network be read again."""
    config = copy.deepcopy(DEFAULT)
    config["candidates"].append({"variant": "alexnet", "seed": 1, "layers": ["fc7"]})
    networks = Plan(config).networks
    assert networks.layers_of(Network("alexnet", 1), "mouse") == ["fc7"]
    truth = networks.layers_of(Network("alexnet", 99), "mouse")
    assert truth == sorted(DEFAULT["brains"]["mouse"]["simulated"]["layers"].values())
    assert networks.layers_of(Network("alexnet", 1), "population") == networks.layers_of(
        Network("alexnet", 0), "population"
    )


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (None, "no readable file"),
        (b"a: b: c", "mapping values are not allowed here in line 1, column 5, expected YAML"),
        (b"seed: 1\n  device: cpu", "mapping values are not allowed here in line 2, column 9"),
        (b"training:\n\twidth: 1", r"found character '\\t' that .* in line 2, column 1"),
        (b"[1, 2]", r"\[1, 2\]"),
        (b"", "nothing"),
        (b"\xff\xfe\xfa", "bytes that are not text"),
    ],
)
def test_a_file_that_is_not_a_configuration_is_refused(tmp_path, content, found):
    path = tmp_path / "mine.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=found) as error:
        read_config([str(path)])
    assert str(error.value).startswith(f"{path}: found ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("with_mistake", [False, True])
def test_a_file_can_be_checked_alone(tmp_path, with_mistake):
    """Snakemake does not name the line of a file after --configfile that is not YAML."""
    path = tmp_path / "mine.yaml"
    path.write_text("training:\n  width: 0.5" + "\n width: 1" * with_mistake)
    command = [sys.executable, "-m", "workflow_scripts.common.config", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == with_mistake
    if with_mistake:
        assert done.stderr.startswith(f"{path}: found ") and "in line 3" in done.stderr
    else:
        assert done.stdout == "Every key is known and has a value that it can have.\n"


@pytest.mark.parametrize(
    ("key", "section"),
    [("seeds", "population"), ("width", "training"), ("path", "stimuli"), ("keep", "download")],
)
def test_a_key_at_the_left_margin_is_told_its_place(key, section):
    with pytest.raises(InputError) as error:
        Plan({**DEFAULT, key: 1})
    assert str(error.value) == (
        f"config {key}: found this key at the left margin, "
        f"expected it under {section}, indented by spaces"
    )


def test_a_list_of_methods_leaves_out_the_others():
    mine = {"method": "pls", "label": "Mine", "colour": "#000000"}
    changes = {"methods": {"mine": mine}, "only_methods": ["mine", "linear_softplus"]}
    plan = Plan(merged(DEFAULT, changes))
    given = DEFAULT["methods"]["linear_softplus"]
    assert plan.config.methods == {"linear_softplus": given, "mine": mine}
    assert list(plan.alignment.methods) == ["linear_softplus", "mine"]


def test_a_method_of_the_list_need_not_stand_under_methods():
    assert parse_config(changed(("only_methods",), ["pls"])).methods == {"pls": {}}


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (
            ("only_methods",),
            ["rigde_post"],
            "config only_methods: found 'rigde_post' (did you mean 'ridge_post'?), ",
        ),
        (("only_methods",), [], "config only_methods: found [], expected at least 1 item"),
        (
            ("only_methods",),
            ["rsa", "rsa"],
            "config only_methods: found ['rsa', 'rsa'], expected e",
        ),
        (("methods",), ["rsa"], "config methods: found a list, expected names with their parame"),
    ],
)
def test_a_wrong_list_of_methods_is_refused(path, value, sentence):
    with pytest.raises(InputError) as error:
        Plan(changed(path, value))
    assert str(error.value).startswith(sentence)


def test_a_path_may_begin_in_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    stimuli = DEFAULT["stimuli"] | {"source": "folder", "path": "~/pictures"}
    config = parse_config(changed(("stimuli",), stimuli))
    assert config.stimuli.path == str(tmp_path / "pictures")


def test_weights_of_a_model_have_a_path_that_snakemake_can_take(tmp_path):
    weights = tmp_path / "a{b}.pt"
    weights.touch()
    with pytest.raises(
        InputError, match=r"variants.theirs.weights: found '.*a{b}.pt', expected a pa"
    ):
        Plan(with_external(tmp_path, weights=str(weights)))


def test_a_brain_of_a_directory_needs_images(tmp_path):
    """Its stimuli are the images that are there."""
    config = changed(("brains", "mouse", "source"), "directory")
    for candidates in (DEFAULT["candidates"], []):
        config["candidates"] = candidates
        config["brains"]["mouse"]["directory"] = None
        with pytest.raises(
            InputError, match="mouse.directory: found null, expected an existing Al"
        ):
            Plan(config)
        config["brains"]["mouse"]["directory"] = str(tmp_path)
        with pytest.raises(InputError, match="which has no folder natural_scene_templates, expect"):
            Plan(config)
    (tmp_path / "natural_scene_templates").mkdir()
    for session in DEFAULT["brains"]["mouse"]["sessions"]:
        (tmp_path / f"session_{session}").mkdir()
        (tmp_path / f"session_{session}/session_{session}.nwb").touch()
    Plan(config)


def test_an_option_has_one_form_in_all_architectures(tmp_path, monkeypatch):
    """Otherwise a new architecture would change what the others accept."""
    for path in ARCHITECTURES.folder.glob("*.py"):
        (tmp_path / path.name).write_text(path.read_text())
    text = (
        (tmp_path / "resnet18.py").read_text().replace("def build()", "def build(*, width: Count)")
    )
    (tmp_path / "zoo.py").write_text(text)
    monkeypatch.setattr("workflow_scripts.common.config.ARCHITECTURES", tmp_path)
    is_trained.cache_clear()
    with pytest.raises(InputError, match="zoo.py: found an option width of another form"):
        training_model.__wrapped__()
    is_trained.cache_clear()


@pytest.mark.parametrize("name", ["claims", "training", "subjects"])
def test_a_metric_cannot_have_the_name_of_another_table(name):
    plan = Plan(DEFAULT)
    plan.config.metrics[name] = {}
    with pytest.raises(InputError, match=f"found a metric called {name}, expected another name"):
        EvaluationPlan(plan.config, plan.alignment)


def test_the_schema_accepts_what_the_configuration_does():
    validator = jsonschema.Draft202012Validator(json_schema())
    for values in (
        DEFAULT,
        read("config.paper.yaml"),
        read("config.recovery.yaml"),
        {"brains": None},
        {"brains": {"x": None}},
    ):
        validator.validate(values)
    assert not validator.is_valid({"sede": 1})
