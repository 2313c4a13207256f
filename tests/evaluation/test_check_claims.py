"""The driver says of each claim what data it was measured on."""

import pandas as pd
import pytest

from workflow_scripts.common.files import read_table, write_table
from workflow_scripts.evaluation import check_claims

LAYERS = ["conv1", "conv2"]
METHODS = ["soft_matching", "ridge_post", "null"]


@pytest.fixture
def check(tmp_path):
    """claims.csv of the networks and two brains, from tables of predictivity alone."""
    rows = [
        (population, method, relation, part, statistic, rank / 10, kind)
        for population, kind in (
            ("networks", "networks"),
            ("mouse", "simulated"),
            ("macaque", "recorded"),
        )
        for rank, method in enumerate(METHODS, start=1)
        for relation in ("same part", "different part")
        for part in (*LAYERS, "overall")
        for statistic in ("median", "mean")
    ]
    columns = ["population", "method", "relation", "part", "statistic", "predictivity", "data_kind"]
    write_table(pd.DataFrame(rows, columns=columns), tmp_path / "predictivity.csv")
    subjects = []
    for brain, kind in (("mouse", "simulated"), ("macaque", "recorded")):
        table = pd.DataFrame(
            [(brain, f"00{number}", area, kind) for number in range(2) for area in ("V1", "V4")],
            columns=["brain", "subject", "area", "data_kind"],
        )
        subjects.append(tmp_path / f"{brain}.csv")
        write_table(table, subjects[-1])

    def check(layers=LAYERS, models="3 seeds of alexnet"):
        settings = {"layers": layers, "models": models, "brains": ["mouse", "macaque"]}
        tables = {"predictivity": tmp_path / "predictivity.csv"}
        check_claims.main(tables, subjects, settings, tmp_path / "claims.csv")
        return read_table(tmp_path / "claims.csv")

    return check


def test_every_row_says_what_data_it_was_measured_on(check):
    claims = check()
    data = claims.groupby("population")["data"].unique().map(list).to_dict()
    assert data["networks"] == ["3 seeds of alexnet"]
    assert data["mouse"] == ["mouse: 2 simulated subjects"]
    assert data["macaque"] == ["macaque: 2 recorded subjects"]
    kinds = claims.groupby("population")["data_kind"].unique().map(list).to_dict()
    assert kinds == {"networks": ["networks"], "mouse": ["simulated"], "macaque": ["recorded"]}


def test_claims_on_a_metric_without_a_table_are_not_measured(check):
    claims = check().set_index("claim")["holds"]
    assert claims["M1"].iloc[0] == "yes"
    for claim in ("M7", "M12", "B3", "B5"):
        assert set(claims[[claim]]) == {"not measured"}


def test_a_method_called_null_is_compared_like_any_other(check):
    """pandas alone would take its name for a missing value."""
    claims = check()
    s1 = claims[(claims["claim"] == "S1") & (claims["population"] == "mouse")]
    assert s1["part"].unique().tolist() == [*METHODS, "all"]
    b2 = claims[(claims["claim"] == "B2") & (claims["population"] == "macaque")]
    assert (b2["left"] == 1).all()
    assert set(b2["holds"]) == {"yes"}


def test_a_run_without_networks_has_claims_on_its_brains(check):
    claims = check(layers=[], models=None)
    assert set(claims["population"]) == {"mouse", "macaque"}
