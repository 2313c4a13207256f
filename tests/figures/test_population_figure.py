"""Figures of a population show their tables; `test_panels` has what all of them must keep."""

from dataclasses import replace
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection
from matplotlib.text import Text

from tests.figures.made_up import ANIMALS, DESCRIPTIONS, KINDS, SIMULATED, panel_data
from workflow_scripts.figures.bars import candidate_labels
from workflow_scripts.figures.composition import COMPOSITIONS, composition, figures
from workflow_scripts.figures.panel import PANELS
from workflow_scripts.figures.population_figure import draw, error_bars
from workflow_scripts.figures.style import SMALL

NAMES = [*COMPOSITIONS, *PANELS.names()]
BARS = "error bars: 95 % jackknife interval over"


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


@pytest.mark.parametrize(
    ("name", "kind", "sizes", "n_animals"),
    [
        ("figure_1", "networks", (17, 7, 2), 0),
        ("figure_1", "networks", (2, 2, 0), 0),
        ("figure_2", "brain", (6, 6, 0), 32),
        ("brain_predictivity", "brain", (4, 20, 0), 32),
        ("identification", "brain", (17, 20, 0), 3),
    ],
)
def test_many_methods_areas_and_subjects_are_readable(name, kind, sizes, n_animals):
    animals = [f"mouse_{number:02}" for number in range(n_animals)] or ANIMALS
    figure = draw(name, panel_data(*sizes[:2], kind, sizes[2], animals), DESCRIPTIONS[kind])
    whole = figure.bbox.padded(1)
    for text in shown_texts(figure):
        box = text.get_window_extent()
        assert text.get_fontsize() >= SMALL
        assert whole.contains(*box.min) and whole.contains(*box.max), text.get_text()


def shown_texts(figure):
    """Texts that are drawn, without those of ticks that have no room."""
    figure.draw_without_rendering()
    hidden = {
        label
        for axes in figure.axes
        for axis, limits in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim()))
        for tick in axis.get_major_ticks()
        for label in (tick.label1, tick.label2)
        if not label.get_visible() or not min(limits) <= tick.get_loc() <= max(limits)
    }
    return [
        text
        for text in figure.findobj(Text)
        if text.get_text() and text.get_visible() and text not in hidden
    ]


def test_the_interval_is_drawn_where_it_is():
    """Even if it does not contain the value, as the third method's; the first method has none."""
    place = made_up("model_predictivity_overall", "networks").subfigs[0].subfigs[0]
    drawn = [s[:, 1].tolist() for s in place.axes[0].collections[0].get_segments() if len(s)]
    assert drawn == [[0.2, 0.5], [0.2, 0.5]]


def footer(name, **resampled):
    """What the footer says of error bars if the intervals of some tables are over other things."""
    data = panel_data(3, 2, "brain")
    for table, words in resampled.items():
        data.tables[table]["resampled"] = words
    return error_bars(composition(name), data)


def test_error_bars_are_told_apart_by_letters_only_where_they_differ():
    assert footer("figure_2") == f"{BARS} subjects and stimuli"
    assert footer("figure_2", predictivity="stimuli") == (
        f"{BARS} subjects and stimuli (A, D); over stimuli (B)"
    )
    assert footer("brain_predictivity", predictivity="subjects") == f"{BARS} subjects"
    assert footer("brain_to_brain") == footer("verdicts") == ""


def test_the_footer_says_if_some_intervals_are_over_stimuli_alone():
    """As in an area of two subjects."""
    words = ["", *["subjects and stimuli"] * 2] * 8 + ["", *["stimuli"] * 2] * 16
    found = footer("brain_predictivity", predictivity=words)
    assert found == f"{BARS} subjects, stimuli or both"


def test_a_footer_without_intervals_says_nothing_of_them():
    data = panel_data(1, 2, "brain")
    assert error_bars(composition("figure_2"), data) == ""


def drawn_texts(figure):
    """Texts of a figure and all its parts."""
    return [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))]


def test_a_subject_is_a_point_over_every_bar_and_joined_to_itself():
    """The points of a bar are the scores of the single targets, mean over their sources."""
    data = panel_data(3, 2, "networks")
    axes = draw("model_predictivity", data, "").subfigs[0].subfigs[0].axes[0]
    cells = data.scores["scores"]
    same = (cells["source_part"] == cells["target_part"]) & (
        cells["source_subject"] != cells["target_subject"]
    )
    expected = cells[same].groupby(["target_part", "target_subject", "method"])["score"].mean()
    lines = [line.get_ydata() for line in axes.lines if line.get_marker() == "o"]
    np.testing.assert_allclose(np.concatenate(lines), expected.to_numpy())
    assert axes.get_xlabel() == "layer (n = 3 networks)"


def test_groups_of_different_numbers_of_subjects_say_so():
    data = panel_data(2, 2, "brain")
    cells = data.scores["scores"]
    is_lost = (cells["target_subject"] == ANIMALS[0]) & (cells["target_part"] == "area2")
    scores = {"scores": cells.assign(score=cells["score"].mask(is_lost))}
    axes = draw("brain_predictivity", replace(data, scores=scores), "").axes[0]
    names = [name.get_text() for name in axes.get_xticklabels()]
    assert names == ["area1\nn = 3", "area2\nn = 2"]


@pytest.mark.parametrize(
    ("name", "kind", "has_points"),
    [("brain_predictivity", "brain", True), ("profile_map", "pairs", False)],
)
def test_the_footer_names_small_points_where_there_are_any(name, kind, has_points):
    assert ("small points" in sentences(made_up(name, kind))) == has_points


def test_a_subject_below_the_axis_is_marked_at_its_end():
    data = panel_data(2, 2, "brain")
    cells = data.scores["scores"]
    is_bad = (cells["target_subject"] == ANIMALS[0]) & (cells["method"] == "method_1")
    scores = {"scores": cells.assign(score=cells["score"].mask(is_bad, -9))}
    axes = draw("brain_predictivity", replace(data, scores=scores), "").axes[0]
    low, _ = axes.get_ylim()
    (marks,) = [line for line in axes.lines if line.get_marker() == "v"]
    assert low == -1 and marks.get_ydata().tolist() == [-1, -1]


def test_maps_have_the_scale_of_the_distances_they_show():
    """Whatever the size of the positions in the table, of one method alone."""
    data = panel_data(2, 3, "networks")
    shown = []
    for factor in (1, 7):
        mds = data.tables["mds"]
        is_second = mds["method"] == "method_1"
        mds = mds.assign(**{x: mds[x].mask(is_second, factor * mds[x]) for x in ("x", "y")})
        figure = draw("profile_map", replace(data, tables={"mds": mds}), "")
        shown.append([axes.collections[0].get_offsets() for axes in figure.axes[:2]])
        widths = [np.ptp(axes.get_xlim()) for axes in figure.axes[:2]]
        assert widths[0] == pytest.approx(widths[1])
    np.testing.assert_allclose(shown[0], shown[1])


@pytest.mark.parametrize(
    ("name", "table", "values", "limits"),
    [
        ("brain_predictivity", "predictivity", (0.2, 0.9), (-1, 1.02)),
        ("brain_predictivity_overall", "predictivity", (-2, 0.9), (-2.1, 1.02)),
        ("separability_by_direction", "separability", (0.1, 0.2), (0, None)),
        ("separability_overall", "separability", (0.1, 0.2), (0, None)),
    ],
)
def test_intervals_end_where_no_value_can_be_and_bars_are_whole(name, table, values, limits):
    data = panel_data(2, 2, "brain")
    rows = data.tables[table]
    value = rows["method"].map(dict(zip(["method_0", "method_1"], values, strict=True)))
    data.tables[table] = rows.assign(ci_low=-5.0, ci_high=5.0, **{table: value})
    figure = draw(name, data, SIMULATED)
    low, high = figure.subfigs[0].subfigs[0].axes[0].get_ylim()
    assert low == pytest.approx(limits[0])
    assert high == pytest.approx(limits[1]) if limits[1] else high > 5


@pytest.mark.parametrize("name", ["brain_predictivity", "separability_overall"])
def test_a_control_is_a_grey_line_in_place_of_a_bar(name):
    """Its line and the band of its interval go across all bars of a group."""
    figure = draw(name, panel_data(3, 2, "brain", n_controls=1), SIMULATED)
    (axes,) = figure.subfigs[0].subfigs[0].axes
    controls = [lines for lines in axes.collections if lines.get_label() == "Pre linear softplus 2"]
    (lines,) = controls
    value = {"brain_predictivity": 0.7, "separability_overall": 0.2}[name]
    segments = [line.tolist() for line in lines.get_segments()]
    starts = {"brain_predictivity": (-0.45, 0.55), "separability_overall": (-0.5,)}[name]
    width = {"brain_predictivity": 0.9, "separability_overall": 2}[name]
    assert np.allclose(segments, [[[x, value], [x + width, value]] for x in starts])
    bands = [bar for bar in axes.patches if bar.get_facecolor()[:3] == (0.3, 0.3, 0.3)]
    assert np.allclose(
        [(bar.get_x(), bar.get_width()) for bar in bands], [(x, width) for x in starts]
    )
    assert np.allclose([(bar.get_y(), bar.get_height()) for bar in bands], [(0.2, 0.3)])
    assert len(axes.patches) - len(bands) == 2 * len(starts)


@pytest.mark.parametrize(("name", "kind"), [("profile_map", "networks"), ("model_choice", "brain")])
def test_maps_and_choices_of_controls_are_not_drawn(name, kind):
    def titles(n_controls):
        figure = draw(name, panel_data(3, 2, kind, n_controls=n_controls), DESCRIPTIONS[kind])
        return " ".join(text.get_text() for text in figure.findobj(Text))

    assert "Pre linear softplus 2" in titles(0) and "Pre linear softplus 2" in titles(3)
    assert "Pre linear softplus 2" not in titles(1)


@pytest.mark.parametrize(("factor", "is_marked"), [(1, True), (-1, False)])
def test_no_model_is_marked_as_most_like_an_area_that_none_is_like(factor, is_marked):
    data = panel_data(2, 2, "brain")
    table = data.tables["model_choice"]
    table = table.assign(score=factor * (table["score"].abs() + 0.1))
    figure = draw("model_choice", replace(data, tables={"model_choice": table}), "")
    marks = [len(points.get_offsets()) for points in figure.findobj(PathCollection)]
    assert marks and all((number > 0) == is_marked for number in marks)


def test_the_controls_are_the_last_rows_of_the_readings_of_specificity():
    data = panel_data(3, 2, "brain")
    methods = [replace(data.methods[0], control=True), *data.methods[1:]]
    figure = draw("specificity", replace(data, methods=methods), SIMULATED)
    names = figure.subfigs[0].subfigs[0].axes[0].get_yticklabels()
    assert [name.get_text() for name in names] == [
        *(method.label for method in data.methods[1:]),
        data.methods[0].label,
    ]


def test_the_readings_of_groups_of_subjects_have_the_range_over_groupings():
    data = panel_data(2, 2, "brain")
    table = data.tables["specificity"].assign(grouping_low=0.1, grouping_high=0.7)
    figure = draw("specificity", replace(data, tables={"specificity": table}), "")
    for axes in figure.subfigs[0].subfigs[0].axes:
        bars = [lines for lines in axes.collections if (lines.get_linewidths() == 4).any()]
        (segments,) = [lines.get_segments() for lines in bars]
        np.testing.assert_array_equal(segments, [[[0.1, y], [0.7, y]] for y in (0, 1)])


def test_the_matrices_of_recovery_have_the_shares_of_the_table_and_frame_the_true_candidate():
    data = panel_data(2, 2, "simulated_brains")
    figure = draw("recovery", data, SIMULATED)
    table = data.tables["recovery"]
    for axes, direction in zip(
        figure.subfigs[0].subfigs[0].axes, ("model_to_brain", "brain_to_model"), strict=False
    ):
        shown = axes.images[0].get_array()
        frames = [patch for patch in axes.patches if patch.get_width() == 1]
        of_method = table[
            (table["method"] == "method_1")
            & (table["direction"] == direction)
            & (table["level"] == "model")
            & (table["area"] == "overall")
        ]
        blocks = [rows["share"].tolist() for _, rows in of_method.groupby("population")]
        assert [shown[1, 5 * n : 5 * n + 4].tolist() for n in range(4)] == blocks
        true = of_method.loc[of_method["is_truth"], "share"]
        assert shown[1, 20] == pytest.approx(true.mean())
        # The true candidate of the first brain is the first, and so on.
        expected = {(5 * n + n, row) for n in range(4) for row in range(2)}
        assert {(patch.get_x() + 0.5, patch.get_y() + 0.5) for patch in frames} == expected


def test_the_verdict_of_a_claim_is_that_of_all_its_rows():
    """The table has rows of its parts, and a last one of all of them."""
    data = panel_data(1, 2, "networks")
    claims = data.tables["claims"]
    figure = draw("verdicts", data, DESCRIPTIONS["networks"])
    signs = {"holds": "+", "fails": "−", "undecided": "?"}
    shown = [text for text in drawn_texts(figure) if text in signs.values()]
    verdicts = claims.loc[claims["part"] == "all", "verdict"].map(signs).dropna()
    assert sorted(shown) == sorted(verdicts)


def test_choices_are_called_what_the_readings_of_specificity_are():
    figure = draw("verdicts", panel_data(1, 2, "networks"), DESCRIPTIONS["networks"])
    names = [" ".join(name.split()) for name in drawn_texts(figure)]
    assert {"d′", "area under the ROC curve", "share identified"} <= set(names)
    assert not {"d_prime", "auc", "identification"} & set(names)


def test_candidates_are_called_by_their_variant_and_by_their_seed_if_there_are_several():
    names = pd.Series(["resnet18/0", "alexnet/1", "resnet18/0", "alexnet/0"])
    assert candidate_labels(names) == {
        "resnet18/0": "resnet18",
        "alexnet/1": "alexnet, seed 1",
        "alexnet/0": "alexnet, seed 0",
    }


def test_models_stand_next_to_the_score_between_subjects_of_the_brain():
    """Filled where the interval of the ratio of the two is on one side of 1."""
    data = panel_data(2, 2, "brain")
    table = data.tables["brain_likeness"]
    is_first = table["candidate"] == "resnet0/0"
    ends = {"ci_low": 0.8, "ci_high": 1.2 - 0.3 * is_first}
    data.tables["brain_likeness"] = table.assign(**ends)
    figure = draw("brain_likeness", data, SIMULATED)
    axes = figure.subfigs[0].subfigs[0].axes
    for place, (method, direction) in zip(
        axes, product(["method_0", "method_1"], ["model_to_brain", "brain_to_model"]), strict=True
    ):
        of_axes = (table["method"] == method) & (table["direction"] == direction)
        (line,) = [one for one in place.collections if one.get_label().startswith("between")]
        rows = table[of_axes & is_first]
        heights = [segment[0, 1] for segment in line.get_segments()]
        np.testing.assert_allclose(heights, rows["brain_score"])
        points = [one for one in place.collections if isinstance(one, PathCollection)]
        for shape, is_filled, of in zip(points, (True, False), (is_first, ~is_first), strict=True):
            np.testing.assert_allclose(shape.get_offsets()[:, 1], table[of_axes & of]["score"])
            is_white = (shape.get_facecolor() == 1).all(axis=1)
            assert (~is_white).tolist() == [is_filled] * 2
    texts = drawn_texts(figure)
    assert {"resnet0", "resnet1", "between subjects of the brain"} <= set(texts)


def test_long_names_are_cut_or_written_in_lines():
    """Of areas and candidates the middle is left out, of methods nothing."""
    area, label = "a" * 30 + "1", "a method with a name of forty letters xx"
    data = panel_data(2, 2, "brain")
    tables = {"model_choice": data.tables["model_choice"].replace("area1", area)}
    methods = [replace(data.methods[0], label=label), data.methods[1]]
    parts = [area, "area2"]
    figure = draw("model_choice", replace(data, tables=tables, methods=methods, parts=parts), "")
    texts = drawn_texts(figure)
    assert "a" * 11 + "…" + "a" * 7 + "1" in texts and area not in texts
    assert "a method with a name of\nforty letters xx" in texts


def test_the_legend_of_controls_is_below_the_bars():
    """In front of them, it would cover intervals."""
    figure = draw("separability_overall", panel_data(3, 2, "brain", n_controls=1), SIMULATED)
    place = figure.subfigs[0].subfigs[0]
    assert place.axes[0].get_legend() is None
    (legend,) = place.legends
    assert [text.get_text() for text in legend.get_texts()] == ["Pre linear softplus 2"]


def test_a_panel_without_scores_says_so():
    """Separability of one candidate, or predictivity where no method is a mapping."""
    data = panel_data(3, 2, "brain")
    table = data.tables["separability"]
    for empty in (table[:0], table.assign(separability=np.nan)):
        tables = {**data.tables, "separability": empty}
        figure = draw("figure_2", replace(data, tables=tables), "nobody")
        texts = drawn_texts(figure)
        assert "Predictivity and separability:\nnothing was measured" in texts
        assert "From the same area of other subjects" in texts


def test_a_method_without_a_value_is_not_drawn():
    """As a map that predicts counts, on responses that may be negative."""
    data = panel_data(3, 2, "brain")
    table = data.tables["predictivity"]
    value = table["predictivity"].where(table["method"] != "method_1")
    tables = {**data.tables, "predictivity": table.assign(predictivity=value)}
    figure = draw("brain_predictivity", replace(data, tables=tables), "somebody")
    texts = drawn_texts(figure)
    assert "Ridge (post) 0" in texts and "Pre linear softplus 2" in texts
    assert "Partial soft matching 1" not in texts


def test_every_panel_is_a_figure_of_a_kind_of_population():
    """What a brain in pairs has in addition is drawn for networks, or of two such panels."""
    networks, brain, pairs, simulated = (figures(kinds) for kinds in KINDS.values())
    assert set(networks) | set(pairs) | set(simulated) == set(NAMES)
    assert set(networks) & set(brain) == {"specificity", "identification", "verdicts"}
    assert set(simulated) == {"figure_3", "recovery", "recovery_margin"}
    assert not set(simulated) & {*networks, *pairs}
    assert set(brain) < set(pairs)
    assert (networks[0], brain[0]) == ("figure_1", "figure_2")
    new = {"silhouette", "profile_map", "model_plane", "figure_2_pairs"}
    assert set(pairs) - set(brain) == new
