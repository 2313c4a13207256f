"""Claims in words."""

import numpy as np
import pytest

from tests.report.made_up import claims
from workflow_scripts.report.answers import answers, interval, number, summary

SPACE = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0728, ".073"),
        (-0.1, "−.10"),
        (0.0055, ".0055"),
        (1.74, "1.7"),
        (12.3, "12"),
        (0.999, "1.0"),
        (0, "0"),
        (np.nan, "none"),
    ],
)
def test_numbers_have_two_significant_digits(value, text):
    assert number(value) == text


def test_an_interval_that_does_not_exist_is_told():
    assert interval(0.1, 0.25) == f"95{SPACE}% interval .10 to .25"
    assert interval(np.nan, np.nan) == "no interval"


def test_a_claim_is_a_sentence_with_its_margin_and_interval():
    found = {answer.claim: answer for answer in answers(claims(), {})}
    assert found["M7"].sentence == (
        "Ridge is more specific than soft matching: holds "
        f"(margin .20, 95{SPACE}% interval .050 to .35)"
    )
    assert found["M7"].facts == [
        "Measured as: specificity, silhouette.",
        "The interval is over subjects and stimuli.",
        "p = .010, and p = .030 after Holm's correction for the claims on this population.",
        "Measured in 1 other way: undecided 1×.",
    ]


def test_a_claim_of_several_differences_says_how_many_hold():
    found = {answer.claim: answer for answer in answers(claims(), {})}
    assert found["M2"].sentence == (
        "Ridge is better in every layer: fails (weakest of 2 differences: margin −.25, "
        f"95{SPACE}% interval −.40 to −.10; 1 of 2 hold)"
    )
    assert [(row["what"], row["verdict"]) for row in found["M2"].rows] == [
        ("conv1", "holds"),
        ("conv2", "fails"),
        ("all", "fails"),
    ]


def test_a_claim_that_was_not_measured_has_no_margin():
    found = {answer.claim: answer for answer in answers(claims(), {})}
    assert found["M9"].sentence.endswith(": not measured")


def test_methods_that_are_compared_have_their_labels():
    table = claims().query("claim == 'M7'").assign(part="ridge_post > soft_matching")
    (answer,) = answers(table, {"ridge_post": "Ridge", "soft_matching": "Matching"})
    assert answer.rows[0]["what"] == "Ridge > Matching"


def test_a_slack_is_told():
    (answer,) = answers(claims(slack=0.005).query("claim == 'M7'"), {})
    assert "The margin may be .0050 below zero." in answer.facts


def test_verdicts_are_counted():
    correction = "After Holm's correction for the number of claims, p is below .05 for"
    assert summary(answers(claims(), {})) == (
        "Of 3 claims, 1 holds, 1 fails and 1 is not measured. "
        f"{correction} 2 of the 2 that hold or fail."
    )
    chance = claims(p_holm=0.3).query("claim == 'M7'")
    assert summary(answers(chance, {})) == (
        f"Of 1 claim, 1 holds. {correction} 0 of the 1 that hold or fail."
    )
    missing = claims().query("claim == 'M9'")
    assert summary(answers(missing, {})) == "Of 1 claim, 1 is not measured."


def test_a_verdict_that_may_be_chance_says_so():
    told = "may be chance: p = .30 after correction for all claims"
    (answer,) = answers(claims(p_holm=0.3).query("claim == 'M7'"), {})
    assert (answer.note, answer.is_sure) == (told, False)
    (answer,) = answers(claims(p_holm=0.3, note="a check").query("claim == 'M7'"), {})
    assert answer.note == f"a check; {told}"
    (answer,) = answers(claims().query("claim == 'M7'"), {})
    assert (answer.note, answer.is_sure) == ("", True)
    several = claims().query("claim == 'M2'").assign(p_holm=0.3)
    (answer,) = answers(several, {})
    assert answer.note == (
        "may be chance in its weakest difference: p = .30 after correction for all claims"
    )
    open_claim = claims(p_holm=0.3, verdict="undecided").query("claim == 'M7' and is_default")
    (answer,) = answers(open_claim, {})
    assert (answer.note, answer.is_sure) == ("", False)
