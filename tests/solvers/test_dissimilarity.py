"""Representational similarity, re-derived by loops."""

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr

from workflow_scripts.common.errors import NotComparable
from workflow_scripts.solvers.dissimilarity import dissimilarities, geometry_vector


def test_dissimilarities_are_one_minus_the_correlation_of_each_pair():
    X = np.random.default_rng(0).random((7, 5))
    expected = [1 - pearsonr(X[i], X[j]).statistic for i in range(7) for j in range(i + 1, 7)]
    np.testing.assert_allclose(dissimilarities(X), expected)


def test_geometry_is_the_correlation_of_dissimilarities():
    random = np.random.default_rng(1)
    X, Y = random.random((7, 5)), random.random((7, 9))
    for comparison, correlation in (("pearson", pearsonr), ("spearman", spearmanr)):
        product = geometry_vector(X, comparison) @ geometry_vector(Y, comparison)
        expected = correlation(dissimilarities(X), dissimilarities(Y)).statistic
        assert product == pytest.approx(expected)


def test_a_stimulus_without_a_pattern_is_refused():
    X = np.random.default_rng(2).random((7, 5))
    X[3] = 1
    with pytest.raises(NotComparable, match="no pattern"):
        dissimilarities(X)
    with pytest.raises(NotComparable, match="2 are needed"):
        dissimilarities(X[:, :1])
    with pytest.raises(NotComparable, match="equally dissimilar"):
        geometry_vector(np.eye(3), "pearson")
