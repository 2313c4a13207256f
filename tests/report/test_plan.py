"""What the rule reads and is told."""

from types import SimpleNamespace

import yaml

from tests.harness.mini import PLAN
from workflow_scripts.alignment.method import METHODS
from workflow_scripts.figures.composition import COMPOSITIONS, composition
from workflow_scripts.report.method_cards import documentation, facts

SETTINGS = PLAN.report.settings(SimpleNamespace())


def test_every_table_and_the_page_are_final():
    assert set(PLAN.report.tables()) == set(PLAN.evaluation.tables())
    assert PLAN.final_files()[-1] == "results/report.html"


def test_settings_name_what_is_read():
    for path, item in zip(PLAN.report.tables(), SETTINGS["tables"], strict=True):
        folder = f"{item['population']}/" if item["population"] else ""
        assert path == f"results/tables/{folder}{item['name']}.csv"
        assert item["title"].endswith((".", "?"))
    for path, item in zip(PLAN.report.figures(), SETTINGS["figures"], strict=True):
        assert path == f"results/figures/{item['population']}/{item['name']}.svg"
        assert item["caption"]
    assert set(PLAN.report.figures()) <= set(PLAN.figures.figures())


def test_a_panel_is_shown_once():
    """In the composed figure, if there is one of its population."""
    shown = {(item["population"], item["name"]) for item in SETTINGS["figures"]}
    for population in PLAN.figures.populations:
        names = PLAN.figures.names(population)
        composed = [name for name in names if name in COMPOSITIONS]
        inside = {panel for name in composed for panel in composition(name).panels}
        for name in names:
            assert ((population["name"], name) in shown) == (name not in inside)


def test_settings_are_plain_values():
    """Snakemake writes them down and compares them."""
    assert yaml.safe_load(yaml.safe_dump(SETTINGS)) == SETTINGS


def test_a_method_is_told_by_its_file():
    (ridge,) = [item for item in SETTINGS["methods"] if item["name"] == "ridge_post"]
    title, text = documentation(METHODS, "ridge_post")
    assert (ridge["title"], ridge["text"]) == (title, text)
    assert title == "Ridge regression between responses after the non-linearity."
    assert "\n\nReference: Hoerl & Kennard 1970" in text
    assert ridge["facts"] == facts(METHODS.card("ridge_post"))
    assert "Kind: mapping, post → post; computed for networks and brains." in ridge["facts"]
