"""What the rules of networks read and are told of models from elsewhere."""

import copy
import os
from types import SimpleNamespace

import numpy as np
import pytest

from tests.harness.mini import MINI
from workflow_scripts.common.config import parse_config
from workflow_scripts.common.errors import InputError
from workflow_scripts.images.plan import ImagePlan
from workflow_scripts.networks.plan import NetworkPlan

CLIP = {"variant": "clip", "seed": 0, "layers": ["visual.3", "visual@class"]}


def plan(variants=(), candidates=(), activations=()):
    """Networks of the mini run, with more variants and candidates."""
    config = copy.deepcopy(MINI)
    config["variants"].update(variants)
    config["candidates"] += candidates
    config["activations"].update(activations)
    parsed = parse_config(config)
    return NetworkPlan(parsed, ImagePlan(parsed))


def job(variant, seed=0, stimuli="mouse"):
    """Wildcards of a job."""
    return SimpleNamespace(variant=variant, seed=str(seed), stimuli=stimuli)


@pytest.fixture
def ready(tmp_path, monkeypatch):
    """Activations in both forms, in the folder where Snakemake runs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ready").mkdir()
    for layer in CLIP["layers"]:
        np.save(tmp_path / f"ready/{layer}.npy", np.zeros((3, 2)))
    (tmp_path / "ready/stimuli.txt").write_text("a\nb\nc\n")
    (tmp_path / "ready.nc").touch()
    (tmp_path / "ready.csv").touch()
    return tmp_path


def test_ready_activations_are_read_from_their_files(ready):
    networks = plan({"clip": {"activations": "ready"}}, [CLIP])
    assert networks.is_imported("clip") and not networks.is_trained("clip")
    assert networks.imported_variants() == ["clip"]
    assert "clip" not in networks.read_variants() and "alexnet" in networks.read_variants()
    assert "clip" not in networks.trained_variants()
    assert networks.ready_files(job("clip")) == [
        "ready/stimuli.txt",
        "ready/visual.3.npy",
        "ready/visual@class.npy",
    ]
    networks = plan({"clip": {"activations": "ready.nc"}}, [CLIP])
    assert networks.ready_files(job("clip")) == ["ready.nc"]


def replaced_by_an_older_one(path):
    """A file with one byte more, and a time before that of what was made from it."""
    path.write_bytes(path.read_bytes() + b"x")
    os.utime(path, (0, 0))


@pytest.mark.parametrize("name", ["ready.nc", "ready/visual.3.npy", "ready/stimuli.txt"])
def test_activations_that_are_replaced_are_read_again(ready, name):
    networks = plan({"clip": {"activations": name.split("/")[0]}}, [CLIP])
    before = networks.ready_state(job("clip"))
    replaced_by_an_older_one(ready / name)
    assert networks.ready_state(job("clip")) != before


def test_weights_that_are_replaced_are_read_again(ready):
    (ready / "w.pt").touch()
    model = {"architecture": "torchvision_model", "model": "resnet18", "input_size": 64}
    networks = plan({"theirs": {**model, "weights": "w.pt"}})
    before = networks.weights_state(job("theirs"))
    replaced_by_an_older_one(ready / "w.pt")
    assert networks.weights_state(job("theirs")) != before


def test_units_of_ready_activations_are_chosen_at_random(ready):
    """They have no positions, of which a hypercolumn is the centre."""
    for mode, expected in (
        ("hypercolumn", "random_same_index"),
        ("random_independent", "random_independent"),
        ("all", "all"),
    ):
        networks = plan({"clip": {"activations": "ready"}}, [CLIP], {"mode": mode})
        settings = networks.import_settings(job("clip"))
        assert settings["path"] == "ready"
        assert settings["layers"] == CLIP["layers"]
        assert settings["units"]["mode"] == expected
        assert networks.activation_settings(job("alexnet"))["units"]["mode"] == mode


@pytest.mark.parametrize(
    ("variant", "layers", "sentence"),
    [
        ({"activations": "no"}, [], "variants.clip.activations: found 'no', expected an existing"),
        ({"activations": "ready.csv"}, [], "found 'ready.csv', expected an existing folder, or"),
        ({"activations": None}, [], "variants.clip.activations: found null, expected text"),
        (
            {"activations": "ready", "architecture": "alexnet"},
            [],
            "variants.clip: found the unknown key 'architecture', expected one of activations",
        ),
        (
            {"activations": "ready"},
            ["visual.9"],
            "candidates.2.layers: found no file ready/visual.9.npy, expected the responses of each",
        ),
    ],
)
def test_wrong_activations_are_named(ready, variant, layers, sentence):
    with pytest.raises(InputError) as error:
        plan({"clip": variant}, [{**CLIP, "layers": [*CLIP["layers"], *layers]}])
    assert sentence in str(error.value)


@pytest.mark.parametrize("candidates", [[CLIP], []])
def test_names_that_are_missing_are_named_once_for_all_layers(ready, candidates):
    (ready / "ready/stimuli.txt").unlink()
    sentence = (
        "config variants.clip.activations: found no file ready/stimuli.txt, expected one name"
    )
    with pytest.raises(InputError, match=sentence):
        plan({"clip": {"activations": "ready"}}, candidates)


def test_ready_activations_are_candidates_alone(ready):
    config = copy.deepcopy(MINI)
    config["variants"]["clip"] = {"activations": "ready.nc"}
    config["population"]["variant"] = "clip"
    parsed = parse_config(config)
    with pytest.raises(InputError, match="population.variant: found 'clip', a model that is not"):
        NetworkPlan(parsed, ImagePlan(parsed))


MINE = {"architecture": "own_model", "function": "mine.py:build", "weights": None, "input_size": 96}


def test_a_model_of_ones_own_depends_on_its_code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text("def build(): ...\n")
    networks = plan({"mine": MINE}, [{"variant": "mine", "seed": 0, "layers": ["a"]}])
    assert networks.images_seen(job("mine")) == "results/stimuli/mouse/96.nc"
    assert networks.weights(job("mine")) == []
    *package, own = networks.architecture_code(job("mine"))
    assert any(line.startswith("networks/architectures/own_model.py ") for line in package)
    assert own.startswith("mine.py ")
    (tmp_path / "mine.py").write_text("def build(): return 1\n")
    assert networks.architecture_code(job("mine"))[:-1] == package
    assert networks.architecture_code(job("mine"))[-1] != own


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        ("other.py:build", "mine.function: found 'other.py:build', whose file does not exist, ex"),
        ("mine", "config variants.mine.function: found 'mine', expected module:function or path"),
        (None, "config variants.mine.function: found null, expected text"),
    ],
)
def test_a_function_that_is_not_there_is_named_at_once(tmp_path, monkeypatch, function, sentence):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as error:
        plan({"mine": {**MINE, "function": function}})
    assert sentence in str(error.value)


def test_only_networks_that_are_only_candidates_are_projected():
    """Not the population's, nor those that simulated brains read out."""
    more = [{"variant": "resnet18", "seed": 0, "layers": ["stem"]}]
    networks = plan(candidates=more, activations={"projection": True})
    projected = {
        (variant, seed, stimuli): networks.activation_settings(job(variant, seed, stimuli))[
            "projected"
        ]
        for variant, seed, stimuli in (
            ("alexnet", 0, "population"),
            ("alexnet", 0, "mouse"),
            ("alexnet", 99, "mouse"),
            ("resnet18", 0, "mouse"),
        )
    }
    assert [*projected.values()] == [False, False, False, True]
    assert not plan(candidates=more).activation_settings(job("resnet18"))["projected"]


def test_all_units_are_not_projected():
    with pytest.raises(InputError, match="activations.projection: found true with mode all, which"):
        plan(activations={"projection": True, "mode": "all"})


@pytest.mark.parametrize(
    ("activations", "sentence"),
    [
        (
            {"n_trials": 6, "max_trials": 5},
            "activations.max_trials: found 5, expected at least activations.n_trials, 6",
        ),
        ({"min_reliability": 1.0}, "activations.min_reliability: found 1.0, expected less than 1"),
        ({"min_reliability": 0.0}, "activations.min_reliability: found 0.0, expected more than 0"),
        ({"max_trials": None}, "activations.max_trials: found null, expected a whole number"),
    ],
)
def test_wrong_numbers_of_passes_are_named(activations, sentence):
    with pytest.raises(InputError) as error:
        plan(activations=activations)
    assert str(error.value).startswith(f"config {sentence}")


def test_what_is_read_says_how_many_passes_there_are():
    passes = {"n_trials": 6, "min_reliability": None, "max_trials": 6}
    settings = plan(activations=passes).activation_settings(job("alexnet"))
    assert settings["passes"] == passes
    assert set(settings["units"]) == {"mode", "positions", "max_per_layer"}


def test_all_activations_are_those_that_are_read_here(ready):
    """Each once, also if a candidate is the network that a simulated brain reads out."""
    more = [CLIP, {"variant": "alexnet", "seed": 99, "layers": ["conv1"]}]
    networks = plan({"clip": {"activations": "ready"}}, more)
    assert networks.all_activations() == [
        "results/activations/population/alexnet/0.nc",
        "results/activations/population/alexnet/1.nc",
        "results/activations/mouse/alexnet/0.nc",
        "results/activations/mouse/alexnet_untrained/0.nc",
        "results/activations/mouse/alexnet/99.nc",
    ]
