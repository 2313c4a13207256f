"""The driver says of each claim what data it was measured on."""

from dataclasses import asdict, replace

import pandas as pd
import pytest

from tests.evaluation.made_up import MAPPINGS, make_population, make_scores, write_scores
from workflow_scripts.common.files import read_table, write_table
from workflow_scripts.evaluation import check_claims
from workflow_scripts.evaluation.score_tables import ScoreTables

CLAIMS = [
    {
        "claim": "one",
        "statement": "ridge predicts better than null",
        "population": "networks",
        "measure": "predictivity",
        "compare": [["ridge", "null"]],
    },
    {
        "claim": "two",
        "statement": "ridge is more specific than null",
        "population": "networks",
        "measure": "specificity",
        "compare": [["ridge", "null"]],
    },
    {
        "claim": "three",
        "statement": "the same area predicts better",
        "population": "brain",
        "measure": "predictivity",
        "form": "relation",
    },
    {
        "claim": "four",
        "statement": "brains are like networks",
        "population": "brain",
        "measure": "predictivity",
        "form": "order",
    },
]


@pytest.fixture
def check(tmp_path):
    """claims.csv of some populations of which predictivities alone are measured."""
    macaque = make_population("brain")
    everything = [make_population("networks"), replace(macaque, name="mouse"), macaque]
    tables, items = {}, {}
    for population in everything:
        scores = make_scores(population, ["networks", "brain"])
        if population.name == "mouse":
            scores.cells["data_kind"] = "simulated"
        tables[population.name] = ScoreTables.read(*write_scores(scores, tmp_path).values())
        facts = {k: v for k, v in asdict(population).items() if k != "mappings"}
        items[population.name] = {**facts, "metrics": {"predictivity": {}}}

    def check_one(name, networks):
        kind = "simulated" if name == "mouse" else "recorded"
        rows = [(name, f"00{n}", area, kind) for n in range(2) for area in ("V1", "V4")]
        subjects = tmp_path / "subjects.csv"
        columns = ["brain", "subject", "area", "data_kind"]
        write_table(pd.DataFrame(rows, columns=columns), subjects)
        settings = {
            "seed": 0,
            "claims": CLAIMS,
            "mappings": MAPPINGS,
            "models": "3 seeds of alexnet",
            "population": items[name],
            "networks": items["networks"] if networks else None,
        }
        is_brain = name != "networks"
        check_claims.main(
            tables[name],
            tables["networks"] if networks and is_brain else None,
            subjects if is_brain else None,
            settings,
            tmp_path / "claims.csv",
        )
        return read_table(tmp_path / "claims.csv")

    def check(populations=("networks", "mouse", "macaque")):
        found = [check_one(name, "networks" in populations) for name in populations]
        return pd.concat(found, ignore_index=True)

    return check


def test_every_row_says_what_data_it_was_measured_on(check):
    claims = check()
    data = claims.groupby("population")["data"].unique().map(list).to_dict()
    assert data["networks"] == ["3 seeds of alexnet"]
    assert data["mouse"] == ["mouse: 2 simulated subjects"]
    assert data["macaque"] == ["macaque: 2 recorded subjects"]
    kinds = claims.groupby("population")["data_kind"].unique().map(list).to_dict()
    assert kinds == {"networks": ["networks"], "mouse": ["simulated"], "macaque": ["recorded"]}


def test_claims_on_a_metric_that_was_left_out_are_not_measured(check):
    claims = check().set_index("claim")["verdict"]
    assert set(claims[["two"]]) == {"not measured"}
    assert "not measured" not in set(claims[["one"]])


def test_a_method_called_null_is_compared_like_any_other(check):
    """pandas alone would take its name for a missing value."""
    claims = check()
    rows = claims[(claims["claim"] == "three") & (claims["population"] == "mouse")]
    assert rows["part"].unique().tolist() == [*MAPPINGS, "all"]


def test_a_run_without_networks_has_claims_on_its_brains(check):
    claims = check(populations=("mouse", "macaque"))
    assert set(claims["population"]) == {"mouse", "macaque"}
    # One of them would compare a brain with the networks.
    verdicts = claims.set_index("claim")["verdict"]
    assert set(verdicts[["four"]]) == {"not measured"}
    assert "not measured" not in set(check().set_index("claim")["verdict"][["four"]])


def test_settings_are_left_as_they_are(check):
    """The driver may be called again with the same ones."""
    pd.testing.assert_frame_equal(check(), check())
