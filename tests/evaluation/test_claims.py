"""Claims are reported as measured: yes where they hold, no where they fail."""

import pandas as pd
import pytest

from workflow_scripts.evaluation.claims import CLAIMS, check

LAYERS = ["conv1", "conv2"]
ORDER = [
    "soft_matching",
    "ridge_post",
    "linear_nonlinear",
    "linear_softplus",
    "pre_linear_softplus",
    "ridge_pre",
]


def tables(order):
    """Tables in which the methods rank in the given order, from worst to best."""
    predictivity, silhouette, separability = [], [], []
    for rank, method in enumerate(order, start=1):
        value = rank / 10
        for statistic in ("median", "mean"):
            for part in (*LAYERS, "overall"):
                row = ("networks", method, "same part", part, statistic, value)
                predictivity.append(row)
            if method not in ("ridge_pre", "pre_linear_softplus"):
                predictivity.append(("mouse", method, "same part", "overall", statistic, value))
                other = ("mouse", method, "different part", "overall", statistic, value / 2)
                predictivity.append(other)
        silhouette.append(("networks", method, True, value, 1 - value, 1.0))
        separability += [
            ("mouse", method, direction, "mean", value)
            for direction in ("model_to_brain", "brain_to_model", "both")
        ]
    columns = ["population", "method", "relation", "part", "statistic", "predictivity"]
    return (
        pd.DataFrame(predictivity, columns=columns),
        pd.DataFrame(
            silhouette,
            columns=["population", "method", "default", "silhouette", "mean_a", "mean_b"],
        ),
        pd.DataFrame(
            separability, columns=["population", "method", "direction", "area", "separability"]
        ),
    )


def verdicts(claims):
    """Verdict of each claim and statistic: of the row for all parts, where there is one."""
    whole = claims[claims["part"].isin(["all", "overall", "", "Spearman", "Kendall"])]
    return whole.set_index(["claim", "statistic"])["holds"].to_dict()


def test_claims_hold_where_the_methods_rank_as_in_the_paper():
    found = verdicts(check(*tables(ORDER), layers=LAYERS, brains=["mouse"]))
    for statistic in ("median", "mean"):
        for claim in ("M1", "M2", "M3", "M4", "M5", "M6", "M11", "B1", "B2", "B6", "S1"):
            assert found[claim, statistic] == "yes", claim
    for claim in ("M7", "M8", "M9", "M10", "M12"):
        assert found[claim, "silhouette"] == "yes", claim
    assert found["B4", "separability"] == found["B5", "separability"] == "yes"
    # Soft matching is worst in every table, so it cannot separate best in one direction.
    assert found["B3", "separability"] == "no"


def test_claims_fail_where_the_order_is_reversed():
    found = verdicts(check(*tables(ORDER[::-1]), layers=LAYERS, brains=["mouse"]))
    for claim in ("M1", "M2", "M3", "M4", "M5", "M6", "B1"):
        assert found[claim, "median"] == "no", claim
    assert found["M7", "silhouette"] == found["M8", "silhouette"] == "no"
    assert found["B3", "separability"] == "yes"


def test_a_method_that_was_not_run_is_not_measured():
    without = [method for method in ORDER if method != "ridge_pre"]
    found = verdicts(check(*tables(without), layers=LAYERS, brains=["mouse"]))
    assert found["M2", "median"] == found["M8", "silhouette"] == "not measured"
    assert found["M13", "silhouette"] == "not measured"
    assert found["M1", "median"] == "yes"


def test_one_failing_layer_fails_the_whole():
    predictivity, silhouette, separability = tables(ORDER)
    rows = (predictivity["method"] == "ridge_pre") & (predictivity["part"] == "conv2")
    predictivity.loc[rows, "predictivity"] = 0.0
    claims = check(predictivity, silhouette, separability, layers=LAYERS, brains=["mouse"])
    parts = claims[(claims["claim"] == "M2") & (claims["statistic"] == "median")]
    assert dict(zip(parts["part"], parts["holds"], strict=True)) == {
        "conv1": "yes",
        "conv2": "no",
        "all": "no",
    }
    assert parts["margin"].iloc[-1] == pytest.approx(-0.2)


def test_a_claim_on_all_parts_is_not_measured_if_one_part_is_not():
    predictivity, silhouette, separability = tables(ORDER)
    rows = (predictivity["method"] == "ridge_pre") & (predictivity["part"] == "conv2")
    claims = check(predictivity[~rows], silhouette, separability, layers=LAYERS, brains=[])
    assert verdicts(claims)["M2", "median"] == "not measured"


def test_rows_of_a_claim_follow_each_other():
    claims = check(*tables(ORDER), layers=LAYERS, brains=["mouse"])["claim"]
    assert len(claims.loc[claims.shift() != claims]) == claims.nunique() == len(CLAIMS)


def test_each_brain_has_rows_of_its_own():
    predictivity, silhouette, separability = tables(ORDER)
    other = [table.replace("mouse", "macaque") for table in (predictivity, separability)]
    other[0]["predictivity"] *= -1
    claims = check(
        pd.concat([predictivity, other[0][other[0]["population"] == "macaque"]]),
        silhouette,
        pd.concat([separability, other[1]]),
        layers=LAYERS,
        brains=["mouse", "macaque"],
    )
    assert list(dict.fromkeys(claims["population"])) == ["networks", "mouse", "macaque"]
    per_brain = [claims[claims["population"] == brain] for brain in ("mouse", "macaque")]
    assert per_brain[0]["claim"].tolist() == per_brain[1]["claim"].tolist()
    found = [verdicts(of_brain) for of_brain in per_brain]
    assert [brain["B1", "median"] for brain in found] == ["yes", "no"]
    assert [brain["B5", "separability"] for brain in found] == ["yes", "yes"]


def test_without_networks_only_claims_on_brains_are_left():
    """B2 compares a brain with the networks."""
    claims = check(*tables(ORDER), layers=[], brains=["mouse"])
    assert set(claims["population"]) == {"mouse"}
    assert set(claims["claim"]) == {"B1", "B3", "B4", "B5", "B6", "S1"}


def test_without_brains_only_claims_on_networks_are_left():
    claims = check(*tables(ORDER), layers=LAYERS, brains=[])
    assert set(claims["claim"]) == {f"M{number}" for number in range(1, 14)}
    nothing = check(*tables(ORDER), layers=[], brains=[])
    assert list(nothing) == list(claims)
    assert not len(nothing)


def test_a_brain_without_maps_has_claims_that_are_not_measured():
    predictivity, silhouette, separability = tables(ORDER)
    networks = predictivity[predictivity["population"] == "networks"]
    claims = check(networks, silhouette, separability, layers=LAYERS, brains=["mouse"])
    found = verdicts(claims[claims["population"] == "mouse"])
    assert found["B1", "median"] == found["B2", "median"] == found["B6", "mean"] == "not measured"
    assert not (claims["claim"] == "S1").any()


def test_statements_speak_of_any_brain():
    for claim in CLAIMS:
        assert not {"mouse", "mice"} & set(claim.statement.split())
