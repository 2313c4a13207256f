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
from workflow_scripts.solvers.glm.folds import pose_folds
from workflow_scripts.solvers.glm.links import Link
from workflow_scripts.solvers.glm.problem import Problem
from workflow_scripts.solvers.glm.quasi_newton import (
    MOST_EVALUATIONS,
    minimise,
    minimise_precisely,
)

SEARCH_TOLERANCE = 3e-3
"""Tolerance of the fits of `search_penalties`. With 1e-2, which takes three quarters of the time,
1 to 3 % more of the choices for trained networks differ from those of precise fits."""

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
    both have a larger loss or there is none. Fits are loose and in single precision, and start from
    those of the same fold with the best penalty so far. A second minimum beyond a larger loss is
    not found.

    ``tests/benchmarks/penalties.py`` compares it with `evaluate_all_penalties`, for Poisson losses:
    with 960 stimuli, 99.7 to 100 % of the choices are equal for generated networks and brains, and
    95 to 100 % for layers of trained networks of full width, but for a last layer with few strong
    dimensions and the weakest penalties (82 %). There the median R2 over units changes by 0.008,
    elsewhere by 0.003 at most; single units change by up to 1.4.

    Parameters and results are those of `evaluate_all_penalties`.
    """
    xp = array_namespace(A)
    folds = pose_folds(xp.astype(A, xp.float32), xp.astype(Y, xp.float32), n_folds, link, family)
    targets = xp.arange(len(Y), device=device(A))
    grid = xp.asarray(alphas, dtype=xp.float32, device=device(A))
    losses = xp.full((len(alphas), len(Y)), xp.inf, dtype=xp.float32, device=device(A))
    # Of each fold, the fits with the best penalty so far.
    solutions = [xp.asarray(fold.start, copy=True) for fold in folds]
    # Two more rows, so that there is something to find beyond both ends of the grid.
    seen = xp.zeros((len(alphas) + 2, len(Y)), dtype=xp.bool, device=device(A))
    seen[0], seen[-1] = True, True
    rows = targets
    first = int(np.argmin(np.abs(np.log(np.asarray(alphas) / FIRST_PENALTY))))
    best = index = xp.full_like(rows, first)
    while len(rows):
        alpha, fits = grid[index], []
        found = xp.zeros(len(rows), dtype=xp.float32, device=device(A))
        for fold, solution in zip(folds, solutions, strict=True):
            part = fold.problem.of(rows)
            start = shifted(solution[rows], part, grid[best[rows]], alpha)
            theta, converged = minimise(start, part, alpha, SEARCH_TOLERANCE, SEARCH_EVALUATIONS)
            found += fold.held_out_losses(theta, converged, rows)
            fits.append(theta)
        better = xp.nonzero(found < xp.min(losses[:, rows], axis=0))[0]
        for solution, theta in zip(solutions, fits, strict=True):
            solution[rows[better]] = theta[better]
        losses[index, rows] = found
        seen[index + 1, rows] = True
        best = xp.argmin(losses, axis=0)
        weaker_is_seen, stronger_is_seen = seen[best + 2, targets], seen[best, targets]
        rows = xp.nonzero(~(weaker_is_seen & stronger_is_seen))[0]
        index = xp.where(weaker_is_seen, best - 1, best + 1)[rows]
    return best, xp.astype(sum(solutions) / n_folds, A.dtype)


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
