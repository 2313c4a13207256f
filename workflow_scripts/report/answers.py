"""The claims of the paper with their verdicts, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from workflow_scripts.common.verdicts import counted

MEANINGS = {
    "holds": "the whole interval of the margin is above zero",
    "fails": "the whole interval of the margin is below zero",
    "undecided": "zero is inside the interval of the margin",
    "not measured": "what it compares is missing: a method, a metric, candidates or networks",
}
"""Verdicts in the order of the page, and what they mean."""

SURE = 0.05
"""Largest p after Holm's correction with which a verdict is not taken for chance."""

INTERVAL = "95\N{NO-BREAK SPACE}% interval "


@dataclass(frozen=True)
class Answer:
    """One claim on one population, as it is configured to be measured.

    Attributes
    ----------
    claim, statement, verdict : str
    sentence : str
        The statement with its verdict, margin and interval.
    note : str
        What to know before the verdict is used.
    is_sure : bool
        Whether it holds or fails also after Holm's correction for the number of claims.
    facts : list of str
        What the interval is over, p, and other choices of how to measure.
    rows : list of dict of str to str
        Every difference that the claim consists of, in words.
    """

    claim: str
    statement: str
    verdict: str
    sentence: str
    note: str
    is_sure: bool
    facts: Sequence[str]
    rows: Sequence[dict[str, str]]


def answers(claims: pd.DataFrame, labels: Mapping[str, str]) -> list[Answer]:
    """Answers of one population, in the order of its table of claims.

    Parameters
    ----------
    claims : pandas.DataFrame
        Rows of claims.csv.
    labels : dict of str to str
        What figures call each method.
    """
    return [_answer(rows, labels) for _, rows in claims.groupby("claim", sort=False)]


def summary(found: Sequence[Answer]) -> str:
    """How many claims have each verdict, and how many of them may be chance."""
    told = counted(one.verdict for one in found)
    verdicts = " and ".join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told)
    text = f"Of {len(found)} claim{'s' if len(found) > 1 else ''}, {verdicts}."
    decided = [one.is_sure for one in found if one.verdict in ("holds", "fails")]
    if not decided:
        return text
    return (
        f"{text} After Holm's correction for the number of claims, p is below .05 for "
        f"{sum(decided)} of the {len(decided)} that hold or fail."
    )


def number(value: float) -> str:
    """A number for a sentence: two significant digits, without a zero before the point."""
    if pd.isna(value):
        return "none"
    if value == 0:
        return "0"
    text = f"{value:#.2g}".rstrip(".").replace("-", "−")
    return text.replace("0.", ".", 1) if abs(value) < 1 and "e" not in text else text


def interval(low: float, high: float) -> str:
    """A 95 % interval in words."""
    if pd.isna(low) or pd.isna(high):
        return "no interval"
    return f"{INTERVAL}{number(low)} to {number(high)}"


def _answer(rows: pd.DataFrame, labels: Mapping[str, str]) -> Answer:
    """The answer to one claim: the last row of a choice is that of the whole claim."""
    default = rows[rows["is_default"]].fillna({"part": ""})
    parts, whole = default[default["part"] != "all"], default.iloc[-1]
    statement = whole["statement"][:1].upper() + whole["statement"][1:]
    is_decided = whole["verdict"] in ("holds", "fails")
    notes = [] if pd.isna(whole["note"]) or not whole["note"] else [whole["note"]]
    if is_decided and whole["p_holm"] >= SURE:
        where = " in its weakest difference" if len(parts) > 1 else ""
        told = f"{_p(whole['p_holm'])} after correction for all claims"
        notes.append(f"may be chance{where}: {told}")
    return Answer(
        claim=whole["claim"],
        statement=statement,
        verdict=whole["verdict"],
        sentence=f"{statement}: {whole['verdict']}{_margin(whole, parts)}",
        note="; ".join(notes),
        is_sure=bool(is_decided and whole["p_holm"] < SURE),
        facts=_facts(rows, whole),
        rows=[
            {
                "what": " > ".join(labels.get(one, one) for one in row["part"].split(" > ")),
                "higher": number(row["left"]),
                "lower": number(row["right"]),
                "margin": number(row["margin"]),
                "interval": interval(row["ci_low"], row["ci_high"]).removeprefix(INTERVAL),
                "verdict": row["verdict"],
            }
            for row in default.to_dict("records")
        ],
    )


def _margin(whole: pd.Series, parts: pd.DataFrame) -> str:
    """Margin and interval, in brackets; of several differences, how many of them hold."""
    if pd.isna(whole["margin"]):
        return ""
    n = len(parts)
    named = "margin" if n < 2 else f"weakest of {n} differences: margin"
    told = f"{named} {number(whole['margin'])}, {interval(whole['ci_low'], whole['ci_high'])}"
    if n > 1:
        told += f"; {(parts['verdict'] == 'holds').sum()} of {n} hold"
    return f" ({told})"


def _facts(rows: pd.DataFrame, whole: pd.Series) -> list[str]:
    told = [f"Measured as: {whole['measure']}, {whole['choice']}."]
    if not pd.isna(whole["resampled"]):
        told.append(f"The interval is over {whole['resampled']}.")
    if whole["slack"]:
        told.append(f"The margin may be {number(whole['slack'])} below zero.")
    if not pd.isna(whole["p_holm"]):
        told.append(
            f"{_p(whole['p'])}, and {_p(whole['p_holm'])} after Holm's correction for the claims "
            "on this population."
        )
    others = rows[~rows["is_default"]].drop_duplicates("choice", keep="last")["verdict"]
    if len(others):
        counts = others.value_counts().reindex(list(MEANINGS)).dropna().astype(int)
        listed = ", ".join(f"{word} {count}×" for word, count in counts.items())
        ways = "way" if len(others) == 1 else "ways"
        told.append(f"Measured in {len(others)} other {ways}: {listed}.")
    return told


def _p(value: float) -> str:
    return "p < .001" if value < 0.001 else f"p = {number(value)}"
