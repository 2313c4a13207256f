"""Matching of units: exact plans and assignments, and the maps that need no transport."""

import numpy as np
import ot
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment, linprog

from workflow_scripts.common.errors import NotComparable
from workflow_scripts.methods import one_to_one, semi_matching
from workflow_scripts.solvers import matching
from workflow_scripts.solvers.matching import assignment, transport_plan

HARD_COSTS = {
    "correlations": lambda random, p, q: (
        1 - np.corrcoef(random.normal(size=(p + q, 3)))[:p, p:] if p + q > 1 else np.ones((p, q))
    ),
    "nearly tied": lambda random, p, q: 1 + 1e-15 * random.integers(-5, 5, (p, q)),
    "integers": lambda random, p, q: random.integers(-2, 3, (p, q)).astype(float),
    "constant": lambda random, p, q: np.ones((p, q)),
    "product": lambda random, p, q: np.outer(random.random(p), random.random(q)),
    "many magnitudes": lambda random, p, q: 10.0 ** random.integers(-300, 300, (p, q)),
}


@pytest.mark.parametrize("kind", HARD_COSTS)
@settings(max_examples=25, deadline=None)
@given(p=st.integers(1, 60), q=st.integers(1, 60), seed=st.integers(0, 10**6))
def test_assignment_costs_what_scipy_finds(kind, p, q, seed):
    cost = HARD_COSTS[kind](np.random.default_rng(seed), p, q)
    rows, columns = assignment(cost)
    assert len(set(rows)) == len(set(columns)) == len(rows) == min(p, q)
    best = cost[linear_sum_assignment(cost)].sum()
    assert cost[rows, columns].sum() == pytest.approx(best, rel=1e-12, abs=1e-12)


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
    monkeypatch.setattr(matching, "MAX_ITERATIONS", iterations)
    with pytest.raises(NotComparable, match="did not converge"):
        transport_plan(np.random.default_rng(0).random((300, 70)))


def by_loops(X, Y, X_test, partners):
    """Univariate least squares from each target's partner, or the training mean without one.

    A test response counts at most one deviation beyond those that the line was fitted to.
    """
    reach = X.std(axis=0)
    X_test = np.clip(X_test, X.min(axis=0) - reach, X.max(axis=0) + reach)
    predicted = np.empty((len(X_test), Y.shape[1]))
    for target in range(Y.shape[1]):
        predicted[:, target] = Y[:, target].mean()
        if target in partners:
            slope, intercept = np.polyfit(X[:, partners[target]], Y[:, target], 1)
            predicted[:, target] = slope * X_test[:, partners[target]] + intercept
    return predicted


@pytest.mark.parametrize(("p", "q"), [(6, 6), (4, 9), (9, 4)])
def test_one_to_one_and_semi_matching_are_univariate_least_squares(p, q):
    random = np.random.default_rng(5)
    X, Y, X_test = (random.normal(size=(30, units)) for units in (p, q, p))
    correlation = np.corrcoef(X.T, Y.T)[:p, p:]
    sources, targets = linear_sum_assignment(correlation, maximize=True)
    for method, partners in (
        (one_to_one, dict(zip(targets, sources, strict=True))),
        (semi_matching, dict(enumerate(correlation.argmax(axis=0)))),
    ):
        fitted = method.Estimator().fit(X, Y)
        np.testing.assert_allclose(fitted.predict(X_test), by_loops(X, Y, X_test, partners))


def test_constant_targets_are_predicted_by_their_value():
    X = np.random.default_rng(6).normal(size=(20, 3))
    for method in (one_to_one, semi_matching):
        fitted = method.Estimator().fit(X, np.full((20, 2), 4.0))
        np.testing.assert_array_equal(fitted.predict(X), np.full((20, 2), 4.0))


def test_empty_profiles_have_a_reason():
    X = np.random.default_rng(7).normal(size=(20, 3))
    for source, target, reason in ((X, X[:, :0], "no units"), (X[:, :0], X, "no source unit")):
        with pytest.raises(NotComparable, match=reason):
            one_to_one.Estimator().fit(source, target)
