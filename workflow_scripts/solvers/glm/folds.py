"""Folds of the training stimuli: what is fitted in each, and what its fits are judged by."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from array_api_compat import array_namespace, device

from workflow_scripts.solvers.arrays import Array
from workflow_scripts.solvers.glm.families import Family
from workflow_scripts.solvers.glm.links import CAP, Link
from workflow_scripts.solvers.glm.problem import Problem, pose_problem
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


@dataclass(frozen=True)
class Fold:
    """One fold of many targets.

    Attributes
    ----------
    start : array, shape (n_targets, 1 + k)
        Parameters without weights.
    problem : Problem
        Of the training stimuli.
    A : array, shape (n_held_out, 1 + k)
        Design of the held-out stimuli.
    Y : array, shape (n_targets, n_held_out)
        Responses to them.
    ceiling : array, shape (n_targets,)
        See `ceilings`.
    """

    start: Array
    problem: Problem
    A: Array
    Y: Array
    ceiling: Array

    def held_out_losses(self, theta: Array, converged: Array, targets: Array) -> Array:
        """Sums of the losses on held-out stimuli (n,), infinite where no fit has converged.

        Parameters
        ----------
        theta : array, shape (n, 1 + k)
            Fits to the training stimuli.
        converged : array of bool, shape (n,)
        targets : array of int, shape (n,)
            Whose fits they are.
        """
        xp = array_namespace(theta)
        eta = theta @ xp.matrix_transpose(self.A)
        losses = arithmetic_of(eta).held_out_losses(
            eta, self.Y[targets], self.ceiling[targets], self.problem
        )
        return xp.where(converged & xp.isfinite(losses), losses, xp.inf)


def pose_folds(
    A: Array, Y: Array, n_folds: int, link: type[Link], family: type[Family]
) -> list[Fold]:
    """All folds of stimuli that lie fold after fold.

    Parameters
    ----------
    A : array, shape (n_stimuli, 1 + k)
        Design with a first column of ones.
    Y : array, shape (n_targets, n_stimuli)
    n_folds : int
    link, family : type
    """
    xp = array_namespace(A)
    slices = fold_slices(len(A), n_folds)
    folds = []
    for held_out, ceiling in zip(slices, ceilings(Y, slices), strict=True):
        train = xp.asarray(np.delete(np.arange(len(A)), held_out), device=device(A))
        start, problem = pose_problem(A[train], xp.take(Y, train, axis=1), link, family)
        folds.append(Fold(start, problem, A[held_out], Y[:, held_out], ceiling))
    return folds
