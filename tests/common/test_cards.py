"""Galleries: cards and parameters are read without running a file; a mistake is one sentence."""

import sys
from dataclasses import dataclass
from typing import Literal

import pytest

from workflow_scripts.alignment.method import METHODS
from workflow_scripts.common.cards import Gallery
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.forms import PositiveNumber, PositiveShare


@dataclass(frozen=True, kw_only=True)
class Card:
    label: str
    shape: Literal["round", "square"]
    bounds: tuple = ()


FILE = """
import a_module_that_does_not_exist

CARD = Card(label="Disc", shape="round", bounds=(None, 1.0))


class Estimator:
    def __init__(self, width: PositiveNumber = 1.0, *, mass: PositiveShare | None = None): ...


def measure(scores, random, *, scale: Literal["linear", "log"] = "log", clip: bool = True): ...


def draw(axes, tables): ...
"""


@pytest.fixture
def gallery(tmp_path):
    """Make a gallery of one file, ``mine``."""

    def make(content=FILE, entry="Estimator.__init__"):
        (tmp_path / "mine.py").write_text(content)
        return Gallery(tmp_path, Card, entry)

    return make


def test_a_card_is_read_without_importing_the_file(gallery):
    assert gallery().card("mine") == Card(label="Disc", shape="round", bounds=(None, 1.0))


def test_other_statements_may_come_first(gallery):
    assert gallery(f"a, b = 1, 2\nx = y = 0\n{FILE}").card("mine").shape == "round"


def test_names_are_those_of_the_files_in_order(gallery, tmp_path):
    for name in ("b.py", "a.py", "_hidden.py", "notes.txt"):
        (tmp_path / name).touch()
    assert gallery().names() == ["a", "b", "mine"]


def test_parameters_of_a_method_are_its_arguments(gallery):
    found = gallery().parameters("mine")
    assert found == {"width": PositiveNumber, "mass": PositiveShare | None}


def test_parameters_of_a_function_are_its_keyword_only_arguments(gallery):
    found = gallery(entry="measure").parameters("mine")
    assert found == {"scale": Literal["linear", "log"], "clip": bool}
    assert gallery(entry="draw").parameters("mine") == {}


def test_a_class_without_the_method_takes_no_parameters(gallery):
    content = FILE.replace("def __init__(", "def prepare(")
    assert gallery(content).parameters("mine") == {}


def test_a_file_is_loaded_as_a_module_of_the_package():
    assert METHODS.load("rsa") is sys.modules["workflow_scripts.methods.rsa"]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("CARD = Card(", "CRAD = Card(", "found no card, expected CARD = Card("),
        ("tables): ...", "tables: ...", "found '(' was never closed in line 14, expected Python"),
        (', shape="round"', "", "missing 1 required keyword-only argument: 'shape', expected"),
        ("shape=", "shap=", "unexpected keyword argument 'shap', expected a card with the fields"),
        ("(None, 1.0)", "(None, one)", "found (None, one) as bounds, expected a literal"),
        ('"round"', '"rund"', "found 'rund' as shape, expected round or square"),
        ("class Estimator", "class Estimater", "found no class Estimator, expected one"),
        (": PositiveNumber", "", "found nothing as annotation of the parameter 'width', expected"),
        ("PositiveNumber", "float", "found float as annotation of the parameter 'width', expected"),
        ("PositiveNumber", "Gt", "'width', expected bool, Literal[...], or a form: ChannelMu"),
    ],
)
def test_a_mistake_is_told(gallery, old, new, sentence, tmp_path):
    assert FILE.count(old) == 1
    wrong = gallery(FILE.replace(old, new))
    with pytest.raises(InputError) as error:
        wrong.card("mine")
        wrong.parameters("mine")
    assert str(error.value).startswith(f"{tmp_path}/mine.py: found ")
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_function_is_told(gallery):
    with pytest.raises(InputError, match="mine.py: found no function build, expected one"):
        gallery(entry="build").parameters("mine")
