"""Where the penalty of a generalised linear model is chosen: cross-validation for each target.

The training stimuli are divided into folds. Each target gets the penalty with the least loss on the
stimuli that the fits have not seen. (Ridge regressions have a closed form instead; see
`workflow_scripts.solvers.leave_one_out`.)
"""

from collections.abc import Sequence

import numpy as np
from array_api_compat import array_namespace, device

from workflow_scripts.solvers.arrays import Array
from workflow_scripts.solvers.glm.families import Family
from workflow_scripts.solvers.glm.folds import Fold, pose_folds
from workflow_scripts.solvers.glm.links import Link
from workflow_scripts.solvers.glm.problem import Problem
from workflow_scripts.solvers.glm.quasi_newton import (
    MOST_EVALUATIONS,
    minimise,
    minimise_precisely,
)

ROUGH_SEARCH = 1e-2
"""Tolerance of the fits with which `search_penalties` finds its way."""

PRECISE_SEARCH = 5e-4
"""Tolerance of the fits that decide between the best penalty and a neighbour. Where all fits had a
tolerance of 3e-3, a search took a tenth longer and found slightly fewer of the right penalties."""

CLOSE = 3e-3
"""Difference between the held-out losses of two penalties up to which precise fits decide, as a
share of what a target's loss is divided by: for a Poisson loss, the sum of its responses."""

SEARCH_EVALUATIONS = 300
"""Most evaluations of the objective for one of these fits. A fit that needs more has a penalty that
is far too weak, and is not chosen."""

FIRST_PENALTY = 1.0
"""Where `search_penalties` begins: a penalty comparable with the loss. The start is the same for
all targets, so that the result of one does not depend on the others."""


def evaluate_all_penalties(
    A: Array,
    Y: Array,
    alphas: Sequence[float],
    n_folds: int,
    link: type[Link],
    family: type[Family],
    tolerance: float,
) -> tuple[Array, Array]:
    """Penalty with the least loss over the folds, each of which is fitted with every penalty.

    Parameters
    ----------
    A : array, shape (n_stimuli, 1 + k)
        Design with a first column of ones, fold after fold.
    Y : array, shape (n_targets, n_stimuli)
    alphas : sequence of float
        Positive penalties, from the strongest down.
    n_folds : int
    link, family : type
    tolerance : float
        Of the fits, see `minimise`.

    Returns
    -------
    chosen : array of int, shape (n_targets,)
        Indices of penalties.
    start : array, shape (n_targets, 1 + k)
        Close to the solution for all stimuli.
    """
    xp = array_namespace(A)
    shape = len(alphas), len(Y)
    # All penalties at once: many small products take longer than a few large ones. Each fit starts
    # without weights; from a fit to all stimuli, it could remember those that are held out.
    rows = xp.tile(xp.arange(len(Y), device=device(A)), (len(alphas),))
    penalties = xp.repeat(xp.asarray(alphas, dtype=A.dtype, device=device(A)), len(Y))
    losses = xp.zeros(shape, dtype=A.dtype, device=device(A))
    mean = xp.zeros((*shape, A.shape[1]), dtype=A.dtype, device=device(A))
    for fold in pose_folds(A, Y, n_folds, link, family):
        theta, converged = minimise_precisely(
            fold.start[rows], fold.problem.of(rows), penalties, tolerance, MOST_EVALUATIONS
        )
        losses += xp.reshape(fold.held_out_losses(theta, converged, rows), shape)
        mean += xp.reshape(theta, mean.shape) / n_folds
    chosen = xp.argmin(losses, axis=0)
    return chosen, mean[chosen, xp.arange(len(Y), device=device(A))]


def search_penalties(
    A: Array,
    Y: Array,
    alphas: Sequence[float],
    n_folds: int,
    link: type[Link],
    family: type[Family],
) -> tuple[Array, Array]:
    """Penalty with about the least loss over the folds, each fitted with the penalties on the way.

    The search starts at `FIRST_PENALTY` and visits the neighbours of the best penalty so far, until
    both have a larger loss or there is none. Fits are rough and in single precision, and start from
    those of the same fold with the best penalty so far. Where the loss of a neighbour is larger by
    less than `CLOSE`, both are fitted precisely before the search goes on: rough fits with weak
    penalties end early and can predict better than precise ones. A second minimum beyond a larger
    loss is not found.

    ``tests/benchmarks/penalties.py`` compares it with `evaluate_all_penalties`, for Poisson losses:
    with 960 stimuli, 99.7 to 100 % of the choices are equal for generated networks and brains, and
    98 to 100 % for layers of trained networks of full width, but for a last layer with few strong
    dimensions and the weakest penalties (87 to 94 %). There the median R2 over units changes by
    0.003, elsewhere by 0.0002 at most; single units change by up to 0.8.

    Parameters and results are those of `evaluate_all_penalties`.
    """
    xp = array_namespace(A)
    folds = pose_folds(xp.astype(A, xp.float32), xp.astype(Y, xp.float32), n_folds, link, family)
    targets = xp.arange(len(Y), device=device(A))
    grid = xp.asarray(alphas, dtype=xp.float32, device=device(A))
    solutions = [
        xp.empty((len(alphas), *fold.start.shape), dtype=xp.float32, device=device(A))
        for fold in folds
    ]
    # Losses of penalties, and tolerances of their fits, with two more rows: beyond both ends of the
    # grid nothing is better and nothing is left to fit.
    losses, reached = xp.full(
        (2, len(alphas) + 2, len(Y)), xp.inf, dtype=xp.float32, device=device(A)
    )
    reached[0, :] = reached[-1, :] = 0
    close = CLOSE * sum(fold.problem.divisors for fold in folds) / (n_folds - 1)
    first = int(np.argmin(np.abs(np.log(np.asarray(alphas) / FIRST_PENALTY))))
    for fold, solution in zip(folds, solutions, strict=True):
        solution[first] = fold.start
    rows, tolerance = targets, ROUGH_SEARCH
    index = origin = xp.full_like(rows, first)
    while len(rows):
        found = _fit_folds(folds, solutions, grid, rows, origin, index, tolerance)
        # Rounding can keep a precise fit from its tolerance: the rough one counts then.
        found = xp.where(xp.isfinite(found), found, losses[index + 1, rows])
        losses[index + 1, rows], reached[index + 1, rows] = found, tolerance
        best = xp.argmin(losses[1:-1, :], axis=0)
        stronger, least, weaker = (losses[best + step, targets] for step in (0, 1, 2))
        # Precise fits of the best penalty, and then of the neighbour that is close to it.
        rival = xp.where(weaker < stronger, best + 1, best - 1)
        is_rough = reached[best + 1, targets] > PRECISE_SEARCH
        origin = index = xp.where(is_rough, best, rival)
        is_rough = reached[index + 1, targets] > PRECISE_SEARCH
        rows = xp.nonzero(is_rough & (xp.minimum(weaker, stronger) < least + close))[0]
        tolerance = PRECISE_SEARCH
        if not len(rows):
            # Rough fits of a neighbour that was not visited yet, the weaker one before the other.
            is_new = xp.isinf(reached[best + 2, targets])
            origin, index, tolerance = best, xp.where(is_new, best + 1, best - 1), ROUGH_SEARCH
            rows = xp.nonzero(xp.isinf(reached[index + 1, targets]))[0]
        index, origin = index[rows], origin[rows]
    mean = sum(solution[best, targets] for solution in solutions) / n_folds
    return best, xp.astype(mean, A.dtype)


def _fit_folds(
    folds: Sequence[Fold],
    solutions: Sequence[Array],
    grid: Array,
    targets: Array,
    origin: Array,
    index: Array,
    tolerance: float,
) -> Array:
    """Fit each target with one penalty in every fold, and return its held-out losses (n,).

    Parameters
    ----------
    folds : sequence of Fold
    solutions : sequence of array, each of shape (n_penalties, n_targets, 1 + k)
        Fits of each fold; the new ones are written into them.
    grid : array, shape (n_penalties,)
        The penalties.
    targets : array of int, shape (n,)
    origin : array of int, shape (n,)
        Number of the penalty from whose fits each target starts.
    index : array of int, shape (n,)
        Number of the penalty with which it is fitted.
    tolerance : float
        See `minimise`.
    """
    xp = array_namespace(grid)
    losses = xp.zeros(len(targets), dtype=grid.dtype, device=device(grid))
    for fold, solution in zip(folds, solutions, strict=True):
        problem = fold.problem.of(targets)
        start = shifted(solution[origin, targets], problem, grid[origin], grid[index])
        theta, converged = minimise(start, problem, grid[index], tolerance, SEARCH_EVALUATIONS)
        losses += fold.held_out_losses(theta, converged, targets)
        solution[index, targets] = theta
    return losses


def shifted(theta: Array, problem: Problem, alpha: Array, to: Array) -> Array:
    """Fits with one penalty, moved to another as if the Hessian were diagonal.

    Parameters
    ----------
    theta : array, shape (n_targets, 1 + k)
    problem : Problem
    alpha, to : array, shape (n_targets,)
        Both penalties.
    """
    return theta * (problem.curvature(alpha) / problem.curvature(to))
