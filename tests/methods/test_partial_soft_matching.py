"""Partial soft matching: exact plans of a share of the mass, and the corner of their costs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from workflow_scripts.methods import soft_matching
from workflow_scripts.methods.partial_soft_matching import Estimator, corner_plan, partial_plan
from workflow_scripts.solvers.matching import transport_plan


def least_cost(cost, mass):
    """Least cost of moving the mass, by linear programming."""
    p, q = cost.shape
    limits = np.vstack([np.kron(np.eye(p), np.ones(q)), np.kron(np.ones(p), np.eye(q))])
    return linprog(
        cost.ravel(),
        A_ub=limits,
        b_ub=np.r_[np.full(p, 1 / p), np.full(q, 1 / q)],
        A_eq=np.ones((1, p * q)),
        b_eq=[mass],
    ).fun


def assert_within_marginals(plan):
    p, q = plan.shape
    assert plan.min() >= 0
    assert plan.sum(axis=1).max() <= 1 / p + 1e-10
    assert plan.sum(axis=0).max() <= 1 / q + 1e-10


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 8), st.integers(1, 8), st.floats(0.01, 1), st.integers(0, 10**6))
def test_plan_is_the_optimum_of_the_linear_programme(p, q, mass, seed):
    cost = 2 * np.random.default_rng(seed).random((p, q))
    plan = partial_plan(cost, mass)
    assert_within_marginals(plan)
    assert plan.sum() == pytest.approx(mass, abs=1e-10)
    assert (plan * cost).sum() == pytest.approx(least_cost(cost, mass), abs=1e-9)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 7), st.integers(1, 7), st.integers(0, 10**6))
def test_corner_is_the_point_farthest_from_the_chord(p, q, seed):
    cost = 2 * np.random.default_rng(seed).random((p, q))
    plan = corner_plan(cost)
    mass, found = plan.sum(), (plan * cost).sum()
    assert_within_marginals(plan)
    assert found == pytest.approx(least_cost(cost, mass), abs=1e-9)
    whole = least_cost(cost, 1)
    distances = [m * whole - least_cost(cost, m) for m in np.linspace(0.05, 1, 20)]
    assert mass * whole - found >= max(distances) - 1e-9


def test_a_straight_curve_has_no_corner():
    for cost in (np.ones((4, 6)), np.zeros((3, 3)), 1 - np.eye(5)):
        assert corner_plan(cost).sum() == pytest.approx(1)


def test_whole_mass_is_soft_matching():
    random = np.random.default_rng(1)
    for p, q in ((6, 6), (9, 4)):
        X, Y = random.normal(size=(40, p)), random.normal(size=(40, q))
        expected = soft_matching.Estimator().fit(X, Y).predict(X)
        fitted = Estimator(mass=1).fit(X, Y)
        np.testing.assert_allclose(fitted.predict(X), expected, atol=1e-8)


def test_private_units_are_left_out():
    """Two thirds of the units are shared up to noise; the others are predicted by their mean."""
    random = np.random.default_rng(2)
    shared = random.normal(size=(400, 8))
    X, Y = (
        np.hstack([shared + 0.3 * random.normal(size=shared.shape), random.normal(size=(400, 4))])
        for _ in range(2)
    )
    for mass in (None, 8 / 12):
        fitted = Estimator(mass).fit(X, Y)
        assert fitted.extras_ == {"matched_mass": pytest.approx(8 / 12)}
        predicted = fitted.predict(X)
        np.testing.assert_allclose(predicted[:, 8:], np.tile(Y[:, 8:].mean(axis=0), (400, 1)))
        assert (predicted[:, :8].std(axis=0) > 0.5).all()


def test_a_pair_dearer_than_the_average_is_left_out():
    cost = np.array([[0.1, 1.0], [1.0, 0.9]])
    np.testing.assert_allclose(transport_plan(cost), np.diag([0.5, 0.5]))
    np.testing.assert_allclose(corner_plan(cost), np.diag([0.5, 0]))
