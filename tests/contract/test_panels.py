"""What every file in figures/panels/ must keep; a new file is tested without a test.

What a panel shows is tested in composed figures too.
"""

import importlib
import inspect
import warnings
from dataclasses import replace
from functools import cache

import matplotlib.pyplot as plt
import pytest
from matplotlib.text import Text

from tests.figures.made_up import DESCRIPTIONS, KINDS, kinds_of, looks, panel_data
from workflow_scripts.evaluation.claims import COLUMNS
from workflow_scripts.evaluation.metric import METRICS
from workflow_scripts.figures.composition import COMPOSITIONS, composition
from workflow_scripts.figures.panel import PANELS
from workflow_scripts.figures.population_figure import draw
from workflow_scripts.figures.style import PAGE_WIDTH, SMALL, save

NAMES = [*COMPOSITIONS, *PANELS.names()]
FIGURES = [(name, kind) for name in NAMES for kind in kinds_of(name)]
OF_PANELS = [(name, kind) for name, kind in FIGURES if name not in COMPOSITIONS]

# Numbers of methods and of parts: few and many of each, together and apart.
SIZES = [(1, 1), (2, 7), (8, 2), (8, 3), (8, 4), (8, 5), (17, 6), (17, 7)]
# The last number is that of controls among the methods.
ALL_SIZES = [*((*size, 0) for size in SIZES), (2, 2, 2), (8, 5, 2), (17, 7, 3)]
LONG_DESCRIPTION = "macaque: 3 simulated subjects and 1 recorded subject"
BARS = "error bars: 95 % jackknife interval over subjects and stimuli"
# Figures in which colour is not the method, but the layer, the score or the verdict.
WITHOUT_COLOURS = (
    "model_choice",
    "profile_map",
    "brain_to_brain",
    "identification",
    "recovery",
    "verdicts",
)
# All panels of a population are drawn from the same tables: making these can take longer than
# drawing. That a panel leaves them as they are is tested below.
DATA = cache(panel_data)


@cache
def drawn(name, kind, n_controls=0):
    """A figure of three methods and two parts, for tests that leave it as it is."""
    return draw(name, DATA(3, 2, kind, n_controls), DESCRIPTIONS[kind])


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """The SVG file of such a figure, which is written once."""
    folder = tmp_path_factory.mktemp("figures")

    @cache
    def save_figure(name, kind):
        save(drawn(name, kind), folder / f"{name}_{kind}.svg")
        return folder / f"{name}_{kind}.svg"

    return save_figure


def columns_of(table):
    """Columns of the table of a metric but for its intervals, or of the table of claims."""
    return COLUMNS if table == "claims" else METRICS.card(table).columns


def is_measured(table, kind):
    """Whether a population of this kind of panels has the table."""
    kinds = {"simulated"} if kind == "simulated_brains" else set(KINDS[kind])
    return table == "claims" or bool(kinds & set(METRICS.card(table).populations))


@pytest.fixture(autouse=True)
def close_figures():
    """Matplotlib keeps every figure that is not closed, and warns of many."""
    yield
    plt.close("all")


@pytest.fixture
def texts(monkeypatch):
    """All texts that Matplotlib draws in a figure, not those of ticks outside of the axes."""
    found = []
    original = Text.draw

    def draw_text(self, renderer):
        found.append(self)
        original(self, renderer)

    monkeypatch.setattr(Text, "draw", draw_text)

    def of(figure):
        # Only this drawing counts: the figure may have been drawn and saved before.
        found.clear()
        figure.draw_without_rendering()
        return [text for text in found if text.get_visible() and text.get_text()]

    return of


def sentences(texts):
    """Texts one after the other, each in a single line."""
    return " ".join(" ".join(text.get_text().split()) for text in texts)


def assert_texts_are_apart(name, data, texts):
    """Every text of the panel is inside of the figure, and no two overlap."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = draw(name, data, LONG_DESCRIPTION)
        shown = texts(figure)
    whole = figure.bbox.padded(0.5)
    extents = {text: text.get_window_extent() for text in shown}
    outside = [
        text.get_text()
        for text, box in extents.items()
        if not (whole.contains(*box.min) and whole.contains(*box.max))
    ]
    assert outside == []
    upright = [text for text in extents if text.get_rotation() == 0]
    overlapping = [
        (one.get_text(), other.get_text())
        for number, one in enumerate(upright)
        for other in upright[:number]
        if extents[one].overlaps(extents[other])
    ]
    assert overlapping == []


@pytest.mark.parametrize("name", PANELS.names())
class TestCard:
    def test_card_is_complete_and_read_as_it_is_imported(self, name):
        module = importlib.import_module(f"workflow_scripts.figures.panels.{name}")
        card = PANELS.card(name)
        assert card == module.CARD
        assert module.__doc__
        assert card.title
        assert card.caption[0].isupper() and card.caption.endswith(".")
        assert set(card.tables) <= {*METRICS.names(), "claims"} and card.tables
        assert card.value in columns_of(card.tables[0])
        assert card.populations and set(card.populations) <= set(KINDS)
        for kind in card.populations:
            assert all(is_measured(table, kind) for table in card.tables)
        assert len(card.size) == 2 and min(card.size) > 0
        assert not card.intervals or card.value in METRICS.card(card.tables[0]).values
        # Only a brain has a configuration that the panel can ask for.
        assert card.needs is None or set(card.populations) <= {"brain", "pairs"}

    def test_it_is_given_a_place_and_data(self, name):
        assert list(inspect.signature(PANELS.load(name).draw).parameters) == ["figure", "data"]


@pytest.mark.parametrize(("name", "kind"), OF_PANELS)
class TestPanel:
    @pytest.mark.parametrize(("n_methods", "n_parts", "n_controls"), ALL_SIZES)
    def test_every_text_is_inside_the_figure_and_apart_from_others(
        self, name, kind, n_methods, n_parts, n_controls, texts
    ):
        data = DATA(n_methods, n_parts, kind, n_controls)
        assert_texts_are_apart(name, data, texts)

    def test_forty_letters_of_a_name_have_room(self, name, kind, texts):
        data = DATA(9, 3, kind)
        parts = {part: f"{part}_" + "x" * (39 - len(part)) for part in data.parts}
        tables = {table: rows.replace(parts) for table, rows in data.tables.items()}
        scores = {table: rows.replace(parts) for table, rows in data.scores.items()}
        methods = [
            replace(method, label=f"{method.label} by another way of fitting"[:40])
            for method in data.methods
        ]
        long = replace(
            data, tables=tables, scores=scores, methods=methods, parts=list(parts.values())
        )
        assert_texts_are_apart(name, long, texts)

    @pytest.mark.parametrize("n_controls", [0, 2])
    def test_every_method_or_claim_is_named(self, name, kind, n_controls, texts):
        data, shown = DATA(3, 2, kind, n_controls), texts(drawn(name, kind, n_controls))
        if PANELS.card(name).tables == ("claims",):
            statements = [" ".join(text.get_text().split()) for text in shown]
            claims = data.tables["claims"]
            assert set(claims["claim"] + ": " + claims["statement"]) <= set(statements)
        else:
            names = [text.get_text().split("\n")[0] for text in shown]
            methods = [m for m in data.methods if PANELS.card(name).controls or not m.control]
            assert {method.label for method in methods} <= set(names)

    def test_the_same_input_gives_the_same_file_and_is_left_alone(self, name, kind, tmp_path):
        data = panel_data(2, 3, kind)
        before = {table: rows.copy() for table, rows in data.tables.items()}
        for file in ("one.svg", "two.svg"):
            save(draw(name, data, LONG_DESCRIPTION), tmp_path / file)
        assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
        for table, rows in before.items():
            assert rows.equals(data.tables[table])


@pytest.mark.parametrize(("name", "kind"), FIGURES)
class TestFigure:
    """A panel as a figure of its own, or a composed figure."""

    def test_it_says_what_it_shows(self, name, kind, saved, texts):
        figure, content, file = drawn(name, kind), composition(name), saved(name, kind).read_text()
        assert DESCRIPTIONS[kind] in file
        assert ("simulated" in file) == (kind != "networks")
        assert all(m.label in file for m in looks(3)) or content.tables == ["claims"]
        footer, shown = sentences(figure.texts), sentences(texts(figure))
        assert f"data: {DESCRIPTIONS[kind]}" in shown
        has_intervals = any(card.intervals for card in content.cards)
        assert (BARS in footer) == (BARS in shown) == ("error bars" in shown) == has_intervals

    def test_texts_have_seven_points_on_a_page(self, name, kind, texts):
        """Journals print a figure of this width as it is."""
        figure = drawn(name, kind)
        assert figure.get_figwidth() <= PAGE_WIDTH
        small = {text.get_text() for text in texts(figure) if text.get_fontsize() < SMALL}
        assert small == set()

    def test_equal_input_gives_equal_files(self, name, kind, saved, tmp_path):
        save(draw(name, panel_data(3, 2, kind), DESCRIPTIONS[kind]), tmp_path / "again.svg")
        assert (tmp_path / "again.svg").read_bytes() == saved(name, kind).read_bytes()


@pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for name, kind in FIGURES if name not in WITHOUT_COLOURS]
)
def test_a_method_has_its_colour_in_every_figure(name, kind, saved):
    file = saved(name, kind).read_text()
    assert all(method.colour in file for method in looks(3))


@pytest.mark.parametrize("name", COMPOSITIONS)
def test_letters_stand_in_reading_order(name):
    """From left to right, then downwards."""
    figure = drawn(name, kinds_of(name)[0])
    figure.draw_without_rendering()
    letters = {
        text.get_text(): text.get_window_extent().min
        for band in figure.subfigs
        for place in band.subfigs
        for text in place.texts
        if text.get_weight() == "bold" and text.get_text()
    }
    assert sorted(letters, key=lambda letter: (-letters[letter][1], letters[letter][0])) == [
        *filter(None, composition(name).letters)
    ]
    assert len(letters) == {"figure_3": 2}.get(name, 4)
