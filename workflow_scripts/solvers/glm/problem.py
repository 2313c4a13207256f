"""What is minimised: the penalised losses of many targets in several folds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from array_api_compat import array_namespace, device

from workflow_scripts.solvers.arrays import Array, cached_rows
from workflow_scripts.solvers.glm.families import Family
from workflow_scripts.solvers.glm.links import Link


@dataclass(frozen=True)
class Problem:
    """Fits of the same targets in several folds.

    Attributes
    ----------
    A : array, shape (n_folds, n_stimuli, 1 + k)
        Design with a first column of ones; a row of zeros adds a constant to the loss.
    Y : array, shape (n_folds, n_targets, n_stimuli)
    divisors : array, shape (n_folds, n_targets)
        What sums of losses are divided by.
    curvature : array, shape (n_folds, n_targets, 1 + k)
        Approximate diagonal of the Hessian without the penalty.
    link, family : type
        Members of `LINKS` and of `FAMILIES`.
    """

    A: Array
    Y: Array
    divisors: Array
    curvature: Array
    link: type[Link]
    family: type[Family]

    def of(self, targets: Array) -> "Problem":
        """The same problem for some of the targets."""
        Y, divisors, curvature = (
            values[:, targets] for values in (self.Y, self.divisors, self.curvature)
        )
        return replace(self, Y=Y, divisors=divisors, curvature=curvature)

    def penalised(self, alphas: Array) -> Array:
        """Curvature with penalties of shape (n_targets,); the intercept has none."""
        penalty = alphas[:, None] + 0 * self.curvature[0]
        penalty[:, 0] = 0
        return self.curvature + penalty


def pose_problem(
    A: Array, Y: Array, n_stimuli: Sequence[int], link: type[Link], family: type[Family]
) -> tuple[Array, Problem]:
    """The problem of some folds, and a start whose weights are zero.

    Parameters
    ----------
    A : array, shape (n_folds, n_stimuli, 1 + k)
    Y : array, shape (n_folds, n_targets, n_stimuli)
    n_stimuli : sequence of int
        Stimuli of each fold, without rows of zeros.
    link, family : type

    Returns
    -------
    start : array, shape (n_folds, n_targets, 1 + k)
        The intercept that gives each target its mean.
    problem : Problem
    """
    xp = array_namespace(A)
    n = xp.asarray(n_stimuli, dtype=A.dtype, device=device(A))[:, None]
    mean, second = xp.sum(Y, axis=-1) / n, xp.sum(Y**2, axis=-1) / n
    # A unit may be silent for all training stimuli of a fold: it is then treated as if it had
    # responded to one of them, by one.
    mean, second = xp.where(mean > 0, mean, 1 / n), xp.where(mean > 0, second, 1 / n)
    intercept = link.inverse(mean, xp)
    scale = family.scale(mean, second)
    scale = xp.where(scale > 0, scale, mean)
    weight = family.weight(mean, link.evaluate(intercept, xp)[2], scale)
    spread = xp.sum(A**2, axis=1) / n
    curvature = spread[:, None, :] * weight[..., None]
    start = xp.concat([intercept[..., None], 0 * curvature[..., 1:]], axis=-1)
    return start, Problem(A, Y, n * scale, curvature, link, family)


def objective(theta: Array, problem: Problem, alphas: Array) -> tuple[Array, Array]:
    """Penalised loss of each target, and its gradient.

    ``sum(loss) / divisor + alpha / 2 |w|^2``; the first coefficient is the intercept, which is not
    penalised.

    Parameters
    ----------
    theta : array, shape (n_folds, n_targets, 1 + k)
    problem : Problem
    alphas : array, shape (n_targets,)

    Returns
    -------
    loss : array, shape (n_folds, n_targets)
    gradient : array, shape (n_folds, n_targets, 1 + k)
    """
    xp = array_namespace(theta)
    link, family, divisors = problem.link, problem.family, problem.divisors
    eta = theta @ xp.matrix_transpose(problem.A)
    # The rows of all folds together, so that small problems are one piece.
    rows, counts = (xp.reshape(values, (-1, eta.shape[-1])) for values in (eta, problem.Y))
    loss = xp.empty_like(rows[:, 0])
    size = cached_rows(rows)
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, rows.shape[0], size):
            piece = slice(start, start + size)
            losses, rows[piece] = family.loss(counts[piece], *link.evaluate(rows[piece], xp))
            loss[piece] = xp.sum(losses, axis=-1)
        loss = xp.reshape(loss, divisors.shape) / divisors
        gradient = (xp.reshape(rows, eta.shape) @ problem.A) / divisors[..., None]
    weights = theta[..., 1:]
    loss += alphas / 2 * xp.vecdot(weights, weights)
    gradient[..., 1:] += alphas[:, None] * weights
    return loss, gradient
