"""Made-up scores of a population, in the form of the tables that `collect_scores` writes."""

import json
from itertools import product

import numpy as np
import pandas as pd

from workflow_scripts.alignment.cells import DIRECTIONS
from workflow_scripts.alignment.shard_rows import stack_replicates
from workflow_scripts.common.files import write_netcdf, write_table
from workflow_scripts.common.profile import POOL
from workflow_scripts.evaluation.metric import Population, Scores

N_SPLITS = 3
N_GROUPS = 4
"""Jackknife groups of stimuli."""
SAME, DIFFERENT = 0.8, 0.3
"""Score of a method between equal parts, and between different ones, before some noise."""

MAPPINGS, GEOMETRIES = ["ridge", "null"], ["rsa"]
"""Methods; one has a name that pandas takes for a missing value."""


def make_population(kind, parts=("p1", "p2", "p3"), n_candidates=2):
    """A population of three networks, or a brain with candidates, perhaps compared in pairs."""
    networks = kind == "networks"
    return Population(
        name="networks" if networks else "macaque",
        kind="networks" if networks else "brain",
        subjects=["alexnet/0", "alexnet/1", "alexnet/2"] if networks else [],
        parts=list(parts),
        candidates=[] if networks else [f"resnet{number}/0" for number in range(n_candidates)],
        mappings=MAPPINGS,
        truth={"variant": "resnet0", "layers": dict.fromkeys(parts, "conv1")}
        if kind == "simulated"
        else None,
    )


def make_scores(population, comparisons, seed=0, animals=("007", "8", "NA"), in_pairs=False):
    """Scores of all cells of these comparisons; one cell of each is skipped, except for networks.

    In pairs, the last area of the last animal has too few units to be a target.

    Parameters
    ----------
    population : Population
    comparisons : sequence of str
    seed : int
    animals : sequence of str
        Subjects of a brain.
    in_pairs : bool
        Whether they are compared in pairs, and not with the pool of all others.

    Returns
    -------
    Scores
    """
    random = np.random.default_rng(seed)
    layers = ["conv1", "conv2"]
    subjects, parts = population.subjects, population.parts
    pairs = {
        "networks": _pairs(subjects, parts),
        "brain": _pairs(animals, parts)
        if in_pairs
        else list(product(product([POOL], parts), product(animals, parts))),
        "model_to_brain": list(
            product(product(population.candidates, layers), product(animals, parts))
        ),
        "brain_to_model": list(
            product(product([POOL], parts), product(population.candidates, layers))
        ),
        "brain_to_brain": list(product(product(["cat"], ["A17", "A18"]), product(animals, parts))),
    }
    own = ["networks"] if population.kind == "networks" else list(pairs)[1:]
    brain = "" if population.kind == "networks" else population.name
    kind = "networks" if population.kind == "networks" else "recorded"
    cells, splits = [], []
    for comparison, method in product(
        [name for name in comparisons if name in own], [*MAPPINGS, *GEOMETRIES]
    ):
        for number, (source, target) in enumerate(pairs[comparison]):
            cell = {
                "comparison": comparison,
                "brain": brain,
                "method": method,
                "source_subject": source[0],
                "source_part": source[1],
                "target_subject": target[0],
                "target_part": target[1],
            }
            center = SAME if source[1] == target[1] else DIFFERENT
            has_splits = method in MAPPINGS or comparison in DIRECTIONS
            n_splits = N_SPLITS if has_splits else 1
            by_split = center + 0.1 * random.standard_normal(n_splits)
            # All cells of networks have a score, as a silhouette or a map needs.
            skipped = number == 1 and comparison != "networks"
            if in_pairs and comparison == "brain":
                skipped = target == (animals[-1], parts[-1])
            if skipped:
                by_split[:] = np.nan
            cells.append(
                {
                    **cell,
                    "verdict": "skipped" if skipped else "ok",
                    "reason": "the source has no units" if skipped else "",
                    "score": np.mean(by_split),
                    "score_mean": np.mean(by_split) - 0.1,
                    "correlation": np.nan,
                    "correlation_ceiling": np.nan,
                    "correlation_corrected": np.nan,
                    "n_above_ceiling": 0,
                    "n_source_units": 5,
                    "n_target_units": 5,
                    "n_dropped_units": 0,
                    "n_unconverged_fits": 0,
                    "n_penalties": 5 * n_splits,
                    "n_penalty_ends": 0,
                    "seconds": np.nan if skipped else 0.5,
                    "data_kind": kind,
                }
            )
            # Choices are made between the layers of a candidate alone.
            chosen_by = by_split + 0.1 * random.standard_normal(n_splits)
            splits += [
                {
                    **cell,
                    "split": split,
                    "split_score": value,
                    "selection_score": selection if comparison in DIRECTIONS else np.nan,
                    "data_kind": kind,
                }
                for split, (value, selection) in enumerate(zip(by_split, chosen_by, strict=True))
            ]
    tables = pd.DataFrame(cells), pd.DataFrame(splits)
    columns = {"score": tables[0], "score_mean": tables[0], "split_score": tables[1]}
    is_network = population.kind == "networks"
    groups = [[name] for name in (subjects if is_network else animals)]
    without = {}
    for (name, table), (kind, n) in product(
        columns.items(), (("stimuli", N_GROUPS), ("subjects", 0 if is_network else len(groups)))
    ):
        noise = 0.02 * random.standard_normal((len(table), n))
        without[f"{name}_without_{kind}"] = table[[name]].to_numpy() + noise
    return Scores(*tables, without, groups)


def write_scores(scores, folder):
    """The three files of `collect_scores` with the scores of a population, by their names."""
    paths = {
        "scores": folder / "scores.csv",
        "splits": folder / "splits.csv",
        "jackknife": folder / "jackknife.nc",
    }
    write_table(scores.cells, paths["scores"])
    write_table(scores.splits, paths["splits"])
    groups = {name: scores.subject_groups for name in scores.cells["comparison"].unique()}
    data = stack_replicates([scores.without])
    write_netcdf(data.assign_attrs(subject_groups=json.dumps(groups)), paths["jackknife"])
    return paths


def _pairs(subjects, parts):
    """All pairs of different profiles."""
    profiles = list(product(subjects, parts))
    return [(one, other) for one, other in product(profiles, profiles) if one != other]
