"""Two runs are equal if every digit is, whatever their versions called things."""

import subprocess
import sys

import pandas as pd
import pytest

from tests.harness.compare_runs import __file__ as program
from tests.harness.compare_runs import assert_equal, compare, read_tables

CELL = {"method": "ridge_post", "source_part": "conv1", "target_part": "conv1"}


def write_run(folder, tables):
    """A run with these tables, each a list of rows."""
    for name, rows in tables.items():
        path = folder / f"results/tables/{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        pd.DataFrame(rows).to_csv(path, index=False)
    return folder


def run_of_now():
    """Some tables of version 0.2."""
    networks = {"comparison": "networks", "brain": "", **CELL}
    brain = {"comparison": "brain", "brain": "mouse", **CELL}
    claim = {"claim": "M1", "statement": "one beats the other", "population": "networks"}
    return {
        "scores": [
            {**networks, "source_subject": "alexnet/0", "score": 0.1 + 0.2, "seconds": 0.5},
            {**brain, "source_subject": "others", "score": 0.25, "seconds": 0.7},
        ],
        "split_scores": [
            {**networks, "split": 0, "split_score": 0.5, "data_kind": "networks"},
            {**networks, "split": 1, "split_score": 0.75, "data_kind": "networks"},
        ],
        "separability": [
            {"population": "mouse", "method": "ridge_post", "direction": "brain_to_model", "x": 1}
        ],
        "claims": [
            {**claim, "statistic": "median", "part": "conv1", "left": 0.75, "holds": "yes"},
            {**claim, "statistic": "mean", "part": "conv1", "left": 0.5, "holds": "no"},
        ],
        "mouse/subjects": [{"brain": "mouse", "subject": "900001", "area": "VISp", "n": 12}],
        "mouse/units": [{"brain": "mouse", "subject": "900001", "unit": "1", "reliability": 0.5}],
    }


def run_of_version_1():
    """The same tables as version 0.1 wrote them."""
    claim = {"claim": "M1", "statement": "one is better", "population": "models"}
    return {
        "scores": [
            {"comparison": "models", **CELL, "source_subject": "alexnet/0", "score": 0.1 + 0.2},
            {"comparison": "mouse", **CELL, "source_subject": "others", "score": 0.25},
        ],
        "split_scores": [
            {"comparison": "models", **CELL, "split": 0, "score": 0.5},
            {"comparison": "models", **CELL, "split": 1, "score": 0.75},
        ],
        "separability": [{"method": "ridge_post", "direction": "mouse_to_model", "x": 1}],
        "claims": [
            {**claim, "statistic": "median", "part": "conv1", "left": 0.75, "holds": "yes"},
            {**claim, "statistic": "mean", "part": "conv1", "left": 0.5, "holds": "no"},
        ],
        "mice": [{"session": "900001", "area": "VISp", "n": 12}],
        "mouse_units": [{"session": "900001", "unit": "1", "reliability": 0.5}],
    }


@pytest.fixture
def differences(tmp_path):
    """Function that compares the run of now with another one: its differences by table."""

    def compared(after, before=None):
        before = write_run(tmp_path / "before", before or run_of_now())
        after = write_run(tmp_path / "after", after)
        return {item.name: item for item in compare(read_tables(before), read_tables(after))}

    return compared


def test_a_run_equals_itself_whatever_its_seconds(differences):
    after = run_of_now()
    after["scores"][0]["seconds"] = 9.0
    found = differences(after)
    assert set(found) == set(after)
    assert all(item.identical for item in found.values())


def test_tables_of_all_populations_are_compared_as_one(differences):
    """As version 0.1 wrote them; subjects and units stay with their brain."""
    before, after = run_of_now(), run_of_now()
    networks, mouse = after.pop("scores")
    after |= {"mouse/scores": [mouse], "networks/scores": [networks]}
    after["networks/claims"] = after.pop("claims")
    found = differences(after, before)
    assert set(found) == set(before)
    assert all(item.identical for item in found.values())


def test_the_last_digit_counts(differences):
    after = run_of_now()
    after["scores"][0]["score"] = 0.3
    found = differences(after)
    (line,) = found.pop("scores").differs
    assert "method ridge_post, source_subject alexnet/0" in line
    assert line.endswith("score: '0.30000000000000004' is now '0.3'")
    assert all(item.identical for item in found.values())


def test_a_missing_and_an_added_row_are_named(differences):
    after = run_of_now()
    row = after["split_scores"].pop(0)
    after["split_scores"].append({**row, "split": 2})
    missing, new = differences(after)["split_scores"].differs
    assert missing.endswith("split 0: only in BEFORE")
    assert new.endswith("split 2: only in AFTER")


def test_a_column_that_one_run_lacks_is_a_difference(differences):
    after = run_of_now()
    del after["mouse/units"][0]["reliability"]
    after["mouse/units"][0]["another"] = 0.5
    assert differences(after)["mouse/units"].differs == [
        "column reliability: only in BEFORE",
        "column another: only in AFTER",
    ]


@pytest.mark.parametrize("run", ["BEFORE", "AFTER"])
def test_a_table_that_one_run_lacks_is_a_difference(differences, run):
    before, after = run_of_now(), run_of_now()
    del (before if run == "BEFORE" else after)["separability"]
    assert differences(after, before)["separability"].differs == [f"there is none in {run}"]


def test_rows_in_another_order_are_equal_and_told(differences):
    after = run_of_now()
    after["split_scores"].reverse()
    found = differences(after)["split_scores"]
    assert not found.differs
    assert found.notes == ["rows in another order"]


def test_other_words_of_a_claim_are_told_once(differences):
    after = run_of_now()
    for row in after["claims"]:
        row["statement"] = "one is better"
    found = differences(after)["claims"]
    assert not found.differs
    assert found.notes == ["statement: 'one beats the other' is now 'one is better'"]


def test_another_verdict_of_a_claim_is_a_difference(differences):
    after = run_of_now()
    after["claims"][1]["holds"] = "yes"
    (line,) = differences(after)["claims"].differs
    assert line.endswith("statistic mean: holds: 'no' is now 'yes'")


def test_version_1_is_read_in_the_names_of_version_2(differences):
    found = differences(run_of_now(), run_of_version_1())
    assert set(found) == set(run_of_now())
    assert not any(item.differs for item in found.values())
    assert {name: item.notes for name, item in found.items()} == {
        "scores": ["added: brain"],
        "split_scores": ["added: brain, data_kind"],
        "separability": ["added: population"],
        "claims": ["statement: 'one is better' is now 'one beats the other'"],
        "mouse/subjects": ["added: brain"],
        "mouse/units": ["added: brain"],
    }


def test_a_digit_that_version_1_had_counts(differences):
    before = run_of_version_1()
    before["split_scores"][1]["score"] = 0.7500000000000001
    (line,) = differences(run_of_now(), before)["split_scores"].differs
    assert line.endswith("split_score: '0.7500000000000001' is now '0.75'")


def test_names_of_version_1_are_names_like_others_in_version_2(differences):
    before, after = run_of_now(), run_of_now()
    for run, name in ((before, "mice"), (after, "mouse")):
        run["separability"][0]["population"] = name
    assert len(differences(after, before)["separability"].differs) == 2


def test_of_many_differences_the_first_ten_are_printed(differences):
    before, after = ({"cost": [{"cells": n + k} for n in range(12)]} for k in (0, 1))
    text = str(differences(after, before)["cost"])
    assert text.startswith("cost: DIFFERENT in 12 places, 12 rows in both\n")
    assert text.count("is now") == 10
    assert text.endswith("and 2 more")


def test_a_harness_asserts_that_even_the_order_is_equal(tmp_path):
    tables = read_tables(write_run(tmp_path, run_of_now()))
    assert_equal(tables, tables)
    with pytest.raises(AssertionError, match="scores: equal.*\n.*rows in another order"):
        assert_equal({**tables, "scores": tables["scores"][::-1]}, tables)


@pytest.mark.parametrize("score, status", [(0.25, 0), (0.5, 1)])
def test_the_program_exits_with_1_where_a_table_differs(tmp_path, score, status):
    after = run_of_now()
    after["scores"][1]["score"] = score
    write_run(tmp_path / "before", run_of_now())
    write_run(tmp_path / "after", after)
    # The folder of a run, or of its tables.
    folders = [tmp_path / "before", tmp_path / "after/results/tables"]
    done = subprocess.run([sys.executable, program, *folders], capture_output=True, text=True)
    assert done.returncode == status, done.stderr
    assert done.stdout.endswith(f"\n{6 - status} of 6 tables are equal\n")


def test_a_folder_without_tables_is_refused(tmp_path):
    folder = write_run(tmp_path / "run", run_of_now())
    done = subprocess.run(
        [sys.executable, program, folder, tmp_path / "none"], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert f"{tmp_path / 'none'}: found no table, expected" in done.stderr
