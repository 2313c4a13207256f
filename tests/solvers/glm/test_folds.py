"""Losses of all folds from one fit, against fits of each fold."""

import numpy as np

from workflow_scripts.solvers.glm.families import Gaussian, Poisson
from workflow_scripts.solvers.glm.folds import (
    ceilings,
    diagonalise,
    fold_after_fold,
    fold_slices,
    losses_from_one_fit,
)
from workflow_scripts.solvers.glm.links import Softplus
from workflow_scripts.solvers.glm.problem import pose_problem
from workflow_scripts.solvers.glm.quasi_newton import minimise
from workflow_scripts.solvers.principal_axes import principal_axes


def design(n_stimuli, n_units, n_folds):
    """Source in its principal axes with a column of ones, and its squared singular values."""
    random = np.random.default_rng(0)
    Z = random.normal(size=(n_stimuli, n_units)) * np.arange(1, n_units + 1) ** -0.5
    U, s, _ = principal_axes(Z - Z.mean(axis=0))
    return np.hstack([np.ones((n_stimuli, 1)), U * s]), s**2, random


def both_losses(A, power, Y, alpha, n_folds, family):
    """Held-out losses (n_targets,) from one fit, and by a fit of each fold."""
    start, problem = pose_problem(A, Y, Softplus, family)
    penalty = alpha * problem.divisors * (1 - 1 / n_folds)
    theta, _ = minimise(start, problem, penalty / problem.divisors, 1e-8, 10_000)
    slices = fold_slices(len(A), n_folds)
    ceiling = np.full((n_folds, len(Y)), np.inf)
    folds = diagonalise(A, n_folds)
    approximate, _ = losses_from_one_fit(theta, problem, penalty, power, folds, ceiling)
    exact = np.zeros(len(Y))
    for fold in slices:
        train = np.delete(np.arange(len(A)), fold)
        start, part = pose_problem(A[train], Y[:, train], Softplus, family)
        theta, _ = minimise(start, part, penalty / part.divisors, 1e-8, 10_000)
        mean = Softplus.evaluate(theta @ A[fold].T, np)
        exact += family.loss(Y[:, fold], *mean)[0].sum(axis=1)
    return approximate, exact


def test_folds_are_every_nth_stimulus_and_differ_by_at_most_one():
    order, folds = fold_after_fold(11, 3), fold_slices(11, 3)
    assert [list(order[fold]) for fold in folds] == [[0, 3, 6, 9], [1, 4, 7, 10], [2, 5, 8]]


def test_one_step_is_exact_where_the_loss_is_quadratic():
    """A softplus mean far above zero is linear, and with a Gaussian likelihood it is ridge."""
    A, power, random = design(60, 20, 4)
    Y = 100 + (A[:, 1:] @ random.normal(size=(20, 6))).T + random.normal(size=(6, 60))
    approximate, exact = both_losses(A, power, Y, 0.1, 4, Gaussian)
    np.testing.assert_allclose(approximate, exact, rtol=1e-5)


def test_one_step_is_nearly_exact_for_poisson_losses():
    A, power, random = design(500, 40, 5)
    drive = A[:, 1:] @ random.normal(size=(40, 10))
    Y = random.poisson(np.logaddexp(0, drive)).T.astype(float)
    approximate, exact = both_losses(A, power, Y, 0.1, 5, Poisson)
    np.testing.assert_allclose(approximate, exact, rtol=3e-3)


def test_the_ceiling_of_a_fold_is_by_its_own_training_stimuli():
    Y = np.array([[1.0, 2.0, 3.0, 5.0], [0.0, 0.0, 0.0, 4.0]])
    found = ceilings(Y, [slice(0, 2), slice(2, 4)])
    # The second unit is silent when the last two are held out.
    np.testing.assert_allclose(found, 1.2 * np.array([[5, 4], [2, 1]]))
