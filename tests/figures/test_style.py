"""The footer says everything, in as many lines as it takes; long names lose their middle."""

import matplotlib.pyplot as plt
import pytest

from workflow_scripts.figures.style import add_footer, settle, shortened, style

DATA = "data: 3 seeds of a network, images: photographs"
BARS = "error bars: 95 % jackknife interval over seeds"


@pytest.fixture
def footer():
    """The footer of a figure of some width, and the room between it and the lowest other text."""

    def make(width, *sentences):
        style()
        figure = plt.figure(figsize=(width, 3), layout="constrained")
        axes = figure.subplots()
        axes.set_xlabel("below the axes")
        add_footer(figure, *sentences)
        settle(figure)
        (text,) = figure.texts
        box = text.get_window_extent()
        assert box.x0 >= 0 and box.x1 <= figure.bbox.width and box.y0 >= 0
        return text.get_text(), axes.xaxis.label.get_window_extent().y0 - box.y1

    yield make
    plt.close("all")


def test_what_fits_stays_in_one_line(footer):
    text, room = footer(8, DATA, BARS)
    assert text == f"{DATA}; {BARS}"
    assert room > 0


def test_sentences_that_do_not_fit_together_have_a_line_each(footer):
    text, room = footer(4.5, DATA, BARS)
    assert text == f"{DATA}\n{BARS}"
    assert room > 0


def test_a_sentence_that_is_wider_than_the_figure_is_broken_between_words(footer):
    text, room = footer(2, DATA, BARS)
    assert len(text.split("\n")) > 2
    assert text.split() == f"{DATA} {BARS}".split()
    assert room > 0


def test_names_that_are_too_long_lose_their_middle():
    assert shortened(["VISp", "sub-01_visual_cortex_left"]) == ["VISp", "sub-01_visu…tex_left"]


def test_names_that_differ_in_their_middle_alone_have_a_number():
    names = [f"sub-01_probe_{letter}_visual_cortex" for letter in "AB"]
    assert shortened(["VISp", *names]) == ["VISp", "sub-01_probe_A_vis…2", "sub-01_probe_B_vis…3"]
