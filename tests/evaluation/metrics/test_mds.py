"""Maps: distances in the plane are found again, and a method without all scores has no map."""

import logging
from dataclasses import replace

import numpy as np
import pytest

from tests.evaluation.made_up import make_population, make_scores
from workflow_scripts.evaluation.metric import Random
from workflow_scripts.evaluation.metrics.mds import embed, measure


def test_distances_in_the_plane_are_found_again():
    points = np.random.default_rng(0).normal(size=(8, 2))
    distance = np.linalg.norm(points[:, None] - points[None], axis=-1)
    positions, stress = embed(distance, n_init=10, seed=0)
    again = np.linalg.norm(positions[:, None] - positions[None], axis=-1)
    assert stress < 0.01
    np.testing.assert_allclose(again, distance, atol=0.05)


def test_distances_that_no_plane_has_leave_stress():
    """Six points at equal distances."""
    distance = 1.0 - np.eye(6)
    positions, stress = embed(distance, n_init=10, seed=0)
    upper = np.triu_indices(6, 1)
    placed = np.linalg.norm(positions[:, None] - positions[None], axis=-1)[upper]
    assert stress == pytest.approx(np.sqrt(((placed - 1) ** 2).sum() / len(upper[0])))
    assert stress > 0.1


def test_every_map_is_turned_onto_the_first_one():
    """The second method's scores are those of the first; its map starts elsewhere."""
    population = make_population("networks")
    scores = make_scores(population, ["networks"])
    ridge = scores.cells[scores.cells["method"] == "ridge"]
    values = scores.cells["score"].where(scores.cells["method"] != "null", np.nan)
    values[scores.cells["method"] == "null"] = ridge["score"].to_numpy()
    table = measure(
        replace(scores, cells=scores.cells.assign(score=values)), population, Random(0, 1)
    )
    maps = table.set_index("method")[["x", "y"]]
    np.testing.assert_allclose(maps.loc["ridge"], maps.loc["null"], atol=0.05)


def test_a_method_with_a_cell_without_a_score_has_no_map(caplog):
    population = make_population("networks")
    scores = make_scores(population, ["networks"])
    cells = scores.cells.copy()
    cells.loc[cells["method"].eq("ridge").idxmax(), "score"] = np.nan
    with caplog.at_level(logging.WARNING):
        table = measure(replace(scores, cells=cells), population, Random(0, 1))
    assert set(table["method"]) == {"null", "rsa"}
    assert "ridge has no map" in caplog.text
    none = measure(replace(scores, cells=cells.assign(score=np.nan)), population, Random(0, 1))
    assert list(none) == list(table)
    assert not len(none)
