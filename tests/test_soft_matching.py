"""Soft matching: exact transport plans, one-to-one for equal numbers of units."""

import numpy as np
import ot
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from workflow_scripts.errors import InputError, NotComparable
from workflow_scripts.methods import soft_matching
from workflow_scripts.methods.soft_matching import Estimator, transport_plan


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 8), st.integers(1, 8), st.integers(0, 10**6))
def test_plan_is_the_optimum_of_the_linear_programme(p, q, seed):
    cost = np.random.default_rng(seed).random((p, q))
    plan = transport_plan(cost)
    np.testing.assert_allclose(plan.sum(axis=1), 1 / p)
    np.testing.assert_allclose(plan.sum(axis=0), 1 / q)
    assert plan.min() >= 0
    rows = np.kron(np.eye(p), np.ones(q))
    columns = np.kron(np.ones(p), np.eye(q))
    best = linprog(
        cost.ravel(),
        A_eq=np.vstack([rows, columns]),
        b_eq=np.r_[np.full(p, 1 / p), np.full(q, 1 / q)],
    )
    assert (plan * cost).sum() == pytest.approx(best.fun, abs=1e-9)


def test_assignment_costs_what_pot_finds():
    cost = np.random.default_rng(0).random((60, 60))
    uniform = np.full(60, 1 / 60)
    assert (transport_plan(cost) * cost).sum() == pytest.approx(
        ot.emd2(uniform, uniform, cost), abs=1e-10
    )


@pytest.mark.filterwarnings("ignore:numItermax")
@pytest.mark.parametrize("iterations", [50, 1000])
def test_a_solver_that_is_stopped_is_refused(monkeypatch, iterations):
    """Early its plan has wrong sums; late it has the right ones, but is not the optimum."""
    monkeypatch.setattr(soft_matching, "MAX_ITERATIONS", iterations)
    with pytest.raises(NotComparable, match="did not converge"):
        transport_plan(np.random.default_rng(0).random((300, 70)))


def test_permuted_units_are_found():
    X = np.random.default_rng(1).normal(size=(50, 12))
    order = np.random.default_rng(2).permutation(12)
    for scaling in ("corr", "zscore", "ols"):
        fitted = Estimator(scaling).fit(X, 3 * X[:, order] + 1)
        np.testing.assert_allclose(fitted.predict(X), 3 * X[:, order] + 1, atol=1e-10)


def test_weights_of_more_sources_than_targets_sum_to_one():
    """Each target averages over its share of the sources; with scaling zscore nothing else."""
    random = np.random.default_rng(3)
    X, Y = random.normal(size=(50, 20)), random.normal(size=(50, 5))
    fitted = Estimator("zscore").fit(X, Y)
    np.testing.assert_allclose((fitted.coef_ / Y.std(axis=0)).sum(axis=0), 1)


def test_unknown_scaling_is_refused():
    with pytest.raises(InputError, match="expected one of corr, zscore, ols"):
        Estimator("none").fit(np.eye(3), np.eye(3))
