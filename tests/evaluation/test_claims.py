"""Claims are reported as measured: yes where they hold, no where they fail."""

import pandas as pd
import pytest

from workflow_scripts.evaluation.claims import check

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
                row = ("models", method, "same part", part, statistic, value)
                predictivity.append(row)
            if method not in ("ridge_pre", "pre_linear_softplus"):
                predictivity.append(("mice", method, "same part", "overall", statistic, value))
                other = ("mice", method, "different part", "overall", statistic, value / 2)
                predictivity.append(other)
        silhouette.append((method, True, value, 1 - value, 1.0))
        separability += [
            (method, direction, "mean", value)
            for direction in ("model_to_mouse", "mouse_to_model", "both")
        ]
    columns = ["population", "method", "relation", "part", "statistic", "predictivity"]
    return (
        pd.DataFrame(predictivity, columns=columns),
        pd.DataFrame(silhouette, columns=["method", "default", "silhouette", "mean_a", "mean_b"]),
        pd.DataFrame(separability, columns=["method", "direction", "area", "separability"]),
    )


def verdicts(claims):
    """Verdict of each claim and statistic: of the row for all parts, where there is one."""
    whole = claims[claims["part"].isin(["all", "overall", "", "Spearman", "Kendall"])]
    return whole.set_index(["claim", "statistic"])["holds"].to_dict()


def test_claims_hold_where_the_methods_rank_as_in_the_paper():
    found = verdicts(check(*tables(ORDER), layers=LAYERS))
    for statistic in ("median", "mean"):
        for claim in ("M1", "M2", "M3", "M4", "M5", "M6", "M11", "B1", "B2", "B6", "S1"):
            assert found[claim, statistic] == "yes", claim
    for claim in ("M7", "M8", "M9", "M10", "M12"):
        assert found[claim, "silhouette"] == "yes", claim
    assert found["B4", "separability"] == found["B5", "separability"] == "yes"
    # Soft matching is worst in every table, so it cannot separate best in one direction.
    assert found["B3", "separability"] == "no"


def test_claims_fail_where_the_order_is_reversed():
    found = verdicts(check(*tables(ORDER[::-1]), layers=LAYERS))
    for claim in ("M1", "M2", "M3", "M4", "M5", "M6", "B1"):
        assert found[claim, "median"] == "no", claim
    assert found["M7", "silhouette"] == found["M8", "silhouette"] == "no"
    assert found["B3", "separability"] == "yes"


def test_a_method_that_was_not_run_is_not_measured():
    without = [method for method in ORDER if method != "ridge_pre"]
    found = verdicts(check(*tables(without), layers=LAYERS))
    assert found["M2", "median"] == found["M8", "silhouette"] == "not measured"
    assert found["M13", "silhouette"] == "not measured"
    assert found["M1", "median"] == "yes"


def test_one_failing_layer_fails_the_whole():
    predictivity, silhouette, separability = tables(ORDER)
    rows = (predictivity["method"] == "ridge_pre") & (predictivity["part"] == "conv2")
    predictivity.loc[rows, "predictivity"] = 0.0
    claims = check(predictivity, silhouette, separability, layers=LAYERS)
    parts = claims[(claims["claim"] == "M2") & (claims["statistic"] == "median")]
    assert dict(zip(parts["part"], parts["holds"], strict=True)) == {
        "conv1": "yes",
        "conv2": "no",
        "all": "no",
    }
    assert parts["margin"].iloc[-1] == pytest.approx(-0.2)
