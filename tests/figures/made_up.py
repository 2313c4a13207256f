"""Made-up tables of the metrics, from which panels are drawn in tests."""

from itertools import product

import numpy as np
import pandas as pd

from tests.evaluation.made_up import MAPPINGS, make_population, make_scores
from workflow_scripts.evaluation.metric import METRICS, Random
from workflow_scripts.figures.composition import composition
from workflow_scripts.figures.panel import MethodLook, PanelData

LABELS = ("Ridge (post)", "Partial soft matching", "Pre linear softplus", "RSA")
SUBJECTS = ("alexnet/0", "alexnet/1", "alexnet/2")
ANIMALS = ("monkey_a", "monkey_b", "monkey_c")
KINDS = {"networks": ["networks"], "brain": ["brain"], "pairs": ["brain", "pairs"]}
"""What cards call a population: networks, a brain, and one whose subjects are compared in pairs."""
INTERVAL = {"ci_low": 0.2, "ci_high": 0.5}
NO_INTERVAL = {"ci_low": np.nan, "ci_high": np.nan}


def looks(n):
    """Names, labels and colours of `n` methods; labels are about as long as real ones."""
    return [
        MethodLook(f"method_{i}", f"{LABELS[i % len(LABELS)]} {i}", f"#{i:02d}8050")
        for i in range(n)
    ]


def kinds_of(figure):
    """Kinds of populations that a figure is drawn for; pairs only if not all brains have it."""
    kinds = [kind for kind, names in KINDS.items() if composition(figure).is_for(names)]
    return [kind for kind in kinds if kind != "pairs" or "brain" not in kinds]


def panel_data(n_methods, n_parts, kind):
    """Tables of every metric, with an interval for every method but the first.

    `kind` is one of `KINDS`.
    """
    methods = looks(n_methods)
    word = "conv" if kind == "networks" else "area"
    parts = [f"{word}{number}" for number in range(1, n_parts + 1)]
    values = {
        method.name: {"data_kind": "simulated", **(INTERVAL if number else NO_INTERVAL)}
        for number, method in enumerate(methods)
    }
    tables = {
        "predictivity": _predictivity(values, parts),
        "silhouette": _silhouette(values),
        "mds": _mds(values, parts, SUBJECTS if kind == "networks" else ANIMALS),
        "separability": _separability(values, parts),
    }
    for name in set(METRICS.names()) - set(tables):
        if set(KINDS[kind]) & set(METRICS.card(name).populations):
            tables[name] = _measured(name, values, parts, kind)
    population = "networks" if kind == "networks" else "macaque"
    return PanelData(
        {name: pd.DataFrame(rows).assign(population=population) for name, rows in tables.items()},
        methods,
        parts,
    )


def _measured(metric, values, parts, kind):
    """Table of any other metric, measured on made-up scores; the same for all methods."""
    card = METRICS.card(metric)
    population = make_population(kind, parts, n_candidates=max(2, card.min_candidates))
    scores = make_scores(population, card.comparisons, in_pairs=kind == "pairs")
    table = METRICS.load(metric).measure(scores, population, Random(0, 20))
    if "method" not in table:
        return table
    rows = table[table["method"] == MAPPINGS[0]]
    return pd.concat([rows.assign(method=name) for name in values])


def _predictivity(values, parts):
    statistics = ("median", "mean", "correlation", "correlation_corrected")
    relations = ("same part", "different part")
    return [
        {
            "method": method,
            "relation": relation,
            "part": part,
            "statistic": statistic,
            "predictivity": 0.1 + 0.3 * (rank % 3),
            **row,
        }
        for part, relation, statistic in product([*parts, "overall"], relations, statistics)
        for rank, (method, row) in enumerate(values.items())
    ]


def _silhouette(values):
    return [
        {"method": method, "default": default, "silhouette": 0.3, **row}
        for method, row in values.items()
        for default in (True, False)
    ]


def _mds(values, parts, subjects):
    random = np.random.default_rng(0)
    rows = [
        {"method": method, "subject": subject, "part": part, "stress": 0.1}
        for method, subject, part in product(values, subjects, parts)
    ]
    return pd.DataFrame(rows).assign(
        x=random.normal(size=len(rows)), y=random.normal(size=len(rows))
    )


def _separability(values, parts):
    directions = ("model_to_brain", "brain_to_model", "both")
    return [
        {"method": method, "direction": direction, "area": area, "separability": 0.2, **row}
        for method, row in values.items()
        for direction, area in product(directions, [*parts, "mean"])
    ]
