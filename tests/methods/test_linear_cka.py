"""Debiased linear CKA: against the formula on whole kernels, and what the debiasing is for."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflow_scripts.common.errors import NotComparable
from workflow_scripts.methods.linear_cka import Estimator


def cka(X, Y):
    estimator = Estimator()
    return estimator.compare(estimator.prepare(X), estimator.prepare(Y))


def hsic_by_loops(K, L):
    """Unbiased HSIC: its definition as averages over different stimuli (Song et al. 2012)."""
    n = len(K)
    pairs = np.mean([K[i, j] * L[i, j] for i, j in itertools.permutations(range(n), 2)])
    triples = np.mean([K[i, j] * L[i, k] for i, j, k in itertools.permutations(range(n), 3)])
    fours = np.mean([K[i, j] * L[k, m] for i, j, k, m in itertools.permutations(range(n), 4)])
    return pairs - 2 * triples + fours


def biased_cka(X, Y):
    X, Y = X - X.mean(axis=0), Y - Y.mean(axis=0)
    norms = np.linalg.norm(X.T @ X) * np.linalg.norm(Y.T @ Y)
    return np.linalg.norm(X.T @ Y) ** 2 / norms


@settings(max_examples=20, deadline=None)
@given(st.integers(4, 7), st.integers(1, 30), st.integers(1, 30), st.integers(0, 10**6))
def test_equals_its_definition_for_few_and_many_units(n, p, q, seed):
    random = np.random.default_rng(seed)
    X, Y = random.normal(3, 1, size=(n, p)), random.normal(size=(n, q))
    K, L = X @ X.T, Y @ Y.T
    expected = hsic_by_loops(K, L) / np.sqrt(hsic_by_loops(K, K) * hsic_by_loops(L, L))
    assert cka(X, Y) == pytest.approx(expected, abs=1e-6)


def test_independent_noise_of_many_units_is_not_alike():
    random = np.random.default_rng(1)
    X, Y = random.normal(size=(2, 50, 2000))
    assert biased_cka(X, Y) > 0.9
    assert abs(cka(X, Y)) < 0.1


def test_orthogonal_maps_scale_and_shift_do_not_matter():
    random = np.random.default_rng(2)
    X = random.normal(size=(30, 8))
    turned = np.linalg.qr(random.normal(size=(8, 8)))[0]
    assert cka(X, 1e5 * X @ turned + 7) == pytest.approx(1)


def test_large_offsets_and_units_keep_their_digits():
    random = np.random.default_rng(3)
    X, Y = random.normal(size=(2, 30, 8))
    expected = cka(X, Y)
    assert cka(1e-100 * X, 1e100 * Y) == pytest.approx(expected)
    assert cka(X + 1e6, Y) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("X", "reason"),
    [
        (np.arange(3.0)[:, None], "at least 4 stimuli, found 3"),
        (np.full((9, 4), 0.1), "no unit"),
        (np.ones((9, 1)), "no unit"),
        (np.eye(9), "equally similar"),
    ],
)
def test_what_cannot_be_compared_has_a_reason(X, reason):
    with pytest.raises(NotComparable, match=reason):
        Estimator().prepare(X)
