"""Silhouette: scikit-learn's where options are the default, by hand where they are not."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import silhouette_samples

from workflow_scripts.evaluation.metrics.silhouette import silhouette
from workflow_scripts.evaluation.similarity import distance_matrix, similarity_matrix

SUBJECTS = np.repeat(["s0", "s1", "s2"], 4)
PARTS = np.tile(["l1", "l2", "l3", "l4"], 3)


@pytest.fixture
def similarity():
    return np.random.default_rng(0).uniform(-0.5, 1, (12, 12))


def test_default_equals_scikit_learn(similarity):
    distance = distance_matrix(similarity)
    _, _, values = silhouette(distance, SUBJECTS, PARTS)
    np.testing.assert_allclose(values, silhouette_samples(distance, PARTS, metric="precomputed"))


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
