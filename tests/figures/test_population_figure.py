"""Figures of a population: they say what they show, and equal input gives equal files."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from tests.figures.made_up import KINDS, kinds_of, panel_data
from workflow_scripts.figures.composition import COMPOSITIONS, figures
from workflow_scripts.figures.panel import PANELS, PanelData
from workflow_scripts.figures.population_figure import draw
from workflow_scripts.figures.style import save

SIMULATED = "macaque: 3 simulated subjects"
DESCRIPTIONS = {"networks": "3 seeds of a network", "brain": SIMULATED, "pairs": SIMULATED}
NAMES = [*COMPOSITIONS, *PANELS.names()]
FIGURES = [(name, kind) for name in NAMES for kind in kinds_of(name)]

# Panels of maps, whose colours are not those of methods.
WITHOUT_BARS = ("profile_map", "brain_to_brain")


@pytest.fixture(autouse=True)
def close_figures():
    """Matplotlib keeps every figure that is not closed, and warns of many."""
    yield
    plt.close("all")


def made_up(name, kind):
    """A figure of two parts, in which the first method has no interval."""
    return draw(name, panel_data(3, 2, kind), DESCRIPTIONS[kind])


def sentences(figure):
    """Texts of the figure itself: its footer."""
    return " ".join(" ".join(text.get_text().split()) for text in figure.texts)


@pytest.mark.parametrize(("name", "kind"), FIGURES)
def test_a_figure_says_what_it_shows(name, kind, tmp_path):
    figure = made_up(name, kind)
    save(figure, tmp_path / "figure.svg")
    text = (tmp_path / "figure.svg").read_text()
    assert DESCRIPTIONS[kind] in text
    assert ("simulated" in text) == (kind != "networks")
    if name not in WITHOUT_BARS:
        assert "error bars: 95 % bootstrap interval over" in sentences(figure)
    for method in panel_data(3, 2, kind).methods:
        assert method.label in text


@pytest.mark.parametrize(("name", "kind"), FIGURES)
def test_equal_input_gives_equal_files(name, kind, tmp_path):
    for file in ("one.svg", "two.svg"):
        save(made_up(name, kind), tmp_path / file)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


@pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for name, kind in FIGURES if name not in WITHOUT_BARS]
)
def test_a_method_has_its_colour_in_every_panel(name, kind, tmp_path):
    """In the maps, colour is the layer or the score."""
    save(made_up(name, kind), tmp_path / "figure.svg")
    text = (tmp_path / "figure.svg").read_text()
    for method in panel_data(3, 2, "networks").methods:
        assert method.colour in text


def test_the_interval_is_drawn_where_it_is():
    """Even if it does not contain the value, as the third method's; the first method has none."""
    place = made_up("model_predictivity_overall", "networks").subfigs[0].subfigs[0]
    drawn = [s[:, 1].tolist() for s in place.axes[0].collections[0].get_segments() if len(s)]
    assert drawn == [[0.2, 0.5], [0.2, 0.5]]


@pytest.mark.parametrize("name", COMPOSITIONS)
def test_letters_stand_in_reading_order(name):
    """From left to right, then downwards."""
    figure = made_up(name, kinds_of(name)[0])
    figure.draw_without_rendering()
    letters = {
        text.get_text(): text.get_window_extent().min
        for band in figure.subfigs
        for place in band.subfigs
        for text in place.texts
        if text.get_weight() == "bold"
    }
    assert sorted(letters, key=lambda letter: (-letters[letter][1], letters[letter][0])) == [
        *("A", "B", "C", "D")
    ]


def test_a_panel_without_scores_says_so():
    """Separability of one candidate, or predictivity where no method is a mapping."""
    data = panel_data(3, 2, "brain")
    table = data.tables["separability"]
    for empty in (table[:0], table.assign(separability=np.nan)):
        tables = {**data.tables, "separability": empty}
        figure = draw("figure_2", PanelData(tables, data.methods, data.parts), "nobody")
        drawn = figure.findobj(lambda artist: hasattr(artist, "get_text"))
        texts = [text.get_text() for text in drawn]
        assert "Separability by direction:\nnothing was measured" in texts
        assert "Predictivity, mean over areas" in texts


def test_a_method_without_a_value_is_not_drawn():
    """As a map that predicts counts, on responses that may be negative."""
    data = panel_data(3, 2, "brain")
    table = data.tables["predictivity"]
    value = table["predictivity"].where(table["method"] != "method_1")
    tables = {**data.tables, "predictivity": table.assign(predictivity=value)}
    figure = draw("brain_predictivity", PanelData(tables, data.methods, data.parts), "somebody")
    texts = [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))]
    assert "Ridge (post) 0" in texts and "Pre linear softplus 2" in texts
    assert "Partial soft matching 1" not in texts


def test_every_panel_is_a_figure_of_one_kind_of_population():
    """What a brain in pairs has in addition is drawn for networks, or of two such panels."""
    networks, brain, pairs = (figures(kinds) for kinds in KINDS.values())
    assert set(networks) | set(pairs) == set(NAMES)
    assert not set(networks) & set(brain)
    assert set(brain) < set(pairs)
    assert (networks[0], brain[0]) == ("figure_1", "figure_2")
    assert set(pairs) - set(brain) == {"silhouette", "profile_map", "figure_3"}
