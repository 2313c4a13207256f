"""Made-up tables of scores of a plausible shape, for tests of what is computed from them."""

from itertools import product

import numpy as np
import pandas as pd

METHODS = [
    {"name": "soft_matching", "label": "Soft matching", "colour": "#ff7f0e", "kind": "mapping"},
    {"name": "ridge_post", "label": "Ridge (post)", "colour": "#2ca02c", "kind": "mapping"},
    {"name": "ridge_pre", "label": "Ridge (pre)", "colour": "#98df8a", "kind": "mapping"},
    {"name": "linear_nonlinear", "label": "Linear nonlinear", "colour": "#1f77b4", "kind": "mapping"},
    {"name": "linear_softplus", "label": "Linear softplus", "colour": "#9467bd", "kind": "mapping"},
    {
        "name": "pre_linear_softplus",
        "label": "Pre linear softplus",
        "colour": "#d62728",
        "kind": "mapping",
    },
    {"name": "rsa", "label": "RSA", "colour": "#7f7f7f", "kind": "geometry"},
    {"name": "rsa_squared", "label": "RSA squared", "colour": "#c7c7c7", "kind": "geometry"},
]
# Height of the best score and how fast scores fall with the distance between parts.
SHAPES = {
    "soft_matching": (0.35, 0.06),
    "ridge_post": (0.60, 0.10),
    "ridge_pre": (0.80, 0.16),
    "linear_nonlinear": (0.66, 0.13),
    "linear_softplus": (0.72, 0.15),
    "pre_linear_softplus": (0.85, 0.20),
    "rsa": (0.80, 0.12),
    "rsa_squared": (0.64, 0.16),
}
LAYERS = [f"conv{i}" for i in range(1, 6)]
AREAS = ["VISp", "VISl", "VISrl", "VISal", "VISpm", "VISam"]
SUBJECTS = [f"alexnet/{seed}" for seed in range(3)]
MICE = [str(900001 + i) for i in range(8)]
CANDIDATES = ["alexnet/0", "alexnet_instance/0", "alexnet_untrained/0", "resnet18/0"]
SETTINGS = {
    "seed": 0,
    "bootstrap": {"n": 200},
    "methods": METHODS,
    "layers": LAYERS,
    "areas": AREAS,
    "silhouette": {"symmetrisation": "mean", "clip": True, "exclude_same_subject": False},
    "mds": {"n_init": 4},
    "separability": {"layer_rule": "best_cv", "combine": "separabilities"},
    "stimuli": "photographs",
}
NAMES = [method["name"] for method in METHODS]
POST = [name for name in NAMES if name not in ("ridge_pre", "pre_linear_softplus")]


def _cells(comparison):
    layers, areas = list(enumerate(LAYERS)), list(enumerate(AREAS))
    if comparison == "models":
        for (s, (i, source)), (t, (j, target)) in product(product(SUBJECTS, layers), repeat=2):
            if s != t or i != j:
                yield s, source, t, target, abs(i - j), 0.0
    elif comparison == "mouse":
        for mouse, (i, source), (j, target) in product(MICE, areas, areas):
            yield "pool", source, mouse, target, 0.5 * abs(i - j), 0.35
    else:
        for (k, name), (i, layer), (j, area) in product(enumerate(CANDIDATES), layers, areas):
            # Candidates fall behind one another, further in the direction from the brain.
            loss = 0.35 + (0.03 if comparison == "model_to_mouse" else 0.07) * k
            if comparison == "model_to_mouse":
                for mouse in MICE:
                    yield name, layer, mouse, area, 0.5 * abs(i - j), loss
            else:
                yield "pool", area, name, layer, 0.5 * abs(i - j), loss


def make_tables(seed=0, n_splits=3, noise=0.02, data_kind="simulated"):
    """Tables as `collect_scores` writes them: one row a cell, one row a cell and split."""
    stream = np.random.default_rng(seed)
    cells, splits = [], []
    for comparison in ("models", "mouse", "model_to_mouse", "mouse_to_model"):
        for method in NAMES if comparison == "models" else POST:
            top, fall = SHAPES[method]
            count = n_splits if not method.startswith("rsa") else 1
            for s, i, t, j, steps, loss in _cells(comparison):
                key = [comparison, method, s, i, t, j]
                height = top * (1 - loss) - fall * steps + (0.03 if s == t else 0)
                values = height + noise * stream.standard_normal(count)
                mean = float(values.mean())
                kind = "networks" if comparison == "models" else data_kind
                cells.append([*key, "ok", "", mean, mean - 0.01, 40, 40, 0, 0.5, kind])
                splits += [[*key, k, value] for k, value in enumerate(values)]
    names = ["comparison", "method", "source_subject", "source_part"]
    names += ["target_subject", "target_part"]
    counts = ["n_source_units", "n_target_units", "n_dropped_units", "seconds", "data_kind"]
    return (
        pd.DataFrame(cells, columns=[*names, "verdict", "reason", "score", "score_mean", *counts]),
        pd.DataFrame(splits, columns=[*names, "split", "score"]),
    )


def write_tables(folder, **options):
    """Both tables as files in a folder; their paths."""
    paths = folder / "scores.csv", folder / "split_scores.csv"
    for table, path in zip(make_tables(**options), paths, strict=True):
        table.to_csv(path, index=False)
    return paths
