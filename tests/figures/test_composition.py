"""What rules learn of a figure from the cards of its panels; captions of the report."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.figures.made_up import KINDS, kinds_of
from workflow_scripts.figures.captions import figure_caption, subjects_caption, training_caption
from workflow_scripts.figures.composition import COMPOSITIONS, composition
from workflow_scripts.figures.panel import PANELS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", COMPOSITIONS)
def test_panels_of_a_composed_figure_are_of_one_population_and_fill_its_width(name):
    content = composition(name)
    assert set(content.panels) <= set(PANELS.names())
    expected = {
        "figure_1": ["networks"],
        "figure_2": ["brain"],
        "figure_2_pairs": ["pairs"],
        "figure_3": ["simulated_brains"],
    }
    assert kinds_of(name) == expected[name]
    for kind in expected[name]:
        assert all(set(KINDS[kind]) & set(card.populations) for card in content.cards)
    assert len({sum(row.widths.values()) for row in content.rows}) == 1


def test_a_composed_figure_reads_the_tables_of_all_its_panels():
    assert composition("figure_1").tables == ["specificity", "predictivity", "mds"]
    assert composition("figure_2").tables == [
        *("separability", "predictivity", "model_choice", "specificity"),
    ]
    assert composition("figure_1").scores == ["scores"]
    assert composition("separability_by_direction").scores == ["split_scores"]
    assert composition("figure_3").scores == []
    assert composition("figure_1").size == (7.5, 9.6)


def test_a_panel_alone_has_its_own_tables_title_size_and_needs():
    content = composition("brain_noise_corrected")
    card = PANELS.card("brain_noise_corrected")
    assert (content.title, content.size) == (card.title, card.size)
    assert content.tables == ["predictivity"]
    assert content.needs == ["noise_correction"]
    assert content.letters == [""]
    assert composition("figure_2").needs == []


def test_the_caption_of_a_composed_figure_lists_its_panels_and_data():
    paragraphs = figure_caption("figure_1", "networks", "3 seeds of alexnet").split("\n\n")
    panels = composition("figure_1").panels
    expected = [PANELS.card(panel).caption for panel in panels]
    assert paragraphs == [
        *(f"{letter}: {caption}" for letter, caption in zip("ABCD", expected, strict=True)),
        "Data: 3 seeds of alexnet.",
    ]


def test_the_caption_of_a_panel_is_that_of_its_card():
    first, data = figure_caption("brain_predictivity", "macaque", None).split("\n\n")
    assert first == PANELS.card("brain_predictivity").caption
    assert data.startswith("Data: the brain macaque; the foot of the figure says")


def test_the_caption_of_all_simulated_brains_names_none_of_them():
    last = figure_caption("recovery", "simulated_brains", None).split("\n\n")[-1]
    assert last.startswith("Data: all simulated brains; the foot of the figure says")


def test_captions_name_the_tables_that_say_more():
    assert "`results/tables/macaque/subjects.csv`" in subjects_caption("macaque")
    assert "`results/tables/training.csv`" in training_caption("small", "supervised", 5)


def test_the_caption_of_untrained_networks_has_no_curves():
    assert "accuracy" in training_caption("small", "supervised", 5)
    text = training_caption("small", "untrained", 5)
    assert "accuracy" not in text and "First-layer filters of seed 5" in text


def test_what_rules_read_imports_nothing_heavy():
    """Snakemake imports it each time that it starts, in every job."""
    code = (
        "import json, sys; import workflow_scripts.figures.captions; "
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    heavy = {"numpy", "pandas", "matplotlib", "seaborn", "torch"}
    assert heavy.isdisjoint(json.loads(done.stdout))
