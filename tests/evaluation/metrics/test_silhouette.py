"""Silhouette: scikit-learn's where options are the default, by loops where they are not."""

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import silhouette_samples

from tests.evaluation.made_up import make_population, make_scores
from workflow_scripts.evaluation.metric import Random
from workflow_scripts.evaluation.metrics import mds
from workflow_scripts.evaluation.metrics.silhouette import CARD, measure, silhouette
from workflow_scripts.evaluation.similarity import (
    distance_matrix,
    scored_profiles,
    similarity_matrix,
)

SUBJECTS = np.repeat(["s0", "s1", "s2"], 4)
PARTS = np.tile(["l1", "l2", "l3", "l4"], 3)


@pytest.fixture
def similarity():
    return np.random.default_rng(0).uniform(-0.5, 1, (12, 12))


def test_default_equals_scikit_learn(similarity):
    distance = distance_matrix(similarity)
    _, _, values = silhouette(distance, SUBJECTS, PARTS)
    np.testing.assert_allclose(values, silhouette_samples(distance, PARTS, metric="precomputed"))


def test_it_equals_the_definition_in_loops(similarity):
    """Also where some subjects lack a part, and with and without pairs of one subject."""
    kept = [0, 1, 2, 4, 5, 6, 7, 8, 10, 11]
    distance = distance_matrix(similarity)[np.ix_(kept, kept)]
    subjects, parts = SUBJECTS[kept], PARTS[kept]
    for excluded in (False, True):
        expected = np.empty((3, len(kept)))
        for i, (subject, part) in enumerate(zip(subjects, parts, strict=True)):
            to_part = {label: [] for label in PARTS}
            for j, (other, label) in enumerate(zip(subjects, parts, strict=True)):
                if i != j and not (excluded and other == subject):
                    to_part[label].append(distance[i, j])
            a = np.mean(to_part.pop(part))
            b = min(np.mean(values) for values in to_part.values())
            expected[:, i] = a, b, (b - a) / max(a, b)
        np.testing.assert_allclose(silhouette(distance, subjects, parts, excluded), expected)


def test_several_labellings_at_once_equal_each_alone(similarity):
    distance = distance_matrix(similarity)
    others = np.random.default_rng(1).permuted(np.tile(PARTS[:, None], 5), axis=0)
    for excluded in (False, True):
        together = silhouette(distance, SUBJECTS, others, excluded)
        for number, labels in enumerate(others.T):
            alone = silhouette(distance, SUBJECTS, labels, excluded)
            np.testing.assert_allclose([side[:, number] for side in together], alone)


@pytest.mark.parametrize("excluded", [False, True])
def test_profiles_that_are_all_the_same_have_a_silhouette_of_zero(excluded):
    """As in scikit-learn; the quotient of the definition would be 0 / 0."""
    distance = np.zeros((12, 12))
    a, b, values = silhouette(distance, SUBJECTS, PARTS, excluded)
    assert (a == 0).all() and (b == 0).all()
    assert list(values) == [0] * 12
    assert list(silhouette_samples(distance, PARTS, metric="precomputed")) == [0] * 12


def test_a_part_of_one_subject_alone_has_no_silhouette_but_is_a_rival():
    subjects, parts = ["s0", "s1", "s0"], ["l1", "l1", "l2"]
    distance = np.array([[0, 1, 3], [1, 0, 2], [3, 2, 0]], float)
    a, b, values = silhouette(distance, subjects, parts)
    np.testing.assert_array_equal(a, [1, 1, np.nan])
    np.testing.assert_array_equal(b, [3, 2, 2.5])
    np.testing.assert_allclose(values, [2 / 3, 1 / 2, np.nan])
    _, b, _ = silhouette(distance, subjects, parts, exclude_same_subject=True)
    np.testing.assert_array_equal(b, [np.nan, 2, 2])


def test_a_missing_distance_is_missing_in_the_silhouettes_of_both_profiles(similarity):
    distance = distance_matrix(similarity)
    distance[0, 5] = distance[5, 0] = np.nan
    _, _, values = silhouette(distance, SUBJECTS, PARTS)
    assert list(np.flatnonzero(np.isnan(values))) == [0, 5]


def test_perfect_recognition_has_a_silhouette_of_one():
    distance = 1.0 - (PARTS[:, None] == PARTS[None])
    a, b, values = silhouette(distance, SUBJECTS, PARTS)
    assert (a == 0).all()
    assert (b == 1).all()
    assert (values == 1).all()


@pytest.mark.parametrize(("name", "value"), [("mean", 0.5), ("min", 0.2), ("max", 0.8)])
def test_symmetrisation(name, value):
    distance = distance_matrix(np.array([[np.nan, 0.2], [0.8, np.nan]]), name)
    np.testing.assert_allclose(distance, [[0, 1 - value], [1 - value, 0]])


def test_clipping_ends_at_zero_and_one():
    similarity = np.array([[np.nan, -3.0], [1.5, np.nan]])
    assert distance_matrix(similarity)[0, 1] == 0.5
    assert distance_matrix(similarity, clip=False)[0, 1] == 1.75


def test_leaving_out_the_same_subject_changes_b_alone():
    """A subject's own other layer is near; without it the nearest other layer is far."""
    subjects, parts = ["s0", "s0", "s1", "s1"], ["l1", "l2", "l1", "l2"]
    distance = np.array([[0, 2, 1, 8], [2, 0, 8, 1], [1, 8, 0, 2], [8, 1, 2, 0]], float)
    a, b, _ = silhouette(distance, subjects, parts)
    assert list(a) == [1, 1, 1, 1]
    assert list(b) == [5, 5, 5, 5]
    a, b, _ = silhouette(distance, subjects, parts, exclude_same_subject=True)
    assert list(a) == [1, 1, 1, 1]
    assert list(b) == [8, 8, 8, 8]


def test_similarities_go_from_row_to_column():
    scores = pd.DataFrame(
        {
            "source_subject": ["a"],
            "source_part": ["l1"],
            "target_subject": ["b"],
            "target_part": ["l1"],
            "score": [0.7],
        }
    )
    matrix = similarity_matrix(scores, [("a", "l1"), ("b", "l1")])
    assert matrix[0, 1] == 0.7
    assert np.isnan(matrix[1, 0])


def test_scores_of_other_profiles_are_left_out():
    scores = pd.DataFrame(
        [("a", "l1", "b", "l1", 0.7), ("a", "l1", "b", "l2", 0.1), ("b", "l2", "a", "l1", 0.2)],
        columns=["source_subject", "source_part", "target_subject", "target_part", "score"],
    )
    matrix = similarity_matrix(scores, [("b", "l1"), ("a", "l1")])
    np.testing.assert_array_equal(matrix, [[np.nan, np.nan], [0.7, np.nan]])


MONKEYS = ["a", "b", "c"]


@pytest.fixture
def monkeys():
    """Scores of three animals in pairs: 0.9 to the same area and 0.1 to another.

    The third animal has too few units in the last area, and only the first one has FEF.
    """
    areas = {"a": ["V4", "IT", "FEF"], "b": ["V4", "IT"], "c": ["V4"]}
    population = make_population("pairs", parts=["V4", "IT", "FEF"])
    scores = make_scores(population, ["brain"], animals=MONKEYS, in_pairs=True)
    cells = scores.cells
    missing = [
        part not in areas[subject]
        for subject, part in zip(cells["target_subject"], cells["target_part"], strict=True)
    ]
    same = cells["source_part"] == cells["target_part"]
    cells = cells.assign(
        score=np.where(missing, np.nan, np.where(same, 0.9, 0.1)),
        verdict=np.where(missing, "skipped", "ok"),
    )
    return replace(scores, cells=cells), population


def test_an_area_that_one_subject_alone_has_is_left_out_of_a_silhouette(monkeys):
    """It has nothing to be recognised by; nor has an area with too few units."""
    scores, population = monkeys
    profiles = scored_profiles(scores.cells, population)
    assert profiles == [("a", "V4"), ("a", "IT"), ("b", "V4"), ("b", "IT"), ("c", "V4")]
    rows = measure(scores, population, Random(0, 50))
    default = rows[rows["default"]]
    # Distances of .1 to the same area and of .9 to the other.
    assert default["mean_a"].tolist() == pytest.approx([0.1] * 3)
    assert default["mean_b"].tolist() == pytest.approx([0.9] * 3)
    assert default["silhouette"].tolist() == pytest.approx([8 / 9] * 3)
    assert set(mds.measure(scores, population, Random(0, 50))["part"]) == {"V4", "IT"}


def test_where_areas_cannot_be_told_apart_the_silhouette_is_not_positive(monkeys):
    scores, population = monkeys
    alike = scores.cells.assign(score=scores.cells["score"].where(lambda s: s.isna(), 0.5))
    rows = measure(replace(scores, cells=alike), population, Random(0, 50))
    assert rows.loc[rows["default"], "silhouette"].tolist() == pytest.approx([0] * 3)


def test_all_subjects_of_networks_are_judged_even_without_a_score():
    """They all have all layers, so that a missing score is an error that must be seen."""
    population = make_population("networks")
    scores = make_scores(population, ["networks"])
    cells = scores.cells.assign(verdict="skipped", score=np.nan)
    expected = list(product(population.subjects, population.parts))
    assert scored_profiles(cells, population) == expected
    rows = measure(replace(scores, cells=cells), population, Random(0, 50))
    assert rows["silhouette"].isna().all()


@pytest.mark.parametrize("n_shared", [0, 1])
def test_areas_that_no_two_subjects_share_have_no_silhouette_and_no_map(n_shared):
    """One area alone has no other one from which it could be told apart."""
    population = make_population("pairs", parts=["V4", "IT"])
    scores = make_scores(population, ["brain"], animals=["a", "b"], in_pairs=True)
    targets = {("a", "V4"), ("b", "IT"), ("b", "V4")} if n_shared else {("a", "V4"), ("b", "IT")}
    pairs = zip(scores.cells["target_subject"], scores.cells["target_part"], strict=True)
    there = [pair in targets for pair in pairs]
    cells = scores.cells.assign(
        score=scores.cells["score"].where(there), verdict=np.where(there, "ok", "skipped")
    )
    scores = replace(scores, cells=cells)
    rows = measure(scores, population, Random(0, 50))
    assert list(rows) == list(CARD.columns)
    assert not len(rows)
    assert not len(mds.measure(scores, population, Random(0, 50)))
