"""A wrong configuration ends in one sentence that names the key and lists what was possible."""

import copy
import importlib
import inspect
from pathlib import Path

import pytest
import yaml

from workflow_scripts.alignment.method import method_names, parameter_names
from workflow_scripts.common.config import LAYERS, N_FOLDS, check_config, own_files, resolve_variant
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.sentences import check_keys
from workflow_scripts.methods.soft_matching import SCALINGS
from workflow_scripts.solvers.dissimilarity import COMPARISONS
from workflow_scripts.solvers.glm.families import FAMILIES
from workflow_scripts.solvers.glm.links import LINKS

ROOT = Path(__file__).parents[2]
SCHEMA = yaml.safe_load((ROOT / "rules/schemas/config.schema.yaml").read_text())
DEFAULT = yaml.safe_load((ROOT / "config.yaml").read_text())


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
    check_config(DEFAULT, SCHEMA)


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (("sede",), 1, "the unknown key 'sede' (did you mean 'seed'?)"),
        (("seed",), "one", "config seed: found 'one', expected integer"),
        (("device",), "tpu", "config device: found 'tpu', expected one of auto, cpu, cuda"),
        (
            ("population", "layers"),
            ["conv1", "conv9"],
            "found 'conv9', expected layers of alexnet: conv1",
        ),
        (("population", "variant"), "vgg", "population.variant: found 'vgg', expected one of"),
        (("population", "seeds"), [0], "config population.seeds: found [0], expected minItems 2"),
        (
            ("population", "max_accuracy_spread"),
            5,
            "max_accuracy_spread: found 5, expected maximum 1",
        ),
        (("mouse", "min_trials"), 1, "config mouse.min_trials: found 1, expected minimum 2"),
        (("mouse", "preset"), "nayebi", "mouse.window_s: found [0.04, 0.25], expected [0, 0.25]"),
        (("mouse", "areas"), ["V1"], "found 'V1', expected one of VISp, VISl"),
        (("mouse", "simulated", "layers"), {"VISp": "conv1"}, "found no layer for area 'VISl'"),
        (("mouse", "source"), "directory", "mouse.directory: found None, expected"),
        (("mouse", "own_responses"), "no/folder", "mouse.own_responses: found 'no/folder', expect"),
        (("mouse", "sessions"), [900001], "found 1 sessions and 0 files of mouse.own_responses"),
        (("methods", "rigde"), {}, "config methods: found 'rigde', expected one of"),
        (("methods", "ridge_post"), {"alpha": 1}, "the unknown parameter 'alpha', expected one of"),
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
            "config methods.mine: found the label 'RSA' of rsa, expected another one",
        ),
        (("variants", "alexnet"), {"depth": 3}, "the unknown key 'depth'"),
        (("variants", "alexnet"), {"architecture": "vgg"}, "found 'vgg', expected one of alexnet,"),
        (("stimuli", "source"), "folder", "stimuli.path: found None, expected an existing folder"),
        (("training", "width"), 0, "config training.width: found 0, expected minimum 0.015625"),
        (("candidates", 0, "layers"), ["layer1"], "candidates[0].layers: found 'layer1'"),
        # What each of these led to was found by a job, hours later, or by nobody.
        (("seed",), 1.0, "config seed: found 1.0, expected integer"),
        (("seed",), 2**31, "config seed: found 2147483648, expected maximum 2147483647"),
        (("seeds_per_job",), 21, "config seeds_per_job: found 21, expected maximum 20"),
        (("training", "epochs"), float("nan"), "config training.epochs: found nan, expected num"),
        (("training", "epochs"), float("inf"), "config training.epochs: found inf, expected num"),
        (("training", "epochs"), 0.001, "training.epochs: found 0.001, expected one step at least"),
        (
            ("variants", "resnet18", "epochs"),
            0.001,
            "config variants.resnet18.epochs: found 0.001, expected one step at least, 1/125 of",
        ),
        (
            ("training", "batch_size"),
            8001,
            "training.batch_size: found 8001, expected at most stimuli.n.training, 8000",
        ),
        (("training", "dropout"), 1, "config training.dropout: found 1, expected exclusiveMaximum"),
        (
            ("training", "augmentation", "crop_scale"),
            [1.0, 0.8],
            "config training.augmentation.crop_scale: found [1.0, 0.8], expected the smaller",
        ),
        (("stimuli", "crop_scale"), [0.6, 0.2], "config stimuli.crop_scale: found [0.6, 0.2], exp"),
        (("population", "layers"), ["conv1"], "found ['conv1'], expected minItems 2"),
        (("population", "seeds"), [0, 99], "truth.seed: found 99, which is in population.seeds"),
        (
            ("population", "splits", "train_fraction"),
            0.999,
            "train_fraction: found 0.999, which is 1199 of 1200 stimuli, expected 3 at least",
        ),
        (
            ("methods", "linear_softplus", "n_folds"),
            96,
            "mouse.splits.train_fraction: found 0.8, which is 95 of 118 stimuli, expected 96 at",
        ),
        (("methods", "ridge_post"), {"alphas": [0]}, "config methods.ridge_post.alphas.0: found 0"),
        (("methods",), {"ridge_pre": {}}, "config methods: found ridge_pre, expected one map of"),
        (("methods",), {"rsa": {}}, "config methods: found rsa, expected one map of post-softplus"),
        (("methods", "rsa"), {"label": "$R^2"}, "config methods.rsa.label: found '$R^2', expected"),
        (("methods", 1), {}, "config methods: found 1, expected string"),
        (("variants", "a\n"), {}, "config variants: found 'a\\n', expected a letter, then letters"),
        (("variants", "a" * 61), {}, "expected a letter, then letters, digits or underscores, 60"),
        ((1,), 1, "config the top level: found the unknown key 1, expected one of"),
        (("candidates", 1, "variant"), "alexnet", "candidates[1]: found alexnet/0, which is cand"),
        (("mouse", "window_s"), [0.25, 0.04], "found [0.25, 0.04], expected a start before its"),
        (("mouse", "min_trials"), 46, "mouse.min_trials: found 46, expected at most 45, mouse.sim"),
        (("mouse", "min_units"), 21, "mouse.min_units: found 21, expected at most the largest of"),
        (
            ("mouse", "n_scenes"),
            10,
            "config mouse.simulated.dimensions: found 10, expected at most",
        ),
        (
            ("mouse", "simulated", "units_per_area"),
            [20, 14],
            "config mouse.simulated.units_per_area: found [20, 14], expected the smaller value",
        ),
        (("mouse", "simulated", "layers", "VISx"), "conv1", "unknown key 'VISx' (did you mean"),
        (("mouse", "own_responses"), "{x}", "config mouse.own_responses: found '{x}', expected a"),
        (("mouse", "directory"), "x" * 1001, "expected a path without braces"),
    ],
)
def test_a_wrong_value_is_named(path, value, sentence):
    with pytest.raises(InputError) as error:
        check_config(changed(path, value), SCHEMA)
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_published_sessions_have_118_scenes():
    """Unless they come from another address, as those of the tests of downloads."""
    config = changed(("mouse", "source"), "s3")
    check_config(config, SCHEMA)
    config["mouse"]["n_scenes"] = 60
    with pytest.raises(InputError, match="config mouse.n_scenes: found 60, expected 118"):
        check_config(config, SCHEMA)
    config["mouse"]["base_url"] = "http://127.0.0.1:8000"
    check_config(config, SCHEMA)


def test_a_file_that_snakemake_would_take_for_a_pattern_is_named(tmp_path):
    (tmp_path / "{x}.nc").touch()
    config = changed(("mouse", "own_responses"), str(tmp_path))
    with pytest.raises(InputError, match="config mouse.own_responses: found the file '.*{x}.nc'"):
        check_config(config, SCHEMA)


def test_a_key_that_stands_twice_is_named(tmp_path):
    """YAML takes the last one and forgets the first, with all that stands under it."""
    path = tmp_path / "mine.yaml"
    path.write_text("mouse:\n  min_units: 3\nseed: 1\nmouse:\n  min_trials: 3\n")
    with pytest.raises(InputError, match="config mouse: found twice in .* lines 1 and 4, expect"):
        check_keys(path)
    path.write_text("candidates:\n- {seed: 0, variant: alexnet, seed: 1}\n")
    with pytest.raises(InputError, match="config candidates.0.seed: found twice"):
        check_keys(path)
    path.write_text("population: {layers: &layers [*layers]}")
    check_keys(path)  # What is wrong with its values is for others to say; it must end.
    check_keys(ROOT / "config.yaml")
    check_keys(ROOT / "config.paper.yaml")


def test_a_long_value_is_cut():
    with pytest.raises(InputError) as error:
        check_config(changed(("device",), "x" * 10_000), SCHEMA)
    assert len(str(error.value)) < 300


@pytest.mark.parametrize(
    ("parameter", "known"),
    [
        ("link", LINKS),
        ("family", FAMILIES),
        ("comparison", COMPARISONS),
        ("scaling", SCALINGS),
    ],
)
def test_the_schema_lists_what_the_methods_take(parameter, known):
    entry = SCHEMA["properties"]["methods"]["additionalProperties"]["properties"]
    assert set(entry[parameter]["enum"]) == set(known)


@pytest.mark.parametrize("method", method_names())
def test_methods_with_folds_have_those_that_config_assumes(method):
    if "n_folds" in parameter_names(method):
        estimator = importlib.import_module(f"workflow_scripts.methods.{method}").Estimator
        assert inspect.signature(estimator).parameters["n_folds"].default == N_FOLDS


EXTERNAL = {"architecture": "external", "model": "resnet50", "weights": None, "input_size": 224}


def with_external(tmp_path, **changes):
    """Default configuration with an external model, with weights, as one more candidate."""
    weights = tmp_path / "theirs.pt"
    weights.touch()
    config = copy.deepcopy(DEFAULT)
    config["variants"]["theirs"] = {**EXTERNAL, "weights": str(weights), **changes}
    config["candidates"].append({"variant": "theirs", "seed": 0, "layers": ["layer4.2.relu"]})
    return config


def test_an_external_model_has_settings_of_its_own(tmp_path):
    config = with_external(tmp_path)
    check_config(config, SCHEMA)
    assert resolve_variant(config, "theirs") == config["variants"]["theirs"]
    check_config(with_external(tmp_path, weights=None), SCHEMA)


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
        ({"input_size": 0}, "config variants.theirs.input_size: found 0, expected minimum 1"),
        ({"epochs": 3}, "config variants.theirs: found the unknown key 'epochs', expected one of"),
    ],
)
def test_a_wrong_value_of_an_external_model_is_named(tmp_path, monkeypatch, changes, sentence):
    monkeypatch.chdir(ROOT)
    with pytest.raises(InputError) as error:
        check_config(with_external(tmp_path, **changes), SCHEMA)
    assert sentence in str(error.value)


def test_a_missing_key_of_an_external_model_is_named(tmp_path):
    config = with_external(tmp_path)
    del config["variants"]["theirs"]["input_size"]
    with pytest.raises(InputError, match="config variants.theirs: found no key 'input_size'"):
        check_config(config, SCHEMA)


@pytest.mark.parametrize("key", ["population", "mouse.simulated.truth"])
def test_an_external_model_is_a_candidate_alone(tmp_path, key):
    config = with_external(tmp_path)
    node = config
    for part in key.split("."):
        node = node[part]
    node["variant"] = "theirs"
    with pytest.raises(InputError, match=f"config {key}.variant: found 'theirs', an external"):
        check_config(config, SCHEMA)


def test_only_a_variant_can_be_external():
    config = changed(("training", "architecture"), "external")
    with pytest.raises(InputError, match="config training.architecture: found 'external', expect"):
        check_config(config, SCHEMA)


def test_a_missing_key_is_named():
    config = copy.deepcopy(DEFAULT)
    del config["population"]["splits"]
    with pytest.raises(InputError, match="config population: found no key 'splits'"):
        check_config(config, SCHEMA)


def test_a_missing_session_of_an_allen_cache_is_named(tmp_path):
    config = changed(("mouse", "source"), "directory")
    config["mouse"]["directory"] = str(tmp_path)
    with pytest.raises(InputError, match="session_900001.nwb for session 900001"):
        check_config(config, SCHEMA)


def test_own_responses_may_take_the_place_of_recorded_sessions_only(tmp_path):
    """The scenes of the source simulated are simulated, too: results on them must say so."""
    for name in ("b.nc", "a.nc", ".a.123.part.nc", "notes.txt"):
        (tmp_path / name).touch()
    assert own_files(tmp_path) == [str(tmp_path / "a.nc"), str(tmp_path / "b.nc")]
    config = changed(("mouse", "own_responses"), str(tmp_path))
    check_config(config, SCHEMA)
    config["mouse"] |= {"preset": "nayebi", "window_s": [0, 0.25]}
    with pytest.raises(InputError, match="found 2 files, expected none for mouse.preset nayebi"):
        check_config(config, SCHEMA)
    config["mouse"] |= {"preset": "ccn25", "sessions": []}
    with pytest.raises(InputError, match="mouse.sessions: found none for mouse.source 'simulated'"):
        check_config(config, SCHEMA)
    config["mouse"] |= {"source": "directory", "directory": str(tmp_path)}
    check_config(config, SCHEMA)


def test_the_papers_overrides_fit_the_schema(tmp_path):
    """Its paths are placeholders; everything else must be right."""
    paper = yaml.safe_load((ROOT / "config.paper.yaml").read_text())
    config = copy.deepcopy(DEFAULT)
    for key, value in paper.items():
        config[key] = {**config[key], **value} if isinstance(value, dict) else value
    config["stimuli"]["path"] = str(tmp_path)
    config["mouse"]["directory"] = str(tmp_path)
    for session in config["mouse"]["sessions"]:
        folder = tmp_path / f"session_{session}"
        folder.mkdir()
        (folder / f"session_{session}.nwb").touch()
    check_config(config, SCHEMA)
    assert len(config["mouse"]["sessions"]) == 32
    assert config["mouse"]["expected_subjects"] == 31


def test_a_variant_overrides_what_is_shared():
    variant = resolve_variant(DEFAULT, "resnet18")
    assert variant["architecture"] == "resnet18"
    assert variant["batch_size"] == DEFAULT["training"]["batch_size"]
    assert set(LAYERS) == {"alexnet", "resnet18", "vgg11"}
