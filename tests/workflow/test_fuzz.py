"""Whatever config.yaml says, `snakemake -n` plans it or says in one sentence which key is wrong.

Hypothesis draws mutations of the default and the mini configuration, the same in every run. A
profile with more of them goes through Snakemake itself:
``HYPOTHESIS_PROFILE=thorough uv run pytest tests/workflow/test_fuzz.py``.
"""

import copy
import os
import re
import shutil
from contextlib import chdir
from functools import cache
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.harness.mini import DEFAULT, MINI, merged
from tests.harness.workflow import dry_run
from workflow_scripts.common import config as config_module
from workflow_scripts.common.config import json_schema
from workflow_scripts.common.errors import InputError
from workflow_scripts.plan import Plan

ROOT = Path(__file__).parents[2]
SCHEMA = json_schema()
THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
FUZZ = settings(
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


# The default configuration with as few networks, mice, areas and candidates as the mini one: a plan
# of fewer jobs takes Snakemake half as long.
FEWER = merged(
    DEFAULT,
    {
        "population": {"seeds": MINI["population"]["seeds"]},
        "brains": {"mouse": {key: MINI["brains"]["mouse"][key] for key in ("sessions", "areas")}},
        "candidates": DEFAULT["candidates"][::3],
    },
)

# Folders that exist, some under names that a shell, a format or a pattern would trip over.
FOLDERS = ["plain", "a b", "it's", 'a "b"', "$HOME;id", "ünï", "*", "a\\b", "[a]", "%s"]
FOLDERS += ["{x}", "{seed}", "a\nb", "-x"]
TEXTS = ["", " ", "a b", "it's", '"', "a\nb", "name\n", "a/b", "../..", "/", "~", "{x}", "{seed}"]
TEXTS += ["日本", "x" * 70, "x" * 5000, "\0", "$\\frac$", "`id`", "%s", "1e3", "\u202e", "conv9"]
NUMBERS = [0, -1, 1, 2, 3, 20, 0.5, 1.0, 2.0, -0.5, 1e-300, 1e300, 2**31, 10**30, 10**400]
NUMBERS += [float("nan"), float("inf"), -float("inf"), True, False]
OTHERS = [None, [], {}, [None], [[]], [1, 1], [0.9, 0.1], {"a": 1}, {1: 2}, {None: [None]}]
KEYS = ["sede", "new", "a b", "a\nb", "{x}", "x" * 70, "x" * 5000, "", "__proto__", 1, None, True]
TORCHVISION = {
    "architecture": "torchvision_model",
    "model": "resnet50",
    "weights": None,
    "input_size": 224,
}
SHARED = {"method": "generalised_linear", "label": "GLM", "colour": "#000000", "link": "relu"}
OWN = {"source": "recordings", "recordings": None, "areas": ["V4"]}

# Values that a user may well write: valid by themselves, but perhaps not with the rest.
PLAUSIBLE = [
    (("seed",), 7),
    (("device",), "cuda"),
    (("seeds_per_job",), 3),
    (("stimuli", "source"), "folder"),
    (("stimuli", "source"), "imagenet"),
    (("stimuli", "n", "training"), 40),
    (("stimuli", "n", "population"), 10),
    (("stimuli", "crop_scale"), [0.6, 0.2]),
    (("training", "architecture"), "vgg11"),
    (("training", "objective"), "supervised"),
    (("training", "instance_recognition", "loss"), "nce"),
    (("training", "drive_deviation"), None),
    (("training", "objective"), "untrained"),
    (("training", "batch_size"), 1000),
    (("training", "epochs"), 0.001),
    (("training", "learning_rate_drops"), [0.9, 0.3]),
    (("training", "learning_rate_drops"), []),
    (("training", "augmentation", "crop_scale"), [1.0, 0.5]),
    (("variants", "mine"), {"architecture": "resnet18"}),
    (("variants", "mine"), TORCHVISION),
    (("variants", "alexnet"), TORCHVISION),
    (("variants", "alexnet"), {"architecture": "resnet18"}),
    (("population", "variant"), "resnet18"),
    (("population", "layers"), ["stem", "layer4"]),
    (("population", "layers"), ["conv5"]),
    (("population", "seeds"), list(range(30))),
    (("population", "seeds"), [0, 99]),
    (("population", "splits", "train_fraction"), 0.99),
    (("population", "splits", "train_fraction"), 0.01),
    (("activations", "mode"), "all"),
    (("activations", "max_per_layer"), 5),
    (("brains", "mouse", "source"), "s3"),
    (("brains", "mouse", "source"), "warehouse"),
    (("brains", "mouse", "source"), "directory"),
    (("brains", "mouse", "n_scenes"), 10),
    (("brains", "mouse", "areas"), ["VISp"]),
    (("brains", "mouse", "sessions"), [900001]),
    (("brains", "mouse", "sessions"), []),
    (("brains", "mouse", "preset"), "nayebi"),
    (("brains", "mouse", "extraction", "window_s"), [0, 0.25]),
    (("brains", "mouse", "extraction", "window_s"), [0.25, 0.04]),
    (("brains", "mouse", "extraction", "min_trials"), 60),
    (("brains", "mouse", "filters", "min_units"), 100),
    (("brains", "mouse", "filters", "reliability_stimuli"), "training"),
    (("brains", "mouse", "max_source_units"), 5),
    (("brains", "mouse", "noise_correction"), 5),
    (("brains", "mouse", "splits", "train_fraction"), 0.5),
    (("brains", "mouse", "simulated", "truth", "seed"), 0),
    (("brains", "mouse", "simulated", "layers"), {"VISp": "conv1"}),
    (("brains", "mouse", "simulated", "layers", "VISx"), "conv1"),
    (("brains", "mouse", "simulated", "units_per_area"), [20, 14]),
    (("brains", "mouse", "simulated", "max_dimensions"), 200),
    (("brains", "mouse", "simulated"), None),
    (("brains", "mouse"), None),
    (("brains",), None),
    (("population",), None),
    (("candidates",), []),
    (("metrics",), None),
    (("metrics", "predictivity"), None),
    (("metrics", "separability", "layer_rule"), "mean"),
    (("metrics", "mds", "n_init"), 0),
    (("mouse",), {"min_units": 3}),
    (("candidates", 0, "variant"), "mine"),
    (("candidates", 0, "layers"), ["layer1"]),
    (("candidates", 1), {"variant": "alexnet", "seed": 0, "layers": ["conv1"]}),
    (("methods",), {"ridge_pre": {}}),
    (("methods",), {"rsa": {}}),
    (("methods", "glm"), SHARED),
    (("methods", "rsa"), {"method": "ridge_post"}),
    (("methods", "ridge_post", "alphas"), [0]),
    (("methods", "linear_nonlinear", "n_folds"), 500),
    (("methods", "soft_matching", "scaling"), "rank"),
    *((("stimuli", "path"), folder) for folder in FOLDERS),
    *((("brains", "mouse", "directory"), folder) for folder in FOLDERS),
    *((("brains", "mouse", "recordings"), folder) for folder in FOLDERS),
    *((("brains", "lab"), {**OWN, "recordings": folder}) for folder in FOLDERS),
    (("brains", "lab"), OWN),
    (("brains", "mouse", "source"), "recordings"),
    (("brains", "mouse", "sources"), "pairs"),
    (("brains", "mouse", "sources"), "groups"),
    (("brains", "mouse", "compare_with"), ["mouse"]),
    *((("methods", "glm"), {**SHARED, "label": text}) for text in TEXTS),
]


def paths(node, path=()):
    """Path of every value in a configuration but itself."""
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in items:
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from paths(value, (*path, key))


def at(node, path):
    for key in path:
        node = node[key]
    return node


def meanings(schema):
    """All that one schema may stand for: what it refers to, and its alternatives."""
    waiting, found = [schema], []
    while waiting:
        schema = waiting.pop()
        found.append(schema)
        waiting += schema.get("anyOf", [])
        if "$ref" in schema:
            waiting.append(at(SCHEMA, schema["$ref"].split("/")[1:]))
    return found


def inside(schema, key):
    """Schema of what stands under a key or at a position; without limits where it is not known."""
    if isinstance(key, int):
        return schema.get("items", {})
    known = schema.get("properties", {})
    other = schema.get("additionalProperties", {})
    return known.get(key, other if isinstance(other, dict) else {})


def limits(path):
    """Values at and next to what the schema allows at a path: choices and limits."""
    schemas = meanings(SCHEMA)
    for key in path:
        schemas = [found for schema in schemas for found in meanings(inside(schema, key))]
    values = [value for schema in schemas for value in schema.get("enum", [])]
    for schema in schemas:
        for name, value in schema.items():
            if name in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
                values += [value, value - 1, value + 1, value / 2, float(value)]
    return values


def test_limits_are_found_where_they_stand():
    assert 2 in limits(("brains", "mouse", "extraction", "min_trials"))
    assert "zscore" in limits(("methods", "soft_matching", "scaling"))
    assert {"mean", "best_cv"} <= set(limits(("metrics", "separability", "layer_rule")))
    assert 0.5 in limits(("population", "max_accuracy_spread"))


@st.composite
def mutations(draw, default=DEFAULT):
    """The default or the mini configuration with one to three mutations."""
    config = copy.deepcopy(draw(st.sampled_from([default, MINI])))
    for _ in range(draw(st.integers(1, 3))):
        places = list(paths(config))
        if not places:
            break
        *parents, key = place = draw(st.sampled_from(places))
        node = at(config, parents)
        value = node[key]
        kind = draw(st.sampled_from(["plausible"] * 5 + ["replace"] * 4 + sorted(OTHER_KINDS)))
        if kind == "plausible":
            (*parents, key), value = draw(st.sampled_from(PLAUSIBLE))
            try:
                at(config, parents)[key] = copy.deepcopy(value)
            except (KeyError, IndexError, TypeError):
                continue  # An earlier mutation has removed the place.
        elif kind == "replace":
            near = limits(place)
            if isinstance(value, int | float):
                near += [value + 1, value - 1, -value, value * 10, str(value)]
            choices = [TEXTS, NUMBERS, OTHERS, *([near] * 3 if near else [])]
            node[key] = copy.deepcopy(draw(st.sampled_from(draw(st.sampled_from(choices)))))
        else:
            OTHER_KINDS[kind](draw, config, node, key)
    return config


def delete(draw, config, node, key):
    del node[key]


def add(draw, config, node, key):
    if isinstance(node, dict):
        node[draw(st.sampled_from(KEYS))] = copy.deepcopy(node[key])


def rename(draw, config, node, key):
    if isinstance(node, dict):
        node[draw(st.sampled_from(KEYS))] = node.pop(key)


def duplicate(draw, config, node, key):
    if isinstance(node, list):
        node.append(copy.deepcopy(node[key]))


def turn_round(draw, config, node, key):
    if isinstance(node[key], list):
        node[key].reverse()


def swap(draw, config, node, key):
    *parents, other = draw(st.sampled_from(list(paths(config))))
    target = at(config, parents)
    mine, theirs = copy.deepcopy(node[key]), copy.deepcopy(target[other])
    target[other] = mine
    node[key] = theirs


OTHER_KINDS = {
    function.__name__: function for function in (delete, add, rename, duplicate, turn_round, swap)
}


@pytest.fixture(scope="module", autouse=True)
def default_read_once():
    """Each configuration is compared with config.yaml, which takes longer to read than to check."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(config_module, "read_yaml", cache(config_module.read_yaml))
        yield


def refusal(config):
    """The sentence that refuses a configuration; None if it is accepted."""
    try:
        Plan(config)
    except InputError as error:
        return str(error)


def is_sentence_on_a_key(text):
    """One line of readable length that begins with a key of the configuration."""
    keys = "|".join(["top level", *DEFAULT])
    named = re.match(rf"config ({keys})[^ ]*( |: )", text) is not None
    return named and text.isprintable() and "expected" in text and len(text) < 1500


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A copy of the workflow next to folders of images and of sessions with hostile names."""
    folder = tmp_path_factory.mktemp("fuzz")
    for name in ("rules", "profiles", "envs", "workflow_scripts"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "Snakefile", folder)
    sessions = {*DEFAULT["brains"]["mouse"]["sessions"], *MINI["brains"]["mouse"]["sessions"]}
    for name in FOLDERS:
        (folder / name / "natural_scene_templates").mkdir(parents=True)
        for session in sessions:
            (folder / name / f"session_{session}").mkdir()
            (folder / name / f"session_{session}/session_{session}.nwb").touch()
    return folder


@settings(FUZZ, max_examples=5000 if THOROUGH else 500)
@given(config=mutations())
def test_a_configuration_is_accepted_or_refused_in_one_sentence(folder, config):
    with chdir(folder):
        sentence = refusal(config)
    assert sentence is None or is_sentence_on_a_key(sentence), sentence


def check_plan(folder, config):
    with chdir(folder):
        sentence = refusal(config)
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False), "utf-8")
    status, output = dry_run(folder, "-q", "rules")
    assert "Traceback" not in output, output
    if sentence is None:
        assert status == 0, output
        assert re.search(r"^all +1$", output, re.MULTILINE), output
    else:
        assert status == 1
        assert [line for line in output.splitlines() if line.startswith("config ")] == [sentence]


@settings(FUZZ, max_examples=500 if THOROUGH else 10)
@given(config=mutations(FEWER))
def test_snakemake_says_the_same(folder, config):
    check_plan(folder, config)


@settings(FUZZ, max_examples=250 if THOROUGH else 15)
@given(config=mutations(FEWER))
def test_what_is_accepted_can_be_planned(folder, config):
    with chdir(folder):
        assume(refusal(config) is None)
    check_plan(folder, config)
