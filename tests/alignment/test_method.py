"""A method's file with a mistake ends in one sentence that names the file, before any job runs."""

import pytest

from workflow_scripts.alignment import method as registry
from workflow_scripts.common.errors import InputError

CARD = (registry.METHODS_FOLDER / "ridge_post.py").read_text()


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("CARD = Card(", "CRAD = Card(", "found no card, expected CARD = Card("),
        ("CARD = Card(", "CARD = Card((", "found '(' was never closed in line"),
        ('    kind="mapping",\n', "", "missing 1 required keyword-only argument: 'kind'"),
        ("kind=", "kin=", "unexpected keyword argument 'kin'"),
        ("bounds=(None, 1.0)", "bounds=(None, one)", "found malformed node or string"),
        ('"mapping"', '"maping"', "found 'maping' as kind, expected mapping or geometry"),
        ('target_stage="post"', 'target_stage="past"', "found 'past' as target_stage"),
        ("class Estimator", "class Estimater", "found no class Estimator, expected one"),
    ],
)
def test_a_mistake_is_told(old, new, sentence, tmp_path, monkeypatch):
    assert CARD.count(old) == 1
    monkeypatch.setattr(registry, "METHODS_FOLDER", tmp_path)
    (tmp_path / "mine.py").write_text(CARD.replace(old, new))
    with pytest.raises(InputError) as error:
        registry.read_card("mine")
        registry.parameter_names("mine")
    assert str(error.value).startswith(f"{tmp_path}/mine.py: found ")
    assert sentence in str(error.value)


def test_other_statements_may_come_first(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "METHODS_FOLDER", tmp_path)
    (tmp_path / "mine.py").write_text(f"a, b = 1, 2\nx = y = 0\n{CARD}")
    assert registry.read_card("mine").kind == "mapping"
