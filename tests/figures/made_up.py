"""Made-up tables of the metrics, from which panels are drawn in tests."""

from dataclasses import replace
from functools import cache
from itertools import cycle, product

import numpy as np
import pandas as pd
import yaml

from tests.evaluation.made_up import MAPPINGS, make_population, make_scores
from workflow_scripts.evaluation.metric import METRICS, Random
from workflow_scripts.evaluation.plan import CLAIMS
from workflow_scripts.figures.composition import composition
from workflow_scripts.figures.panel import MethodLook, PanelData

LABELS = ("Ridge (post)", "Partial soft matching", "Pre linear softplus", "RSA")
SUBJECTS = ("alexnet/0", "alexnet/1", "alexnet/2")
ANIMALS = ("monkey_a", "monkey_b", "monkey_c")
KINDS = {
    "networks": ["networks"],
    "brain": ["brain"],
    "pairs": ["brain", "pairs"],
    "simulated_brains": ["simulated_brains"],
}
"""What cards of panels call a population: networks, a brain, one whose subjects are compared in
pairs, and all simulated brains together."""
SIMULATED = "macaque: 3 simulated subjects"
DESCRIPTIONS = {"networks": "3 seeds of a network", **dict.fromkeys(list(KINDS)[1:], SIMULATED)}
"""A population of each kind in words, for the footer."""
TRUTHS = {
    "alexnet_mice": "alexnet",
    "alexnet_noiseless_mice": "alexnet_noiseless",
    "alexnet_untrained_mice": "alexnet_untrained",
    "resnet18_mice": "resnet18",
}
"""Simulated brains, and the variants of the networks from which they are simulated."""
INTERVAL = {"low": 0.2, "high": 0.5, "resampled": "subjects and stimuli"}
NO_INTERVAL = {"low": np.nan, "high": np.nan, "resampled": ""}
CHOICES = {
    "predictivity": ["median over units", "mean over units"],
    "specificity": [
        f"silhouette, {how} of directions, {clipped}, {pairs}"
        for how in ("mean", "min", "max")
        for clipped in ("clipped", "not clipped")
        for pairs in ("all pairs", "other subjects")
    ]
    + ["d_prime", "auc", "identification"],
    "separability": [
        f"{scale} separability, {layers}, mean of {combined}"
        for scale in ("raw", "relative")
        for layers in ("best layer", "mean of layers")
        for combined in ("separabilities", "similarities")
    ],
}
CHOICES["distances"] = CHOICES["specificity"][:-3]
"""Names of the choices of how to measure what claims compare, the configured one first."""


def looks(n, n_controls=0):
    """Looks of `n` methods, the last ones controls; labels are about as long as real ones."""
    return [
        MethodLook(
            f"method_{i}",
            f"{LABELS[i % len(LABELS)]} {i}",
            f"#{i:02d}8050",
            control=i >= n - n_controls,
        )
        for i in range(n)
    ]


def kinds_of(figure):
    """Kinds of populations that a figure is drawn for; pairs only if not all brains have it."""
    kinds = [kind for kind, names in KINDS.items() if composition(figure).is_for(names)]
    return [kind for kind in kinds if kind != "pairs" or "brain" not in kinds]


def panel_data(n_methods, n_parts, kind, n_controls=0, animals=ANIMALS):
    """Tables of every metric and of the claims, with an interval for every method but the first.

    `kind` is one of `KINDS`. The scores of single subjects are not those of the tables. What takes
    long is computed once; the tables are new each time, and a test may change them.
    """
    methods = looks(n_methods, n_controls)
    values = {
        method.name: INTERVAL if number else NO_INTERVAL for number, method in enumerate(methods)
    }
    if kind == "simulated_brains":
        tables = [_of_methods(table, "recovery", values) for table in _recovery()]
        return PanelData({"recovery": pd.concat(tables)}, methods, [], TRUTHS)
    word = "conv" if kind == "networks" else "area"
    parts = [f"{word}{number}" for number in range(1, n_parts + 1)]
    tables = {
        "predictivity": _predictivity(values, parts),
        "silhouette": _silhouette(values),
        "mds": _mds(values, parts, SUBJECTS if kind == "networks" else animals, kind == "pairs"),
        "separability": _separability(values, parts),
        "claims": _claims("networks" if kind == "networks" else "brain"),
    }
    for name in set(METRICS.names()) - set(tables):
        if set(KINDS[kind]) & set(METRICS.card(name).populations):
            table = _measured(name, kind, tuple(parts))
            tables[name] = _of_methods(table, name, values) if "method" in table else table
    population = "networks" if kind == "networks" else "macaque"
    return PanelData(
        {name: pd.DataFrame(rows).assign(population=population) for name, rows in tables.items()},
        methods,
        parts,
        scores=_scores(methods, parts, kind, animals),
    )


def _scores(methods, parts, kind, animals):
    """Scores that differ between methods by a constant."""
    own = ["networks"] if kind == "networks" else ["brain", "model_to_brain", "brain_to_model"]
    made = make_scores(make_population(kind, parts), own, 0, animals, in_pairs=kind == "pairs")
    cells = made.cells.assign(correlation=0.6, correlation_ceiling=0.9, correlation_corrected=0.7)
    tables = {"scores": cells, "split_scores": made.splits}
    columns = {"scores": "score", "split_scores": "split_score"}
    return {
        name: pd.concat(
            [
                rows.assign(
                    method=method.name, **{columns[name]: rows[columns[name]] - 0.01 * number}
                )
                for number, method in enumerate(methods)
            ],
            ignore_index=True,
        )
        for name, table in tables.items()
        if len(rows := table[table["method"] == MAPPINGS[0]])
    }


@cache
def _measured(metric, kind, parts):
    """Table of any other metric, measured on made-up scores."""
    card = METRICS.card(metric)
    population = make_population(kind, parts, n_candidates=max(2, card.min_candidates))
    scores = make_scores(population, card.comparisons, in_pairs=kind == "pairs")
    return METRICS.load(metric).measure(scores, population, Random(0, 20))


def _of_methods(table, metric, values):
    """The rows of one method for every method, with its interval."""
    card, rows = METRICS.card(metric), table[table["method"] == MAPPINGS[0]]
    return pd.concat([_with_intervals(rows, card, name, row) for name, row in values.items()])


def _with_intervals(rows, card, method, interval):
    """Rows of a method, all with the same interval, as `compute_metric` adds it."""
    columns = {
        column: interval[end]
        for pair in card.interval_columns.values()
        for column, end in zip(pair, ("low", "high"), strict=True)
    }
    return rows.assign(method=method, **columns, resampled=interval["resampled"])


def _interval(row):
    """An interval as the columns of a table with one value."""
    return {"ci_low": row["low"], "ci_high": row["high"], "resampled": row["resampled"]}


@cache
def _recovery():
    """Table of every simulated brain, from scores that are the same for all methods."""
    tables = []
    for seed, (brain, variant) in enumerate(TRUTHS.items()):
        population = replace(
            make_population("brain", ["area1", "area2"]),
            candidates=[f"{name}/0" for name in TRUTHS.values()],
            truth={"variant": variant, "layers": {"area1": "conv1", "area2": "conv2"}},
        )
        scores = make_scores(population, METRICS.card("recovery").comparisons, seed)
        table = METRICS.load("recovery").measure(scores, population, Random(0, 0))
        tables.append(table.assign(population=brain))
    return tables


@cache
def _claims_of_the_paper():
    return yaml.safe_load(CLAIMS.read_text("utf-8"))


def _claims(kind):
    """The claims of the paper, with every verdict, and none for one of the choices."""
    verdicts = cycle(["holds", "undecided", "fails", "not measured", "holds"])
    return [
        {
            "claim": claim["claim"],
            "statement": claim["statement"],
            "measure": claim["measure"],
            "choice": choice,
            "is_default": number == 0,
            "part": part,
            "margin": 0.1,
            "verdict": next(verdicts),
        }
        for claim in _claims_of_the_paper()
        if claim["population"] == kind
        for number, choice in enumerate(CHOICES[claim["measure"]])
        for part in ("one", "another", "all")
    ]


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
            **_interval(row),
        }
        for part, relation, statistic in product([*parts, "overall"], relations, statistics)
        for rank, (method, row) in enumerate(values.items())
    ]


def _silhouette(values):
    return [
        {
            "method": method,
            "symmetrisation": "mean",
            "clip": True,
            "exclude_same_subject": not default,
            "default": default,
            "silhouette": 0.3,
            **_interval(row),
        }
        for method, row in values.items()
        for default in (True, False)
    ]


def _mds(values, parts, subjects, lacks_last):
    """Positions of all profiles, perhaps without the last part of the last subject."""
    random = np.random.default_rng(0)
    rows = [
        {"method": method, "subject": subject, "part": part, "stress": 0.1}
        for method, subject, part in product(values, subjects, parts)
        if not (lacks_last and (subject, part) == (subjects[-1], parts[-1]))
    ]
    return pd.DataFrame(rows).assign(
        x=random.normal(size=len(rows)), y=random.normal(size=len(rows))
    )


def _separability(values, parts):
    directions = ("model_to_brain", "brain_to_model", "both")
    return [
        {
            "method": method,
            "direction": direction,
            "area": area,
            "scale": scale,
            "separability": 0.2 if scale == "raw" else 0.7,
            **_interval(row),
        }
        for method, row in values.items()
        for direction, area, scale in product(directions, [*parts, "mean"], ("raw", "relative"))
    ]
