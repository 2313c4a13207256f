"""Folds of the training stimuli, and the losses on those that are held out."""

import numpy as np
from scipy.special import xlogy

from workflow_scripts.solvers.glm.families import Poisson
from workflow_scripts.solvers.glm.folds import ceilings, fold_after_fold, fold_slices, pose_folds
from workflow_scripts.solvers.glm.links import Softplus


def test_folds_are_every_nth_stimulus_and_differ_by_at_most_one():
    order, folds = fold_after_fold(11, 3), fold_slices(11, 3)
    assert [list(order[fold]) for fold in folds] == [[0, 3, 6, 9], [1, 4, 7, 10], [2, 5, 8]]


def test_the_ceiling_of_a_fold_is_by_its_own_training_stimuli():
    Y = np.array([[1.0, 2.0, 3.0, 5.0], [0.0, 0.0, 0.0, 4.0]])
    found = ceilings(Y, [slice(0, 2), slice(2, 4)])
    # The second unit is silent when the last two are held out.
    np.testing.assert_allclose(found, 1.2 * np.array([[5, 4], [2, 1]]))


def test_every_stimulus_is_held_out_once_and_trains_in_all_other_folds():
    random = np.random.default_rng(0)
    A, Y = random.normal(size=(11, 4)), random.poisson(2, (3, 11)).astype(float)
    folds = pose_folds(A, Y, 3, Softplus, Poisson)
    np.testing.assert_array_equal(np.vstack([fold.A for fold in folds]), A)
    np.testing.assert_array_equal(np.hstack([fold.Y for fold in folds]), Y)
    for fold in folds:
        trained = {tuple(row) for row in fold.problem.A}
        assert trained.isdisjoint(map(tuple, fold.A))
        assert len(trained) == 11 - len(fold.A)


def test_the_loss_of_a_fit_is_that_of_its_predictions_on_held_out_stimuli():
    random = np.random.default_rng(1)
    A, Y = random.normal(size=(12, 4)), random.poisson(2, (5, 12)).astype(float)
    fold = pose_folds(A, Y, 3, Softplus, Poisson)[1]
    targets, theta = np.array([4, 0, 2]), random.normal(size=(3, 4))
    found = fold.held_out_losses(theta, np.array([True, False, True]), targets)
    mu = np.minimum(np.logaddexp(0, theta @ A[4:8].T), fold.ceiling[targets, None])
    expected = (mu - xlogy(Y[targets, 4:8], mu)).sum(axis=1)
    np.testing.assert_allclose(found[[0, 2]], expected[[0, 2]])
    assert found[1] == np.inf, "a fit that has not converged"
