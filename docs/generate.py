"""Write docs/methods.md from the docstrings, cards and parameters of methods and metrics.

    uv run python docs/generate.py

A test compares the page with what this prints, so nobody edits the page by hand. Text that stands
in no other file is in `HEAD` and `FOOT`.
"""

import inspect
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter

sys.path.insert(0, str(Path(__file__).parents[1]))  # the workflow is not an installed package

from workflow_scripts.alignment import method
from workflow_scripts.common.cards import Gallery
from workflow_scripts.common.forms import LARGEST
from workflow_scripts.evaluation import metric
from workflow_scripts.report import method_cards
from workflow_scripts.report.method_cards import documentation, words

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "methods.md"

HEAD = """\
# Methods and metrics

This page is written by `uv run python docs/generate.py` from the files in
[`workflow_scripts/methods/`](../workflow_scripts/methods) and
[`workflow_scripts/evaluation/metrics/`](../workflow_scripts/evaluation/metrics). To change a text,
change the docstring or the card in the file. [CONTRIBUTING.md](../CONTRIBUTING.md) says how to add
a method or a metric.

## How to read this page

A method compares a *source* with a *target*. Both are *profiles*: the responses of one subject's
layer or area to the same images, as a matrix with one row per image and one column per unit.

- A **mapping** learns to predict the target's units from the source's units on some images. Its
  score is the explained variance (R²) of the predictions on other images: 1 is perfect, 0 is as
  good as the mean response, and below 0 is worse than that.
- A **geometry** compares how similar the images are to each other in the source and in the target.
  It predicts nothing, so it has no predictivity.
- **Pre** and **post** mean before and after the output non-linearity of a unit. A network has both;
  a brain has only post, so a method that reads or predicts pre is not computed for brains.
- Methods are **invariant** to some changes of the source's units, which then do not change the
  score. The contract test checks every invariance that a card declares.

A parameter is set in the configuration, under `methods` or `metrics`:

```yaml
methods:
  ridge_post: {alphas: [1.0, 10.0, 100.0]}
```

`null` in place of the braces leaves a method or metric out.
"""

FOOT = """\
## Several entries from one file

An entry of the configuration may have a name of its own. It then names the file that it uses, and
has its own label and colour for figures:

```yaml
methods:
  glm_relu:
    method: generalised_linear
    label: ReLU, Poisson
    colour: "#637939"
    link: relu
    family: poisson
```
"""

METRICS_HEAD = """\
## Metrics

Each metric is one table of each population, `results/tables/<population>/<metric>.csv`. Its first
column is `population`: `networks`, or the name of a brain. Its last is `data_kind`, see
[results/README.md](../results/README.md).
"""


def page() -> str:
    """The whole page."""
    defaults = yaml.safe_load((ROOT / "config.yaml").read_text("utf-8"))
    parts = [
        HEAD,
        "## Methods\n",
        overview(defaults["methods"]),
        *(method_section(name) for name in in_order(method.METHODS, defaults["methods"])),
        FOOT,
        METRICS_HEAD,
        *(metric_section(name) for name in in_order(metric.METRICS, defaults["metrics"])),
    ]
    return "\n".join(parts)


def in_order(gallery: Gallery, defaults: Iterable[str]) -> list[str]:
    """Files of a gallery: those that the default configuration names first, in its order."""
    names = list(defaults)
    return names + [name for name in gallery.names() if name not in names]


def overview(defaults: Iterable[str]) -> str:
    """One row per method."""
    rows = ["| method | what it is | source → target | runs by default |", "|---|---|---|---|"]
    for name in in_order(method.METHODS, defaults):
        card = method.METHODS.card(name)
        title = documentation(method.METHODS, name)[0].rstrip(".")
        stages = f"{card.source_stage} → {card.target_stage}"
        is_default = "yes" if name in defaults else ""
        rows.append(f"| [`{name}`](#{name}) | {title} | {stages} | {is_default} |")
    return "\n".join(rows) + "\n"


def method_section(name: str) -> str:
    """Docstring, card and parameters of one method."""
    facts = method_cards.facts(method.METHODS.card(name))
    text = documentation(method.METHODS, name)
    estimator = method.METHODS.load(name).Estimator
    return section(name, text, facts, parameters(method.METHODS, name, estimator))


def metric_section(name: str) -> str:
    """Docstring, card, parameters and columns of one metric."""
    card = metric.METRICS.card(name)
    candidates = f", with at least {card.min_candidates} candidates" if card.min_candidates else ""
    facts = [
        f"Computed for: {words(code(card.populations))}{candidates}.",
        f"From the comparisons: {words(code(card.comparisons))}.",
    ]
    text = documentation(metric.METRICS, name)
    measure = metric.METRICS.load(name).measure
    columns = ["| column | what it holds |", "|---|---|"]
    columns += [f"| `{column}` | {what} |" for column, what in card.table_columns.items()]
    found = section(name, text, facts, parameters(metric.METRICS, name, measure))
    return found + "\n" + "\n".join(columns) + "\n"


def section(name: str, text: tuple[str, str], facts: list[str], options: list[str]) -> str:
    """One section of the page."""
    listed = [*facts, *options]
    body = f"\n{text[1]}\n" if text[1] else ""
    return f"### {name}\n\n{text[0]}\n{body}\n" + "\n".join(f"- {item}" for item in listed) + "\n"


def parameters(gallery: Gallery, name: str, entry: Callable[..., Any]) -> list[str]:
    """Allowed values, default and meaning of each parameter of a file."""
    signature = inspect.signature(entry)
    meanings = described(inspect.getdoc(entry) or "")
    rows = []
    for parameter, form in gallery.parameters(name).items():
        default = as_yaml(signature.parameters[parameter].default)
        allowed = in_words(TypeAdapter(form).json_schema())
        meaning = f" {meanings[parameter]}" if parameter in meanings else ""
        rows.append(f"Parameter `{parameter}`: {allowed}; default {default}.{meaning}")
    return rows or ["It has no parameters."]


def described(docstring: str) -> dict[str, str]:
    """Texts of the section Parameters of a numpydoc docstring, by parameter."""
    found = re.search(r"^Parameters\n-+\n(.*?)(?=^\w.*\n-+\n|\Z)", docstring, re.S | re.M)
    entries = re.findall(r"^(\w+) :.*\n((?:^ +.*\n?)+)", found[1] if found else "", re.M)
    return {name: " ".join(text.split()) for name, text in entries}


def in_words(schema: dict[str, Any]) -> str:
    """A JSON schema of a parameter in words."""
    if "anyOf" in schema:
        return " or ".join(in_words(item) for item in schema["anyOf"])
    if "enum" in schema:
        return words(code(schema["enum"]), "or")
    if schema["type"] == "array":
        return f"list of {in_words(schema['items']).replace('number', 'numbers')}"
    limits = {"minimum": "at least", "exclusiveMinimum": "above"}
    limits |= {"maximum": "at most", "exclusiveMaximum": "below"}
    told = [
        f"{word} {schema[key]:g}"
        for key, word in limits.items()
        if key in schema and schema[key] != LARGEST
    ]
    kinds = {"integer": "whole number", "boolean": "`true` or `false`", "string": "text"}
    kind = kinds.get(schema["type"], schema["type"]).replace("null", "`null`")
    return " ".join([kind, *([" and ".join(told)] if told else [])])


def as_yaml(value: Any) -> str:
    """A default as it is written in the configuration; of a long list, only the ends."""
    if isinstance(value, tuple | list):
        if len(value) > 5:
            return f"{len(value)} values from {value[0]:g} to {value[-1]:g}"
        return f"`[{', '.join(f'{item:g}' for item in value)}]`"
    return f"`{yaml.safe_dump(value).splitlines()[0]}`"


def code(items: Iterable[object]) -> list[str]:
    """Items as they are written in files, marked as code."""
    return [f"`{item}`" for item in items]


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
