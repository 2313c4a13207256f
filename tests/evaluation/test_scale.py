"""Every table can be made of 20 methods, 58 subjects of six areas, and 50 networks of five layers.

Scores are drawn, so that nothing is fitted. Of the subjects, shards are collected, written and read
as in a run, with three groups to leave out of each kind in place of six and twenty. The 1.2 million
cells of the networks are measured as they are, as their tables alone would take a minute to write.
"""

import logging
import resource
import shutil
import sys
from itertools import permutations, product

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml

from workflow_scripts.alignment import collect_scores
from workflow_scripts.alignment.method import METHODS
from workflow_scripts.common.files import read_table, write_netcdf, write_table
from workflow_scripts.common.profile import POOL
from workflow_scripts.evaluation import check_claims, compute_metric
from workflow_scripts.evaluation.metric import METRICS, Population, Random, Scores
from workflow_scripts.evaluation.plan import CLAIMED, CLAIMS
from workflow_scripts.evaluation.replicates import replicate
from workflow_scripts.evaluation.score_tables import ScoreTables

MAPPINGS = [name for name in METHODS.names() if METHODS.card(name).kind == "mapping"]
GEOMETRIES = [name for name in METHODS.names() if name not in MAPPINGS]
MORE = [f"{number:03}" for number in range(20 - len(METHODS.names()))]
"""Methods may have names that look like numbers, and so may subjects."""
ALL = [*MAPPINGS, *MORE, *GEOMETRIES]

SUBJECTS = [f"{number:03}" for number in range(58)]
AREAS = ["VISp", "VISl", "VISrl", "VISal", "VISpm", "VISam"]
NETWORKS = [f"alexnet/{seed}" for seed in range(50)]
LAYERS = [f"conv{number}" for number in range(1, 6)]
CANDIDATES, READ_OUT = ["alexnet/50", "resnet18/0"], LAYERS[::2]
"""Networks that are compared with the subjects, and their layers."""
N_SPLITS, N_GROUPS = 2, 3
MOST_MB = 2000
"""Most memory that all of this may add to the process; the scores of the networks need 800 MB."""

TEXT = [
    *("comparison", "brain", "method", "source_subject", "source_part", "target_subject"),
    *("target_part", "data_kind"),
]
DTYPES = {
    "cells": {
        **dict.fromkeys([*TEXT, "verdict", "reason"], "str"),
        **dict.fromkeys(["score", "score_mean", "correlation", "seconds"], "float64"),
        **dict.fromkeys(["correlation_ceiling", "correlation_corrected"], "float64"),
        **dict.fromkeys(["n_above_ceiling", "n_source_units", "n_target_units"], "int64"),
        **dict.fromkeys(["n_dropped_units", "n_unconverged_fits"], "int64"),
        **dict.fromkeys(["n_penalties", "n_penalty_ends"], "int64"),
    },
    "splits": {
        **dict.fromkeys(TEXT, "str"),
        "split": "int64",
        **dict.fromkeys(["split_score", "selection_score"], "float64"),
    },
}
BRAIN = Population(
    name="mouse",
    kind="brain",
    subjects=[],
    parts=AREAS,
    candidates=CANDIDATES,
    mappings=[*MAPPINGS, *MORE],
    truth={"variant": "alexnet", "layers": dict(zip(AREAS, READ_OUT * 2, strict=True))},
)
POPULATION = Population(
    name="networks",
    kind="networks",
    subjects=NETWORKS,
    parts=LAYERS,
    candidates=[],
    mappings=[*MAPPINGS, *MORE],
)
OF_SUBJECTS = {
    "brain": product(product([POOL], AREAS), product(SUBJECTS, AREAS)),
    "model_to_brain": product(product(CANDIDATES, READ_OUT), product(SUBJECTS, AREAS)),
    "brain_to_model": product(product([POOL], AREAS), product(CANDIDATES, READ_OUT)),
    "brain_to_brain": product(product([POOL], ["A17", "A18"]), product(SUBJECTS, AREAS)),
}


def metrics_of(*kinds):
    return [name for name in METRICS.names() if set(kinds) & set(METRICS.card(name).populations)]


def drawn(pairs, seed):
    """Names of the cells, and their scores by split: higher between equal parts."""
    names = np.array([(*source, *target) for source, target in pairs]).T
    score = 0.3 + 0.5 * (names[1] == names[3])
    random = np.random.default_rng(seed)
    return names, score[:, None] + 0.1 * random.standard_normal((len(score), N_SPLITS)), random


def shard(comparison, cells):
    """A shard with these cells, the second of which is skipped; without its method and scores."""
    keys = ("source_subject", "source_part", "target_subject", "target_part")
    names = np.array([(*source, *target) for source, target in cells], dtype=object).T
    n = len(cells)
    skipped = np.arange(n) == 1
    variables = {
        **{key: ("cell", values) for key, values in zip(keys, names, strict=True)},
        "verdict": ("cell", np.where(skipped, "skipped", "ok").astype(object)),
        "reason": ("cell", np.where(skipped, "the source has no units", "").astype(object)),
        "unit_score": (("cell", "target_unit"), np.empty((n, 1))),
        "split_score": (("cell", "split"), np.empty((n, N_SPLITS))),
        "selection_score": (("cell", "split"), np.empty((n, N_SPLITS))),
        **{name: ("cell", np.full(n, 5)) for name in DTYPES["cells"] if name.startswith("n_")},
        "seconds": ("cell", np.full(n, 0.5)),
    }
    for kind, score in product(("stimuli", "subjects"), ("score", "score_mean", "split_score")):
        axes = ("cell", "split", f"{kind}_group")
        shape = (n, N_SPLITS, N_GROUPS)
        axes, shape = (axes, shape) if score == "split_score" else (axes[::2], shape[::2])
        variables[f"{score}_without_{kind}"] = axes, np.empty(shape, np.float32)
    groups = str([SUBJECTS[start::N_GROUPS] for start in range(N_GROUPS)]).replace("'", '"')
    attributes = {"comparison": comparison, "brain": "mouse", "method": ""}
    attributes |= {"data_kind": "recorded", "subject_groups": groups}
    return xr.Dataset(variables, attrs=attributes)


def scores(cells, seed):
    """What differs between the shards of two methods: a drawn score for each variable."""
    _, by_split, random = drawn(cells, seed)
    by_split[1] = np.nan
    mean = by_split.mean(axis=1)
    found = {"unit_score": mean[:, None], "split_score": by_split, "selection_score": by_split}
    for kind, (score, values) in product(
        ("stimuli", "subjects"),
        (("score", mean), ("score_mean", mean), ("split_score", by_split)),
    ):
        without = values[..., None] + 0.02 * random.standard_normal((*values.shape, N_GROUPS))
        found[f"{score}_without_{kind}"] = without
    return found


def write_shards(folder, comparison, cells):
    """Write a shard of each method: the first as in a run, and its scores into copies of it."""
    paths = [folder / f"{comparison}_{method}.nc" for method in ALL]
    write_netcdf(shard(comparison, cells), paths[0])
    for seed, (method, path) in enumerate(zip(ALL, paths, strict=True)):
        if seed:
            shutil.copy(paths[0], path)
        with h5py.File(path, "r+") as file:
            file.attrs["method"] = method
            for name, values in scores(cells, seed).items():
                file[name][:] = values
    return paths


@pytest.fixture(scope="module", autouse=True)
def quiet():
    """Every fit takes the largest penalty, of which a warning per method is given."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def peak_mb():
    """Most memory that this process has had."""
    in_mb = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / in_mb


@pytest.fixture(scope="module")
def peak_before():
    return peak_mb()


@pytest.fixture(autouse=True)
def memory(peak_before):
    yield
    assert peak_mb() - peak_before < MOST_MB


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    """The three files of the subjects' scores."""
    folder = tmp_path_factory.mktemp("scale")
    shards = [
        path
        for comparison, cells in OF_SUBJECTS.items()
        for path in write_shards(folder, comparison, list(cells))
    ]
    paths = [folder / name for name in ("scores.csv", "splits.csv", "jackknife.nc")]
    collect_scores.main(shards, *paths)
    return paths


@pytest.fixture(scope="module")
def networks():
    """Scores between all networks, without one network and without one group of stimuli."""
    names, by_split, random = drawn(permutations(product(NETWORKS, LAYERS), 2), 0)
    values = {"comparison": "networks", "brain": "", "data_kind": "networks", "verdict": "ok"}
    keys = ("source_subject", "source_part", "target_subject", "target_part")
    values |= {"reason": "", **dict(zip(keys, names, strict=True))}
    cells = pd.concat(
        [
            pd.DataFrame({**values, "method": method, "score": by_split[:, 0] + 0.01 * number})
            for number, method in enumerate(ALL)
        ],
        ignore_index=True,
    )
    cells["score_mean"] = cells["score"] - 0.1
    cells = cells.reindex(columns=list(DTYPES["cells"])).fillna({"seconds": 0.5})
    counts = [name for name in cells if name.startswith("n_")]
    cells = cells.fillna(dict.fromkeys(counts, 5)).astype(DTYPES["cells"])
    without = {
        f"{name}_without_stimuli": cells[[name]] + 0.02 * random.standard_normal((len(cells), 1))
        for name in ("score", "score_mean")
    }
    without = {name: table.to_numpy() for name, table in without.items()}
    return Scores(cells, cells[:0], without, [NETWORKS[:1]])


def test_collected_tables_have_these_dtypes(collected):
    cells, splits = read_table(collected[0]), read_table(collected[1])
    n_cells = len(ALL) * sum((6 * 348, 6 * 348, 6 * 6, 2 * 348))
    assert (len(cells), len(splits)) == (n_cells, n_cells * N_SPLITS)
    assert cells.dtypes.astype(str).to_dict() == DTYPES["cells"]
    assert splits.dtypes.astype(str).to_dict() == DTYPES["splits"]
    assert set(cells["target_subject"]) == {*SUBJECTS, *CANDIDATES}
    assert set(cells["method"]) == set(ALL)


@pytest.mark.parametrize("metric", metrics_of("brain", "simulated"))
def test_metrics_of_subjects(metric, collected, tmp_path):
    settings = {
        **{"seed": 0, "n_draws": 20, "metric": metric, "parameters": {}},
        "mappings": BRAIN.mappings,
        "population": {key: value for key, value in vars(BRAIN).items() if key != "mappings"},
    }
    compute_metric.main(*collected, settings, tmp_path / "table.csv")
    table, card = read_table(tmp_path / "table.csv"), METRICS.card(metric)
    assert list(table) == list(card.table_columns)
    assert set(table["method"]) == set(BRAIN.mappings if card.of_mappings else ALL)
    for value in card.values:
        low, high = (table[name] for name in card.interval_columns[value])
        assert table[value].dtype == low.dtype == high.dtype == "float64"
        assert np.isfinite(table[value]).mean() > 0.5
        assert (low < high).any()


def test_claims_on_subjects(collected, tmp_path):
    rows = [("mouse", name, area, "recorded") for name, area in product(SUBJECTS, AREAS)]
    subjects = pd.DataFrame(rows, columns=["brain", "subject", "area", "data_kind"])
    write_table(subjects, tmp_path / "subjects.csv")
    facts = {key: value for key, value in vars(BRAIN).items() if key != "mappings"}
    settings = {
        "seed": 0,
        "claims": yaml.safe_load(CLAIMS.read_text("utf-8")),
        "mappings": BRAIN.mappings,
        "models": "50 seeds of alexnet",
        "population": {**facts, "metrics": {name: {} for name in CLAIMED if name != "silhouette"}},
        "networks": None,
    }
    scores = ScoreTables.read(*collected)
    check_claims.main(scores, None, tmp_path / "subjects.csv", settings, tmp_path / "claims.csv")
    claims = read_table(tmp_path / "claims.csv")
    assert {"holds", "undecided"} <= set(claims["verdict"])
    assert claims[["margin", "ci_low", "ci_high", "p"]].dtypes.eq("float64").all()


@pytest.mark.parametrize("metric", metrics_of("networks"))
def test_metrics_of_networks(metric, networks):
    parameters = {"n_init": 1} if metric == "mds" else {}
    found = replicate(metric, networks, POPULATION, Random(0, 20), parameters)
    card = METRICS.card(metric)
    assert list(found.table) == list(card.columns)
    assert set(found.table["method"]) == set(POPULATION.mappings if card.of_mappings else ALL)
    for value in card.values:
        assert np.isfinite(found.table[value]).all()
        assert np.isfinite(found.without_subjects[value]).all()
        assert np.isfinite(found.without_stimuli[value]).all()
