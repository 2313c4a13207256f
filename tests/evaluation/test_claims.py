"""Claims hold, fail or stay undecided by the interval of a paired difference."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy import stats

from workflow_scripts.common.profile import POOL
from workflow_scripts.evaluation.claims import (
    FORMS,
    MEASURES,
    Context,
    check,
    parse_claims,
    verdict,
)
from workflow_scripts.evaluation.measured import Measured
from workflow_scripts.evaluation.metric import Population, Random
from workflow_scripts.evaluation.plan import CLAIMED, CLAIMS
from workflow_scripts.evaluation.score_tables import ScoreTables

ITEMS = yaml.safe_load(CLAIMS.read_text("utf-8"))
LAYERS = ["conv1", "conv2", "conv3"]
NETWORKS = [f"alexnet/{seed}" for seed in range(5)]
MICE = [f"mouse_{number}" for number in range(5)]
CANDIDATES = ["alexnet/0", "resnet18/0", "vgg11/0"]
ORDER = [
    "soft_matching",
    "ridge_post",
    "linear_nonlinear",
    "linear_softplus",
    "pre_linear_softplus",
    "ridge_pre",
]
N_GROUPS = 4
NOISE = 0.001


def cells(comparison, brain, methods, pairs, score_of, random):
    """Rows of scores.csv, and of split_scores.csv with one split."""
    rows = [
        {
            **{"comparison": comparison, "brain": brain, "method": method, "verdict": "ok"},
            **{"source_subject": source[0], "source_part": source[1]},
            **{"target_subject": target[0], "target_part": target[1]},
            "score": score_of(method, source, target) + NOISE * random.standard_normal(),
            **{"correlation": np.nan, "correlation_corrected": np.nan, "data_kind": "simulated"},
        }
        for method in methods
        for source, target in pairs
    ]
    table = pd.DataFrame(rows)
    return table.assign(score_mean=table["score"] - 0.01)


def make_tables(order=ORDER, noise=NOISE, seed=0):
    """Scores of networks and of mice in which methods rank in this order, from worst to best.

    A better method predicts better, has the same part further from others, and candidates further
    apart.
    """
    random = np.random.default_rng(seed)
    quality = {method: (rank + 1) / 10 for rank, method in enumerate(order)}
    post = [method for method in order if method not in ("ridge_pre", "pre_linear_softplus")]

    def of_parts(method, source, target):
        return quality[method] if source[1] == target[1] else 0.05

    def of_models(method, source, target):
        model = source[0] if source[0] in CANDIDATES else target[0]
        return 0.5 - quality[method] * CANDIDATES.index(model) / 5

    profiles = list(product(NETWORKS, LAYERS))
    mice, models = list(product(MICE, LAYERS)), [(name, "conv1") for name in CANDIDATES]
    pooled = [(POOL, layer) for layer in LAYERS]
    pairs = [(one, other) for one, other in product(profiles, profiles) if one != other]
    table = pd.concat(
        [
            cells("networks", "", order, pairs, of_parts, random),
            cells("brain", "mouse", post, list(product(pooled, mice)), of_parts, random),
            cells("model_to_brain", "mouse", post, list(product(models, mice)), of_models, random),
            cells(
                "brain_to_model", "mouse", post, list(product(pooled, models)), of_models, random
            ),
        ],
        ignore_index=True,
    )
    splits = table.assign(split=0, split_score=table["score"], selection_score=table["score"])
    columns = {"score": "score", "score_mean": "score_mean", "split_score": "score"}
    without = {
        f"{name}_without_{kind}": table[[column]].to_numpy()
        + noise * random.standard_normal((len(table), n))
        for name, column in columns.items()
        for kind, n in (("stimuli", N_GROUPS), ("subjects", len(MICE)))
    }
    groups = {name: [[one] for one in MICE] for name in table["comparison"].unique()}
    return {
        kind: ScoreTables(table[rows].copy(), splits[rows], without, groups)
        for kind, rows in (
            ("networks", table["comparison"] == "networks"),
            ("brain", table["comparison"] != "networks"),
        )
    }


POPULATIONS = {
    "networks": Population(
        name="networks",
        kind="networks",
        subjects=NETWORKS,
        parts=LAYERS,
        candidates=[],
        mappings=ORDER,
    ),
    "brain": Population(
        name="mouse",
        kind="brain",
        subjects=[],
        parts=LAYERS,
        candidates=CANDIDATES,
        mappings=ORDER,
        truth={"variant": "alexnet", "layers": dict.fromkeys(LAYERS, "conv1")},
    ),
}


def checked(tables, metrics=CLAIMED, kinds=tuple(POPULATIONS)):
    """Claims on the networks and on the mice, or on the networks alone."""
    of_kind = {
        "networks": ["predictivity", "silhouette", "specificity"],
        "brain": ["predictivity", "separability", "recovery"],
    }
    found, networks = [], None
    for kind in kinds:
        population = POPULATIONS[kind]
        chosen = {name: {} for name in of_kind[kind] if name in metrics}
        measured = Measured(tables[kind], population, chosen, Random(0, 0))
        networks = networks or measured
        claims = [claim for claim in parse_claims(ITEMS) if claim.population == kind]
        found.append(check(claims, Context(measured, networks, LAYERS)))
    return pd.concat(found, ignore_index=True)


def defaults(table):
    """Verdict of each claim under the configured choice: of all its rows together."""
    table = table[table["is_default"]]
    return table.drop_duplicates("claim", keep="last").set_index("claim")["verdict"].to_dict()


@pytest.fixture(scope="module")
def as_in_the_paper():
    return checked(make_tables())


def test_claims_hold_where_the_methods_rank_as_in_the_paper(as_in_the_paper):
    found = defaults(as_in_the_paper)
    # Soft matching is worst in every table, so it cannot separate best in one direction.
    assert found.pop("B3") == "fails"
    assert set(found) == {item["claim"] for item in ITEMS} - {"B3"}
    assert set(found.values()) == {"holds"}


def test_claims_fail_where_the_order_is_reversed():
    found = defaults(checked(make_tables(ORDER[::-1])))
    for claim in ("M1", "M2", "M3", "M4", "M5", "M6", "M7", "M8", "M9", "M10", "M12", "B1", "B4"):
        assert found[claim] == "fails", claim
    # What ranks alike still ranks alike.
    assert found["M11"] == found["B2"] == found["B3"] == "holds"


def test_noise_leaves_claims_undecided():
    """The same means as in the paper, with stimuli of which each changes everything."""
    found = defaults(checked(make_tables(noise=2.0)))
    # A slope over all methods has less noise than a difference of two.
    assert {found[name] for name in found if name not in ("M11", "B6")} == {"undecided"}
    assert "fails" not in found.values()


def test_a_choice_that_is_the_configured_one_is_not_measured_again():
    configured = {"layer_rule": "best_cv", "combine": "separabilities"}
    tables, metrics = make_tables()["brain"], {"separability": configured}
    measured = Measured(tables, POPULATIONS["brain"], metrics, Random(0, 0))
    found = measured.replicated("separability")
    assert found is measured.replicated("separability", layer_rule="best_cv")
    assert found is not measured.replicated("separability", layer_rule="mean")


def test_a_metric_or_method_that_was_left_out_is_not_measured():
    found = defaults(checked(make_tables(), metrics=("predictivity", "separability")))
    assert {found[claim] for claim in ("M7", "M8", "M9", "M10", "M12")} == {"not measured"}
    assert found["M1"] == found["B1"] == "holds"
    without_pre = make_tables([name for name in ORDER if name != "ridge_pre"])
    found = defaults(checked(without_pre, kinds=["networks"]))
    assert found["M2"] == found["M3"] == found["M8"] == "not measured"
    assert found["M7"] == "holds"


def test_one_failing_part_fails_the_whole():
    tables = make_tables()
    cells, without = tables["networks"].cells, tables["networks"].without
    is_row = (cells["method"] == "ridge_pre") & (cells["target_part"] == "conv2")
    cells.loc[is_row, "score"] -= 0.6
    without["score_without_stimuli"][cells.index[is_row]] -= 0.6
    found = checked(tables, metrics=("predictivity",), kinds=["networks"])
    rows = found[(found["claim"] == "M2") & (found["choice"] == "median over units")]
    verdicts = dict(zip(rows["part"], rows["verdict"], strict=True))
    assert verdicts == {"conv1": "holds", "conv2": "fails", "conv3": "holds", "all": "fails"}
    assert rows["margin"].iloc[-1] == rows["margin"].min() == pytest.approx(-0.2, abs=0.01)


def test_every_choice_has_rows_and_one_is_the_configured_one(as_in_the_paper):
    choices = as_in_the_paper.groupby(["claim", "choice"])["is_default"].first()
    assert (choices.groupby("claim").sum() == 1).all()
    n_choices = choices.groupby("claim").size()
    assert n_choices["M1"] == 2
    assert n_choices["M7"] == n_choices["M11"] == 12 + 3
    assert n_choices["M12"] == 12
    assert n_choices["B3"] == 2 * 2 + 1
    assert n_choices["B5"] == 2 * 2 * 2 + 1


def test_slack_is_told_apart_from_what_was_measured(as_in_the_paper):
    rows = as_in_the_paper[as_in_the_paper["claim"] == "B5"]
    assert set(rows["slack"]) == {0.005}
    np.testing.assert_allclose(rows["margin"], rows["left"] - rows["right"])
    assert (as_in_the_paper.loc[as_in_the_paper["claim"] != "B5", "slack"] == 0).all()


@pytest.mark.parametrize(
    ("low", "high", "estimate", "expected"),
    [
        (0.1, 0.3, 0.2, "holds"),
        (-0.3, -0.1, -0.2, "fails"),
        (-0.1, 0.3, 0.1, "undecided"),
        (np.nan, np.nan, 0.1, "undecided"),
        (np.nan, np.nan, np.nan, "not measured"),
    ],
)
def test_the_verdict_is_that_of_the_interval(low, high, estimate, expected):
    assert verdict(low, high, estimate) == expected


def test_holm_corrects_each_claim_once_for_the_number_of_claims(as_in_the_paper):
    corrected = as_in_the_paper.dropna(subset="p_holm")
    assert not corrected.duplicated("claim").any()
    assert set(corrected["claim"]) == {item["claim"] for item in ITEMS}
    assert (corrected["p_holm"] >= corrected["p"]).all()


def test_every_claim_names_a_measure_and_a_form_that_exist():
    for item in ITEMS:
        assert item["measure"] in MEASURES
        assert item.get("form", "methods") in FORMS
    assert len({item["claim"] for item in ITEMS}) == len(ITEMS)


@pytest.fixture(scope="module")
def noisy():
    """Scores between networks, and the claims on their predictivities."""
    tables = make_tables(noise=0.05, seed=4)
    return tables["networks"], checked(tables, ("predictivity",), ["networks"])


class TestByHand:
    """Margins and intervals of three claims, from the rows of the tables by plain loops."""

    def value(self, table, column, without, method, part, left_out=None, group=None):
        """Mean over pairs of different networks of the score from one layer to the same layer."""
        total, n = 0.0, 0
        for number, row in zip(table.index, table.to_dict("records"), strict=True):
            if row["comparison"] != "networks" or row["method"] != method:
                continue
            if row["source_part"] != part or row["target_part"] != part:
                continue
            names = {row["source_subject"], row["target_subject"]}
            if len(names) == 1 or left_out in names:
                continue
            left = without[f"{column}_without_stimuli"]
            total += row[column] if group is None else left[number, group]
            n += 1
        return total / n

    def interval(self, value, subjects, groups):
        """Two jackknife variances, added, with Satterthwaite's degrees of freedom."""
        variances, dfs = [], []
        for replicates in (subjects, groups):
            n = len(replicates)
            mean = sum(replicates) / n
            variances.append((n - 1) / n * sum((one - mean) ** 2 for one in replicates))
            dfs.append(n - 1)
        total = sum(variances)
        df = total**2 / sum(v**2 / d for v, d in zip(variances, dfs, strict=True))
        widths = [stats.t.ppf(0.975, df) * total**0.5]
        widths += [stats.t.ppf(0.975, d) * v**0.5 for v, d in zip(variances, dfs, strict=True)]
        return value - max(widths), value + max(widths)

    @pytest.mark.parametrize(
        ("claim", "choice", "part", "left", "right"),
        [
            ("M2", "median over units", "conv2", ("ridge_pre", "conv2"), ("ridge_post", "conv2")),
            ("M2", "mean over units", "conv3", ("ridge_pre", "conv3"), ("ridge_post", "conv3")),
            (
                *("M3", "median over units", "pre conv2 > post conv1"),
                *(("ridge_pre", "conv2"), ("ridge_post", "conv1")),
            ),
        ],
    )
    def test_a_difference_is_paired(self, noisy, claim, choice, part, left, right):
        networks, table = noisy
        column = "score" if choice.startswith("median") else "score_mean"

        def margin(**left_out):
            one, other = (
                self.value(networks.cells, column, networks.without, *side, **left_out)
                for side in (left, right)
            )
            return one - other

        expected = self.interval(
            margin(),
            [margin(left_out=name) for name in NETWORKS],
            [margin(group=group) for group in range(N_GROUPS)],
        )
        is_row = (table["claim"] == claim) & (table["choice"] == choice) & (table["part"] == part)
        (row,) = table[is_row].to_dict("records")
        assert row["margin"] == pytest.approx(margin())
        assert (row["ci_low"], row["ci_high"]) == pytest.approx(expected)
        assert row["resampled"] == "subjects and stimuli"
