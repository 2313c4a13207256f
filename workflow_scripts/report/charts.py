"""Interactive charts: predictivity against specificity, and the score of every cell."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from workflow_scripts.figures.panel import MethodLook
from workflow_scripts.report.answers import interval

MOST_CELLS = 4000
"""Cells that one chart shows: with more, a page takes long to draw, and points hide each other."""

LOWEST = -1
"""Lowest score that has a place of its own: an R² can be as low as it likes."""

GOLDEN = (5**0.5 - 1) / 2
"""Steps of this size, modulo 1, fill the interval from 0 to 1 evenly and never repeat."""


def readings(found: pd.DataFrame) -> pd.DataFrame:
    """Predictivity and each reading of specificity of one population, one row per method and both.

    Parameters
    ----------
    found : pandas.DataFrame
        See `workflow_scripts.report.standings.measured`.

    Returns
    -------
    pandas.DataFrame
        ``method``, ``reading``, ``predictivity``, ``value`` of the reading, and the interval of
        both: ``ci_low_x``, ``ci_high_x``, ``interval_x`` in words, and the same with ``y``.
    """
    is_x = found["table"] == "predictivity"
    x = found[is_x].rename(columns={"value": "predictivity"})
    known = found[~is_x].merge(
        x[["method", "predictivity", "ci_low", "ci_high"]], on="method", suffixes=("_y", "_x")
    )
    for axis, value in (("x", "predictivity"), ("y", "value")):
        low, high = known[f"ci_low_{axis}"], known[f"ci_high_{axis}"]
        known[f"interval_{axis}"] = list(map(interval, low, high))
        # Without an interval, the line has no length.
        known[f"ci_low_{axis}"] = low.where(low.notna() & high.notna(), known[value])
        known[f"ci_high_{axis}"] = high.where(low.notna() & high.notna(), known[value])
    return known


def cells_between(scores: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Scored cells between subjects, thinned to about `MOST_CELLS`, and how many there are.

    Cells of a candidate or of another brain are left out.
    """
    found = scores[
        (scores["verdict"] == "ok")
        & scores["comparison"].isin(["networks", "brain", "groups"])
        & (scores["source_subject"] != scores["target_subject"])
    ]
    same = (found["source_part"] == found["target_part"]).map(
        {True: "same part", False: "different part"}
    )
    # Every tenth cell, say, could always have the same target.
    kept = _steps(len(found)) * len(found) < MOST_CELLS
    return found.assign(relation=same)[kept], len(found)


def overview(rows: pd.DataFrame, methods: Sequence[MethodLook]) -> dict[str, Any]:
    """Chart of `readings`: a point per method with both intervals, and a choice of the reading."""
    names = list(dict.fromkeys(rows["reading"]))
    select = alt.binding_select(options=names, name="Vertical axis: ")
    choice = alt.param(name="reading", value=names[0], bind=select)
    chart = alt.Chart(_data(rows, methods)).transform_filter(alt.datum.reading == choice)
    legend = alt.selection_point(fields=["label"], bind="legend")
    colour = _colour(rows, methods)
    x, y = "predictivity (held-out R²)", "the reading chosen above"
    told = [
        alt.Tooltip("label:N", title="method"),
        alt.Tooltip("predictivity:Q", title="predictivity", format=".3f"),
        alt.Tooltip("interval_x:N", title="of predictivity"),
        alt.Tooltip("reading:N", title="reading"),
        alt.Tooltip("value:Q", title="value of the reading", format=".3f"),
        alt.Tooltip("interval_y:N", title="of the reading"),
    ]
    faded = alt.when(legend).then(alt.value(1)).otherwise(alt.value(0.12))
    shared = {"color": colour, "opacity": faded, "tooltip": told}
    few = alt.Axis(tickCount=8)
    at_x = alt.X("predictivity:Q", title=x, axis=few).scale(zero=False)
    at_y = alt.Y("value:Q", title=y, axis=few).scale(zero=False)
    across = chart.mark_rule(strokeWidth=1.5).encode(
        alt.X("ci_low_x:Q", title=x, axis=few), alt.X2("ci_high_x:Q"), at_y, **shared
    )
    along = chart.mark_rule(strokeWidth=1.5).encode(
        at_x, alt.Y("ci_low_y:Q", title=y, axis=few), alt.Y2("ci_high_y:Q"), **shared
    )
    points = chart.mark_point(filled=True, size=130).encode(at_x, at_y, **shared)
    layered = alt.layer(across, along, points.add_params(choice, legend))
    return _spec(layered, 420)


def cell_chart(cells: pd.DataFrame, methods: Sequence[MethodLook]) -> dict[str, Any]:
    """Chart of `cells_between`: a line of points per method, with subject and part on hover."""
    # Cells with one score do not hide each other.
    rows = cells.assign(jitter=_steps(len(cells)))
    parts = ["all", *dict.fromkeys(rows["target_part"])]
    choice = alt.param(
        name="part", value="all", bind=alt.binding_select(options=parts, name="Target: ")
    )
    legend = alt.selection_point(fields=["relation"], bind="legend")
    present = [look.label for look in methods if look.name in set(rows["method"])]
    keep = ["method", "relation", "score", "jitter"]
    keep += ["source_subject", "source_part", "target_subject", "target_part"]
    chart = (
        alt.Chart(_data(rows[keep], methods))
        .transform_filter("part == 'all' || datum.target_part == part")
        .mark_circle(size=28)
        .encode(
            alt.X("score:Q", title="score of a cell", axis=alt.Axis(tickCount=8)).scale(
                domain=[max(LOWEST, rows["score"].min()), rows["score"].max()],
                nice=True,
                clamp=True,
            ),
            alt.Y("label:N", title=None, sort=present),
            alt.YOffset("jitter:Q"),
            alt.Color("relation:N", title=None)
            .scale(domain=["same part", "different part"], range=["#3b76af", "#d1601f"])
            .legend(orient="top"),
            opacity=alt.when(legend).then(alt.value(0.6)).otherwise(alt.value(0.03)),
            tooltip=[
                alt.Tooltip("label:N", title="method"),
                *(
                    alt.Tooltip(f"{end}_{what}:N", title=f"{end} {what}")
                    for end in ("source", "target")
                    for what in ("subject", "part")
                ),
                alt.Tooltip("score:Q", title="score", format=".3f"),
            ],
        )
        .add_params(choice, legend)
    )
    return _spec(chart, 80 + 44 * len(present))


def _steps(n: int) -> np.ndarray:
    """`n` numbers from 0 to 1 that fill it evenly, wherever one stops."""
    return (GOLDEN * np.arange(n)) % 1


def _data(rows: pd.DataFrame, methods: Sequence[MethodLook]) -> alt.Data:
    """Rows as records with the label of each method; a missing number is null."""
    labels = {look.name: look.label for look in methods}
    told = rows.assign(label=rows["method"].map(labels))
    return alt.Data(values=told.astype(object).where(told.notna(), None).to_dict("records"))


def _colour(rows: pd.DataFrame, methods: Sequence[MethodLook]) -> alt.Color:
    shown = [look for look in methods if look.name in set(rows["method"])]
    scale = alt.Scale(domain=[look.label for look in shown], range=[look.colour for look in shown])
    legend = alt.Legend(orient="bottom", columns=2, title=None, labelLimit=180)
    return alt.Color("label:N", scale=scale, legend=legend)


def _spec(chart: alt.Chart | alt.LayerChart | alt.FacetChart, height: int) -> dict[str, Any]:
    """The chart as Vega-Lite, as wide as its place, without colours of text and axes."""
    fit = alt.AutoSizeParams(type="fit", contains="padding")
    with alt.theme.enable("none"):
        sized = chart.properties(width="container", height=height, autosize=fit)
        spec: dict[str, Any] = sized.to_dict()
    return spec
