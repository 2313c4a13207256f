"""The page of a run: what stands where, made from tables, figures and stamps."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import vl_convert
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from workflow_scripts.brains.description import describe_brain
from workflow_scripts.common.files import NAMES
from workflow_scripts.figures.panel import MethodLook
from workflow_scripts.report.answers import MEANINGS, answers, summary
from workflow_scripts.report.charts import LOWEST, cell_chart, cells_between, overview, readings
from workflow_scripts.report.origin import Origin
from workflow_scripts.report.standings import measured, standings

TEMPLATE = Path(__file__).with_name("page.html")
WHOLE_RUN = "Whole run"
READ = ("claims", "subjects", "predictivity", "specificity", "separability", "scores")
"""Tables of which the page says more than their rows."""

SHORT_COMMIT = 10
"""Letters of a commit in the head of the page; all of them stand below."""

DIRTY = "-dirty"
"""End of a commit from which the code differed; see `workflow_scripts.common.provenance`."""


def render(
    settings: Mapping[str, Any],
    tables: Sequence[Mapping[str, Any]],
    figures: Sequence[Mapping[str, Any]],
    origin: Origin,
) -> str:
    """The page as HTML.

    Parameters
    ----------
    settings : dict
        Those of the rule; see `workflow_scripts.report.plan.ReportPlan.settings`.
    tables : list of dict
        What the settings say of each table, with ``frame`` (its rows, where the page shows what
        they say) and ``file`` (an `EmbeddedTable`).
    figures : list of dict
        What the settings say of each figure, with its ``address``.
    origin : Origin
    """
    looks = [
        MethodLook(item["name"], item["label"], item["colour"], item["control"])
        for item in settings["methods"]
    ]
    charts: dict[str, Any] = {}
    populations = [
        _population(item, tables, looks, settings["networks"], charts)
        for item in settings["populations"]
    ]
    numbered = {f"table-{number}": item for number, item in enumerate(tables)}
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    environment.filters["marked"] = marked
    return environment.from_string(TEMPLATE.read_text("utf-8")).render(
        css=Markup(TEMPLATE.with_suffix(".css").read_text("utf-8")),
        js=Markup(TEMPLATE.with_suffix(".js").read_text("utf-8")),
        vega=Markup(_vega()),
        seed=settings["seed"],
        day=_day(origin.last),
        commit=", ".join(map(_short, origin.commits)),
        origin=origin,
        populations=populations,
        methods=settings["methods"],
        figure_groups=_grouped(figures, [{**item, "heading": _heading(item)} for item in figures]),
        table_groups=_grouped(tables, [_table(name, item) for name, item in numbered.items()]),
        data={
            "charts": charts,
            "names": NAMES,
            "tables": {
                name: {"name": item["name"], "columns": item["columns"]}
                for name, item in numbered.items()
            },
        },
    )


def marked(text: str) -> Markup:
    """Paragraphs of a text, with what stands in backticks as code."""
    coded = re.sub(r"(`+)(.+?)\1", r"<code>\2</code>", str(escape(text)), flags=re.DOTALL)
    return Markup("".join(f"<p>{paragraph}</p>\n" for paragraph in re.split(r"\n\s*\n", coded)))


@cache
def _vega() -> str:
    """The libraries that draw charts, as the text of one script."""
    bundle: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    # What ends a script would end it here, too. "</" alone also stands in regular expressions.
    return bundle.replace("</script", "<\\/script")


def _population(
    item: Mapping[str, str],
    tables: Sequence[Mapping[str, Any]],
    looks: Sequence[MethodLook],
    networks: str,
    charts: dict[str, Any],
) -> dict[str, Any]:
    """What the page says of one population; its charts are added to `charts`."""
    name, is_networks = item["name"], item["kind"] == "networks"
    frames = {
        table["name"]: table["frame"]
        for table in tables
        if table["population"] == name and table["frame"] is not None and len(table["frame"])
    }
    subjects, claims = frames.get("subjects"), frames.get("claims")
    labels = {look.name: look.label for look in looks}
    found = [] if claims is None else answers(claims, labels)
    values = measured(frames)
    kinds = set() if subjects is None else set(subjects["data_kind"])
    return {
        "heading": _title(name),
        "is_simulated": "simulated" in kinds,
        "parts": "layers" if is_networks else "areas",
        "standings": standings(values, looks),
        "data": networks if is_networks else _described(name, subjects),
        "summary": summary(found) if found else "",
        "verdicts": [
            (word, meaning, [one for one in found if one.verdict == word])
            for word, meaning in MEANINGS.items()
            if any(one.verdict == word for one in found)
        ],
        "overview": _overview(name, values, looks, charts),
        "cells": _cells(name, frames, looks, charts),
    }


def _described(brain: str, subjects: pd.DataFrame | None) -> str:
    return f"{brain}: no subject" if subjects is None else describe_brain(brain, subjects)


def _overview(
    name: str,
    found: pd.DataFrame,
    looks: Sequence[MethodLook],
    charts: dict[str, Any],
) -> dict[str, str]:
    points = readings(found)
    if points.empty:
        return {}
    key = f"overview of {name}"
    charts[key] = overview(points, looks)
    return {"chart": key}


def _cells(
    name: str,
    frames: Mapping[str, pd.DataFrame],
    looks: Sequence[MethodLook],
    charts: dict[str, Any],
) -> dict[str, str]:
    cells, n_cells = cells_between(frames["scores"]) if "scores" in frames else (pd.DataFrame(), 0)
    if cells.empty:
        return {}
    key = f"cells of {name}"
    charts[key] = cell_chart(cells, looks)
    told = f"All {n_cells} cells between two subjects."
    if len(cells) < n_cells:
        told = f"{len(cells)} of {n_cells} cells between two subjects, evenly chosen."
    if cells["score"].min() < LOWEST:
        told += f" Scores below {LOWEST} are drawn at {LOWEST}.".replace("-", "−")
    return {"chart": key, "told": told}


def _table(key: str, item: Mapping[str, Any]) -> dict[str, Any]:
    file = item["file"]
    saved_as = "_".join(filter(None, [item["population"], f"{item['name']}.csv"]))
    return {
        "id": key,
        "name": item["name"],
        "title": item["title"],
        "saved_as": saved_as,
        "link": file.link,
        "n_rows": file.n_rows,
        "content": file.content,
    }


def _grouped(
    items: Sequence[Mapping[str, Any]], shown: Sequence[dict[str, Any]]
) -> list[tuple[str, list[dict[str, Any]]]]:
    """What is shown of some items under the name of their population, each once."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for item, one in zip(items, shown, strict=True):
        heading = _title(item["population"]) if item["population"] else WHOLE_RUN
        groups.setdefault(heading, []).append(one)
    return list(groups.items())


def _heading(figure: Mapping[str, Any]) -> str:
    """A composed figure is known by its name, a panel by its title if it has one."""
    name = _title(figure["name"])
    if figure["is_composed"]:
        return f"{name}: {figure['title']}"
    return figure["title"] or name


def _title(name: str) -> str:
    return (name[:1].upper() + name[1:]).replace("_", " ")


def _short(commit: str) -> str:
    """A commit for the head of the page, which also says where the code was not that of it."""
    return commit[:SHORT_COMMIT] + (" with changes" if commit.endswith(DIRTY) else "")


def _day(time: str) -> str:
    """Day of a time in ISO format, such as 6 May 2026."""
    day = datetime.fromisoformat(time)
    return f"{day.day} {day:%B %Y}"
