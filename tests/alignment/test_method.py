"""Methods: what their files say about themselves, and how the configuration names them."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from workflow_scripts.alignment.method import METHODS, Card, configured_methods, make_estimator
from workflow_scripts.common.cards import Gallery
from workflow_scripts.common.errors import InputError

ROOT = Path(__file__).parents[2]
FILE = METHODS.path("ridge_post").read_text()


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("CARD = Card(", "CARD = Card((", "found '(' was never closed in line"),
        ('    kind="mapping",\n', "", "missing 1 required keyword-only argument: 'kind'"),
        ("kind=", "kin=", "unexpected keyword argument 'kin'"),
        ('"mapping"', '"maping"', "found 'maping' as kind, expected mapping or geometry"),
        ('target_stage="post"', 'target_stage="past"', "found 'past' as target_stage"),
        ("class Estimator", "class Estimater", "found no class Estimator, expected one"),
    ],
)
def test_a_mistake_is_told(old, new, sentence, tmp_path):
    assert FILE.count(old) == 1
    (tmp_path / "mine.py").write_text(FILE.replace(old, new))
    gallery = Gallery(tmp_path, Card, METHODS.entry)
    with pytest.raises(InputError) as error:
        gallery.card("mine")
        gallery.parameters("mine")
    assert str(error.value).startswith(f"{tmp_path}/mine.py: found ")
    assert sentence in str(error.value)


def test_an_entry_has_the_card_and_parameters_of_its_file():
    method = configured_methods({"ridge_post": {"alphas": [1.0]}})["ridge_post"]
    assert method.implementation == "ridge_post"
    assert method.card == METHODS.card("ridge_post")
    assert method.parameters == {"alphas": [1.0]}


def test_several_entries_may_use_one_file():
    look = {"label": "Weak ridge", "colour": "#000000"}
    methods = configured_methods(
        {"ridge_post": {}, "weak": {"method": "ridge_post", **look, "alphas": [1e-3]}}
    )
    assert list(methods) == ["ridge_post", "weak"]
    assert methods["weak"].implementation == "ridge_post"
    assert methods["weak"].card == replace(methods["ridge_post"].card, **look)
    assert methods["weak"].parameters == {"alphas": [1e-3]}


def test_an_estimator_keeps_the_defaults_of_parameters_that_are_not_given():
    estimator = make_estimator("pls", {"n_components": 3})
    assert (estimator.n_components, estimator.scale) == (3, False)


def test_cards_are_read_without_importing_what_methods_need():
    """The Snakefile reads them whenever it is parsed."""
    code = (
        "import json, sys\n"
        "from workflow_scripts.alignment.method import METHODS\n"
        "[(METHODS.card(name), METHODS.parameters(name)) for name in METHODS.names()]\n"
        "print(json.dumps(sorted({'numpy', 'scipy', 'torch', 'pandas'} & set(sys.modules))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == []
