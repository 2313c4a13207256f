"""Claims against a setting that was varied: one point per run, coloured by its verdict."""

import sys

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from workflow_scripts.common.files import write_table
from workflow_scripts.figures.plot_requirements import main
from workflow_scripts.figures.requirements_figure import COLOURS, draw
from workflow_scripts.figures.style import save

KEY = "activations.n_trials"
VERDICTS = {10: "fails", 50: "undecided", 400: "holds"}
MARGINS = {10: -0.2, 50: 0.05, 400: 0.3}


def claims(n_claims=6, seeds=(0, 1)):
    """Claims of three values and two seeds; each has a row for a part, and one for all."""
    return pd.DataFrame(
        [
            {
                **{KEY: value, "seed": seed, "claim": f"M{number}", "population": "networks"},
                "choice": choice,
                "is_default": choice == "median",
                "part": part,
                "margin": margin if part == "all" else 9.0,
                **{"ci_low": margin - 0.1, "ci_high": margin + 0.1, "verdict": VERDICTS[value]},
                "data": "3 seeds of alexnet",
            }
            for value, margin in MARGINS.items()
            for seed in seeds
            for number in range(n_claims)
            for choice in ("median", "mean")
            for part in ("conv1", "all")
        ]
    )


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_every_claim_has_a_point_for_each_run_in_the_colour_of_its_verdict():
    figure = draw(claims(), KEY)
    drawn = [axes for axes in figure.axes if axes.get_title()]
    assert [axes.get_title() for axes in drawn] == [f"M{n} (networks)" for n in range(6)]
    points = [line for line in drawn[0].lines if line.get_marker() == "o"]
    found = sorted((line.get_ydata()[0], to_hex(line.get_color())) for line in points)
    expected = sorted((MARGINS[v], COLOURS[VERDICTS[v]]) for v in VERDICTS for _ in range(2))
    assert found == expected
    assert [text.get_text() for text in drawn[0].get_xticklabels()] == ["10", "50", "400"]


def test_it_says_what_was_varied_and_on_which_data():
    figure = draw(claims(), KEY)
    texts = " ".join(
        text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))
    )
    assert KEY in texts and "3 seeds of alexnet" in texts and "95 % jackknife" in texts


def test_the_legend_stands_apart_from_all_other_texts():
    figure = draw(claims(), KEY)
    figure.draw_without_rendering()
    (legend,) = (legend.get_window_extent() for legend in figure.legends)
    others = [*figure.texts, *(axes.title for axes in figure.axes if axes.get_title())]
    assert not [text.get_text() for text in others if legend.overlaps(text.get_window_extent())]


def test_one_wide_interval_does_not_flatten_the_margins():
    table = claims()
    table.loc[0:3, ["ci_low", "ci_high"]] = [-100, 100]
    low, high = draw(table, KEY).axes[0].get_ylim()
    assert -2 < low < high < 2


def test_what_is_not_measured_is_not_drawn():
    table = claims(2)
    table.loc[table["claim"] == "M1", ["margin", "verdict"]] = [np.nan, "not measured"]
    titles = [axes.get_title() for axes in draw(table, KEY).axes]
    assert [title for title in titles if title] == ["M0 (networks)"]


def test_equal_input_gives_equal_files(tmp_path):
    for name in ("one.svg", "two.svg"):
        save(draw(claims(), KEY), tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_the_command_draws_what_repetitions_have_written(tmp_path, monkeypatch):
    write_table(claims(), tmp_path / "claims.csv")
    monkeypatch.setattr(sys, "argv", ["plot_requirements", str(tmp_path)])
    main()
    for suffix in ("svg", "png"):
        assert (tmp_path / f"figure_5.{suffix}").stat().st_size > 1000


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (None, "found no file, expected the claims of repetitions with --vary"),
        (
            claims().drop(columns=KEY),
            "found no setting that was varied, expected repetitions with --vary",
        ),
    ],
)
def test_without_a_setting_that_was_varied_the_command_says_so(
    table, sentence, tmp_path, monkeypatch
):
    if table is not None:
        write_table(table, tmp_path / "claims.csv")
    monkeypatch.setattr(sys, "argv", ["plot_requirements", str(tmp_path)])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert str(stopped.value) == f"{tmp_path / 'claims.csv'}: {sentence}"
