"""Folds of the training stimuli, and losses on held-out stimuli from one fit to all of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from array_api_compat import array_namespace

from workflow_scripts.solvers.arrays import Array
from workflow_scripts.solvers.glm.links import CAP
from workflow_scripts.solvers.glm.problem import Problem
from workflow_scripts.solvers.glm.quasi_newton import arithmetic_of


def fold_after_fold(n_stimuli: int, n_folds: int) -> np.ndarray:
    """Order of the stimuli in which those of a fold are next to each other.

    Every `n_folds`-th stimulus belongs to one fold, which is a random choice, because the training
    stimuli of a split are in random order.
    """
    return np.argsort(np.arange(n_stimuli) % n_folds, kind="stable")


def fold_slices(n_stimuli: int, n_folds: int) -> list[slice]:
    """Where the stimuli of each fold are in the order of `fold_after_fold`."""
    ends = np.cumsum(np.bincount(np.arange(n_stimuli) % n_folds))
    return [slice(int(start), int(end)) for start, end in zip([0, *ends[:-1]], ends, strict=True)]


@dataclass(frozen=True)
class Fold:
    """What of a fold depends on the source alone.

    Attributes
    ----------
    held_out : slice
        Stimuli that are held out; the others train.
    n_train : int
    power : array, shape (k,)
        Eigenvalues of the Gram matrix of the centred training stimuli.
    axes : array, shape (n_held_out, k)
        Held-out stimuli, minus the mean of the training stimuli, in the basis of its eigenvectors.
    """

    held_out: slice
    n_train: int
    power: Array
    axes: Array


def diagonalise(A: Array, n_folds: int) -> list[Fold]:
    """All folds of a source, in single precision.

    Parameters
    ----------
    A : array, shape (n_stimuli, 1 + k)
        Ones, and the stimuli in their principal axes, centred, fold after fold.
    n_folds : int
    """
    xp = array_namespace(A)
    axes = A[:, 1:]
    gram = axes.T @ axes
    folds = []
    for held_out in fold_slices(len(axes), n_folds):
        out = axes[held_out]
        n_train = len(axes) - len(out)
        mean = -xp.sum(out, axis=0) / n_train
        training_gram = gram - out.T @ out - n_train * mean[:, None] * mean
        # Half the time of double precision, and the losses are in single precision anyway.
        power, basis = xp.linalg.eigh(xp.astype(training_gram, xp.float32))
        # By rounding, a direction that no training stimulus has may get a negative power.
        power = xp.where(power > 0, power, 0 * power)
        folds.append(Fold(held_out, n_train, power, xp.astype(out - mean, xp.float32) @ basis))
    return folds


def ceilings(Y: Array, folds: Sequence[slice]) -> Array:
    """Largest prediction of each fold and target (n_folds, n_targets), by its training stimuli.

    Parameters
    ----------
    Y : array, shape (n_targets, n_stimuli)
    folds : sequence of slice
        Held-out stimuli of each fold.
    """
    xp = array_namespace(Y)
    highest = [xp.max(Y[:, fold], axis=1) for fold in folds]
    others = [highest[:number] + highest[number + 1 :] for number in range(len(folds))]
    in_training = xp.stack([xp.max(xp.stack(values), axis=0) for values in others])
    # As in `pose_problem`, a unit that is silent there is treated as if it had responded by one.
    return CAP * xp.where(in_training > 0, in_training, 1)


def losses_from_one_fit(
    theta: Array,
    problem: Problem,
    penalty: Array,
    power: Array,
    folds: Sequence[Fold],
    ceiling: Array,
) -> tuple[Array, Array]:
    """Losses on held-out stimuli, by one Newton step for each fold from the same fit.

    Where the gradient of all stimuli is zero, that of a fold's training stimuli is minus that of
    its held-out stimuli. The step divides it by the Hessian of the fold, which is diagonal in the
    eigenbasis of the fold if all stimuli have the same weight; `effective_weights` says which one.

    Parameters
    ----------
    theta : array, shape (n_targets, 1 + k)
        Solutions for all stimuli, whose total penalty is that of a fold.
    problem : Problem
        Of all stimuli, fold after fold.
    penalty : array, shape (n_targets,)
        That total: the factor of ``|w|^2 / 2`` next to a sum of losses.
    power : array, shape (k,)
        Squared singular values of the source.
    folds : sequence of Fold
    ceiling : array, shape (n_folds, n_targets)
        See `ceilings`.

    Returns
    -------
    losses, omega : array, shape (n_targets,)
        Sums over all stimuli, each while it is held out, and effective weights.
    """
    xp = array_namespace(theta)
    arithmetic = arithmetic_of(theta)
    eta = theta @ xp.matrix_transpose(problem.A)
    derivative, W = arithmetic.curve(eta, problem)
    omega = arithmetic.effective_weights(W, power, penalty)
    losses = xp.zeros_like(omega)
    for fold, highest in zip(folds, ceiling, strict=True):
        pull = derivative[:, fold.held_out]
        along = pull @ fold.axes
        arithmetic.divide(along, omega, fold.power, penalty)
        held_out = along @ xp.matrix_transpose(fold.axes)
        held_out += eta[:, fold.held_out]
        held_out += (xp.sum(pull, axis=1) / (omega * fold.n_train))[:, None]
        losses += arithmetic.held_out_losses(
            held_out, problem.Y[:, fold.held_out], highest, problem
        )
    return losses, omega
