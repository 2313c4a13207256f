"""How the paper's claims, which claims.yaml lists, are checked against what was measured.

A claim is one or several differences of two methods (or layers, or relations), each measured on the
same subjects and stimuli on both sides, so that its interval is that of a paired difference. It
holds where the interval is above zero, fails where it is below, and is undecided where zero is
inside. Where a claim allows a slack, zero is that much lower.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pandas as pd

from workflow_scripts.evaluation import measured as measures
from workflow_scripts.evaluation.jackknife import COVERAGE, holm
from workflow_scripts.evaluation.measured import Choice, Measured

MEASURES: dict[str, Callable[[Measured, str], Any]] = {
    "predictivity": measures.predictivity,
    "specificity": measures.specificity,
    "distances": measures.silhouettes,
    "separability": measures.separability,
}
"""Ways to measure what a claim compares; one of each is the configured one."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One claim, with the keys that claims.yaml explains."""

    claim: str
    statement: str
    population: Literal["networks", "brain"]
    measure: str
    form: str = "methods"
    compare: Sequence[tuple[str, str]] = ()
    parts: Sequence[str] = ("overall",)
    direction: str = ""
    slack: float = 0.0
    note: str = ""


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two vectors of `Measured`, of which the claim says that the left one is higher."""

    part: str
    left: np.ndarray
    right: np.ndarray


@dataclass(frozen=True, eq=False)
class Context:
    """What the forms of claims need to know.

    Attributes
    ----------
    measured : Measured
        Of the population.
    networks : Measured or None
        Of the networks, for claims that compare a brain with them.
    layers : list of str
        Of the networks, from the image upwards.
    """

    measured: Measured
    networks: Measured | None
    layers: Sequence[str]


def methods(claim: Claim, choice: Choice, context: Context) -> list[Comparison]:
    """The first method of each pair, and the second, in each part."""
    parts = [
        part
        for name in claim.parts
        for part in (context.layers if name == "layers" else [measures.OVERALL])
    ]
    several = len(claim.compare) > 1
    return [
        Comparison(
            f"{left} > {right}" if several else part,
            choice.side(left, part=part),
            choice.side(right, part=part),
        )
        for left, right in claim.compare
        for part in parts
    ]


def zipper(claim: Claim, choice: Choice, context: Context) -> list[Comparison]:
    """The pre-softplus map in a layer and in the next, and the post-softplus map in the first."""
    ((pre, post),) = claim.compare
    return [
        Comparison(
            f"pre {layer} > post {below}",
            choice.side(pre, part=layer),
            choice.side(post, part=below),
        )
        for below, following in pairwise(context.layers)
        for layer in (below, following)
    ]


def distances(claim: Claim, choice: Choice, context: Context) -> list[Comparison]:
    """Distances within a part, and how much larger those to the nearest other part are."""
    ((closer, wider),) = claim.compare
    within, between = (
        {method: choice.side(method, column=column) for method in (closer, wider)}
        for column in ("mean_a", "mean_b")
    )
    return [
        Comparison("distance within", within[wider], within[closer]),
        Comparison(
            "distance between less within",
            between[closer] - within[closer],
            between[wider] - within[wider],
        ),
    ]


def slope(claim: Claim, choice: Choice, context: Context) -> list[Comparison]:
    """Least-squares slope over the mappings of what is measured on predictivity, and 0."""
    mappings = context.measured.mappings
    if len(mappings) < 3:
        return []
    default = next(one for one in measures.predictivity(context.measured) if one.is_default)
    x, y = (
        np.array([one.side(method) for method in mappings]).reshape(len(mappings), -1)
        for one in (default, choice)
    )
    # A method that is not measured, as one without a silhouette, has no place on the line.
    known = ~np.isnan(x[:, :1] + y[:, :1]).ravel()
    if known.sum() < 3:
        return []
    x, y = x[known], y[known]
    deviation = x - x.mean(axis=0)
    fitted = (deviation * y).sum(axis=0) / (deviation**2).sum(axis=0)
    return [Comparison("slope", fitted, np.zeros_like(fitted))]


def order(claim: Claim, choice: Choice, context: Context) -> list[Comparison]:
    """Each mapping and the next lower one on the networks."""
    if context.networks is None:
        return []
    own = context.measured.mappings
    on_networks = {
        method: one.side(method)[0]
        for one in measures.predictivity(context.networks)
        if one.name == choice.name
        for method in context.networks.mappings
        if method in own
    }
    ranked = sorted(on_networks, key=lambda method: -on_networks[method])
    return [
        Comparison(f"{higher} > {lower}", choice.side(higher), choice.side(lower))
        for higher, lower in pairwise(ranked)
    ]


def relation(claim: Claim, choice: Choice, context: Context) -> list[Comparison]:
    """Each mapping from the same part, and from different parts."""
    return [
        Comparison(method, choice.side(method), choice.side(method, relation="different part"))
        for method in context.measured.mappings
    ]


FORMS: dict[str, Callable[[Claim, Choice, Context], list[Comparison]]] = {
    "methods": methods,
    "zipper": zipper,
    "slope": slope,
    "order": order,
    "relation": relation,
}
"""Ways to compare. That of the measure ``distances`` is always `distances`."""

COLUMNS = {
    "claim": "name of the claim",
    "statement": "the claim",
    "population": "networks, or the name of a brain",
    "measure": "what is compared: predictivity, specificity, distances or separability",
    "choice": "how that is measured",
    "is_default": "whether it is the configured choice",
    "part": "layer, methods or distance of this row; all: all rows of the claim together",
    "left": "value that the claim says is higher",
    "right": "value that it says is lower",
    "margin": "left less right; for all, the smallest one among the rows that decide",
    "slack": "how far below zero the margin may be",
    "ci_low": "lower end of the 95 % interval of the margin",
    "ci_high": "upper end of it",
    "resampled": "what the interval is over",
    "p": "two-sided probability of such a margin, or a larger one, if the claim were just not true",
    "p_holm": "p after Holm's correction for the claims on the population; all rows together only",
    "verdict": "holds, fails, undecided (zero is inside the interval) or not measured",
    "note": "what to know before the verdict is used",
}
"""Columns of claims.csv, and what each holds."""


def check(claims: Sequence[Claim], context: Context) -> pd.DataFrame:
    """Check claims on one population, under every choice of how to measure.

    Parameters
    ----------
    claims : list of Claim
        Those on this kind of population.
    context : Context

    Returns
    -------
    pandas.DataFrame
        With the columns of `COLUMNS`. A claim with several rows has one more, ``all``: it holds
        where all rows hold, and fails where one fails, also after a correction for the number of
        rows.
    """
    measured = context.measured
    tables = []
    for claim in claims:
        for choice in MEASURES[claim.measure](measured, claim.direction):
            form = distances if claim.measure == "distances" else FORMS[claim.form]
            compared = form(claim, choice, context)
            if not any(np.isfinite(one.left[0] - one.right[0]) for one in compared):
                if not choice.is_default:
                    continue
                compared = compared or [Comparison("", measured.unknown, measured.unknown)]
            tables.append(_rows(claim, choice, compared, measured))
    if not tables:
        return pd.DataFrame(columns=list(COLUMNS))
    table = pd.concat(tables, ignore_index=True)
    whole = ~table.duplicated(["claim", "choice"], keep="last") & table["is_default"]
    table.loc[whole, "p_holm"] = holm(table.loc[whole, "p"])
    return table[list(COLUMNS)]


def _rows(
    claim: Claim, choice: Choice, compared: Sequence[Comparison], measured: Measured
) -> pd.DataFrame:
    """Rows of one claim under one choice; the last says whether all of them hold."""
    margins = [one.left - one.right for one in compared]
    found = measured.intervals([margin + claim.slack for margin in margins])
    rows = pd.DataFrame(
        {
            "part": [one.part for one in compared],
            "left": [one.left[0] for one in compared],
            "right": [one.right[0] for one in compared],
            "margin": [margin[0] for margin in margins],
            "ci_low": found.low - claim.slack,
            "ci_high": found.high - claim.slack,
            "resampled": found.resampled,
            "p": found.p,
        }
    )
    rows["verdict"] = [
        verdict(low, high, estimate)
        for low, high, estimate in zip(found.low, found.high, found.estimate, strict=True)
    ]
    if len(rows) > 1:
        rows = pd.concat([rows, _all(rows, claim.slack)], ignore_index=True)
    told: dict[str, Any] = {
        "claim": claim.claim,
        "statement": claim.statement,
        "population": measured.population.name,
        "measure": claim.measure,
        "choice": choice.name,
        "is_default": choice.is_default,
        "slack": claim.slack,
        "p_holm": np.nan,
        "note": claim.note,
    }
    return rows.assign(**told)


def verdict(low: float, high: float, estimate: float) -> str:
    """Verdict on a difference that the claim says is positive."""
    if np.isnan(estimate):
        return "not measured"
    if low > 0:
        return "holds"
    return "fails" if high < 0 else "undecided"


def _all(rows: pd.DataFrame, slack: float) -> pd.DataFrame:
    """Of the rows that decide the verdict of all together, the one with the smallest margin.

    All hold: p is the largest of them. One fails: p is the smallest of those that are too low,
    times the number of rows, of which any could have failed. Where this is too large, so that one
    failure among so many says little, all together are undecided.
    """
    verdicts = set(rows["verdict"])
    order = ("fails", "not measured", "undecided", "holds")
    word = next(word for word in order if word in verdicts)
    deciding = rows[rows["verdict"] == word]
    too_low = rows.loc[rows["margin"] + slack < 0, "p"]
    p = min(1, too_low.min() * len(rows)) if len(too_low) else rows["p"].max()
    if word == "not measured":
        p = np.nan
    elif word == "fails" and p > 1 - COVERAGE:
        word = "undecided"
    smallest = int(np.argmin(deciding["margin"].fillna(np.inf)))
    return deciding.iloc[[smallest]].assign(part="all", verdict=word, p=p)


def parse_claims(items: Sequence[Mapping[str, Any]]) -> list[Claim]:
    """Claims from the content of claims.yaml."""
    return [
        Claim(**{**item, "compare": [(left, right) for left, right in item.get("compare", [])]})
        for item in items
    ]
