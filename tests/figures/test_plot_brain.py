"""The figure of a brain's subjects: what each filter leaves of their units."""

import warnings
from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from workflow_scripts.common.files import write_table
from workflow_scripts.figures import plot_brain
from workflow_scripts.figures.subjects_figure import draw

AREAS = ["V1", "V2", "V4", "IT"]
LIMITS = {"min_units": 5, "min_reliability": 0.5}


@pytest.fixture(autouse=True)
def close_figures():
    """Matplotlib keeps every figure that is not closed."""
    yield
    plt.close("all")


def made_up(n_subjects=3, areas=AREAS):
    """Subjects that lose four units at each filter, and units whose reliability is known or not."""
    subjects = pd.DataFrame(
        {
            "brain": "macaque",
            "subject": f"{number:03}",
            "area": area,
            "n_in_file": 20,
            "n_after_quality": 16,
            "n_after_trials": 12,
            "n_after_reliability": 8 if number else 4,
            "is_target": number > 0,
            "measurement": "mua",
            "response_unit": "z",
            "data_kind": "recorded",
        }
        for number in range(n_subjects)
        for area in areas
    )
    units = pd.DataFrame(
        {"brain": "macaque", "area": area, "reliability": value}
        for area in areas
        for value in (0.4, 0.6, 0.7, 0.9, np.nan)
    )
    return subjects, units


def drawn(n_subjects=3, areas=AREAS, **limits):
    """The figure, settled as it is saved."""
    subjects, units = made_up(n_subjects, areas)
    told = {"description": "macaque", "title": "macaque: mua (z)"}
    return draw(subjects, units, areas=areas, **told, **{**LIMITS, **limits})


def test_the_figure_says_what_it_shows(tmp_path):
    subjects, units = made_up()
    write_table(subjects, tmp_path / "subjects.csv")
    write_table(units, tmp_path / "units.csv")
    settings = {"brain": "macaque", "areas": AREAS, **LIMITS}
    outputs = [tmp_path / name for name in ("one.svg", "one.png", "two.svg")]
    for some in (outputs[:2], outputs[2:]):
        plot_brain.main(tmp_path / "subjects.csv", tmp_path / "units.csv", settings, some)
    one, _, two = (path.read_bytes() for path in outputs)
    assert one == two
    for words in (
        "data: macaque: 3 recorded subjects",
        "macaque: mua (z)",
        "V1: 2 of 3 subjects are targets",
        "fewest units of a target: 5",
        "Units with a reliability of at least 0.5 are kept",
        "5 units, 1 undefined",
        "split-half reliability",
        "in the file",
        "after quality control",
        "enough trials",
        "000",
    ):
        assert words in one.decode()


def test_the_bars_are_the_counts_of_the_table():
    axes = drawn().axes[0]
    heights = [[bar.get_height() for bar in bars] for bars in axes.containers]
    assert heights == [[20] * 3, [16] * 3, [12] * 3, [4, 8, 8]]
    assert axes.get_lines()[0].get_ydata() == [5, 5]


def test_without_a_threshold_no_unit_is_left_out():
    axes = drawn(min_reliability=None).axes[-1]
    assert axes.get_title() == "No unit is left out for its reliability"


@pytest.mark.parametrize("n_areas", [1, 2, 4, 7])
@pytest.mark.parametrize("n_subjects", [2, 60])
def test_every_text_is_inside_the_figure(n_subjects, n_areas):
    """Subjects are named below the lowest axes of each column."""
    areas = [f"area{number}" for number in range(n_areas)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = drawn(n_subjects, areas)
    figure.draw_without_rendering()
    whole = figure.bbox.padded(0.5)
    texts = [figure.texts[0], *figure.legends[0].get_texts()]
    for axes in figure.axes:
        labels = axes.get_xticklabels() if axes.xaxis.get_tick_params()["labelbottom"] else []
        texts += [axes.title, axes.xaxis.label, axes.yaxis.label, *labels]
    for text in texts:
        box = text.get_window_extent()
        assert not text.get_text() or whole.contains(*box.min) and whole.contains(*box.max)
    named = [axes for axes in figure.axes[:-1] if axes.get_xlabel() == "subject"]
    # The names of many subjects need the width of the page.
    assert len(named) == (min(3, n_areas) if n_subjects == 2 else 1)


@pytest.mark.parametrize(
    "areas", [AREAS, [f"V{n}" for n in range(20)], ["a" * 39 + n for n in "12"]]
)
def test_names_of_areas_stand_apart(areas):
    figure = drawn(areas=areas)
    figure.draw_without_rendering()
    titles = [axes.title for axes in figure.axes[: len(areas)]]
    for texts in (titles, figure.axes[-1].get_xticklabels()):
        boxes = [text.get_window_extent() for text in texts]
        assert not any(one.overlaps(two) for one, two in combinations(boxes, 2))
