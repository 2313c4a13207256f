"""Predictivity: the mean over pairs of subjects, by hand."""

from dataclasses import replace

import pandas as pd
import pytest

from tests.evaluation.made_up import make_population, make_scores
from workflow_scripts.common.files import read_table, write_table
from workflow_scripts.evaluation.metric import Random, Scores
from workflow_scripts.evaluation.metrics.predictivity import measure

RANDOM = Random(0, 100)
CHUNK = 33_000
"""More rows than pandas reads from a table at a time, so that it guesses types once per piece."""


def rows_of(population, comparison, **where):
    """Rows of predictivity.csv and scores.csv for one method and relation."""
    scores = make_scores(population, [comparison])
    table = measure(scores, population, RANDOM)
    for column, value in where.items():
        table = table[table[column] == value]
    return table.set_index("part"), scores.cells[scores.cells["method"] == "ridge"]


def test_it_is_the_mean_over_pairs_of_networks_and_then_over_layers():
    table, cells = rows_of(
        *(make_population("networks"), "networks"),
        method="ridge",
        relation="same part",
        statistic="median",
    )
    same = cells[cells["source_part"] == cells["target_part"]]
    means = same.groupby("target_part")["score"].mean()
    for part in ("p1", "p2", "p3"):
        assert table.loc[part, "predictivity"] == pytest.approx(means[part])
        assert table.loc[part, "n_cells"] == 6
    assert table.loc["overall", "predictivity"] == pytest.approx(means.mean())


def test_two_layers_of_one_network_are_not_a_pair():
    table, cells = rows_of(
        *(make_population("networks"), "networks"),
        method="ridge",
        relation="different part",
        statistic="mean",
    )
    other = cells[cells["source_subject"] != cells["target_subject"]]
    other = other[other["source_part"] != other["target_part"]]
    means = other.groupby("target_part")["score_mean"].mean()
    assert table.loc["p1", "predictivity"] == pytest.approx(means["p1"])
    assert table.loc["overall", "n_cells"] == len(other) == 36


def test_skipped_cells_are_counted_and_left_out():
    table, cells = rows_of(
        *(make_population("brain"), "brain"),
        method="ridge",
        relation="different part",
        statistic="median",
    )
    assert table.loc["overall", "n_skipped"] == (cells["verdict"] == "skipped").sum() == 1
    known = cells[(cells["source_part"] != cells["target_part"]) & (cells["target_part"] == "p2")]
    assert known["score"].isna().sum() == 1
    assert table.loc["p2", "predictivity"] == pytest.approx(known["score"].mean())


def test_geometries_have_no_predictivity():
    population = make_population("networks")
    scores = make_scores(population, ["networks"])
    assert "rsa" in set(scores.cells["method"])
    assert set(measure(scores, population, RANDOM)["method"]) == {"ridge", "null"}


def test_correlations_are_averaged_where_there_are_some():
    population = make_population("brain")
    scores = make_scores(population, ["brain"])
    assert set(measure(scores, population, RANDOM)["statistic"]) == {"median", "mean"}
    with_them = scores.cells.assign(correlation=0.5, correlation_corrected=0.75)
    table = measure(replace(scores, cells=with_them), population, RANDOM)
    values = table[table["part"] == "overall"].groupby("statistic")["predictivity"].unique()
    assert values["correlation"].tolist() == [0.5]
    assert values["correlation_corrected"].tolist() == [0.75]


def test_subjects_whose_names_are_numbers_stay_text_in_a_table_of_any_length(tmp_path):
    """pandas guesses types in pieces of a long table: a piece of numbers alone would be integers.

    Subjects would then be of two types, and could not be sorted.
    """
    population = make_population("brain")
    cells = make_scores(population, ["brain"], animals=("m1", "m2", "m3")).cells
    numbers = make_scores(population, ["brain"], animals=("1", "02", "3")).cells
    many = pd.concat([cells, *[numbers] * (CHUNK // len(numbers))], ignore_index=True)
    write_table(many, tmp_path / "scores.csv")
    read = read_table(tmp_path / "scores.csv")
    assert sorted(set(read["target_subject"])) == ["02", "1", "3", "m1", "m2", "m3"]
    table = measure(Scores(read, read[:0]), population, RANDOM)
    pd.testing.assert_frame_equal(table, measure(Scores(many, many[:0]), population, RANDOM))
