"""How the losses are minimised: one quasi-Newton method for all targets at once."""

from functools import cache
from types import ModuleType

import numpy as np
from array_api_compat import array_namespace, device, is_numpy_array

from workflow_scripts.solvers.arrays import Array
from workflow_scripts.solvers.glm import plain
from workflow_scripts.solvers.glm.problem import Problem
from workflow_scripts.solvers.glm.state import State, start_at

LONGEST_STEP = 3.0
"""Longest step that `last_step` takes, in tolerances. Where a fit has converged, the step to the
optimum is about one tolerance long; a much longer one is not trusted without an evaluation."""

MOST_EVALUATIONS = 10_000
"""Most evaluations for a fit that has to converge. With weak penalties and more units than stimuli
some take a thousand."""

ROUGH_TOLERANCE = 1e-4
"""Tolerance of the first part of `minimise_precisely`, in single precision. Rounding keeps some
fits from a much smaller one."""

ROUGH_EVALUATIONS = 300
"""Most evaluations in that part. Rounding keeps a few fits even from its tolerance."""

LEAVING_SHARE = 0.3
"""Targets that have converged leave the batch once they are more than this share of it. Copying the
batch without a few of them would cost more than evaluating them again."""


def arithmetic_of(array: Array) -> ModuleType:
    """The module with the arithmetic for such an array: `fused` for NumPy, else `plain`."""
    return _arithmetic_of_numpy() if is_numpy_array(array) else plain


@cache
def _arithmetic_of_numpy() -> ModuleType:
    """`plain` where Numba is missing, or finds no folder in which it can keep compiled code."""
    try:
        from workflow_scripts.solvers.glm import fused
    except (ImportError, RuntimeError):
        return plain
    return fused


def evaluate(theta: Array, problem: Problem, arithmetic: ModuleType) -> tuple[Array, Array]:
    """Sums of the losses at theta, and of their gradients.

    Where the best intercept for given weights is known, theta gets it.

    Parameters
    ----------
    theta : array, shape (n_targets, 1 + k)
    problem : Problem
    arithmetic : module
        See `arithmetic_of`.

    Returns
    -------
    losses : array, shape (n_targets,)
    gradient : array, shape (n_targets, 1 + k)
    """
    xp = array_namespace(theta)
    # A step that is too long overflows, and is not accepted.
    with np.errstate(over="ignore", invalid="ignore"):
        eta = theta @ xp.matrix_transpose(problem.A)
        losses, shift = arithmetic.differentiate(eta, problem)
        theta[:, 0] += shift
        return losses, eta @ problem.A


def minimise(
    theta: Array, problem: Problem, alphas: Array, tolerance: float, max_evaluations: int
) -> tuple[Array, Array]:
    """Minimise the objective of all targets by one batched quasi-Newton method.

    Memoryless BFGS on top of a diagonal Hessian, which is close to the true one in the principal
    axes of the source; a longer memory saves nothing there. Every target has its own step length,
    and stays where it is once it has converged.

    Parameters
    ----------
    theta : array, shape (n_targets, 1 + k)
        Start.
    problem : Problem
    alphas : array, shape (n_targets,)
    tolerance : float
        Largest norm of the gradient, with the inverse diagonal as its metric. Half its square is
        about the distance of the objective from its minimum, before the last step.
    max_evaluations : int
        Most evaluations of the objective for any one target.

    Returns
    -------
    theta : array, shape (n_targets, 1 + k)
    converged : array of bool, shape (n_targets,)
    """
    xp = array_namespace(theta)
    arithmetic = arithmetic_of(theta)
    targets = xp.arange(theta.shape[0], device=device(theta))
    solution, converged = xp.empty_like(theta), xp.zeros_like(targets, dtype=xp.bool)
    proposed = xp.asarray(theta, copy=True)
    losses, gradient = evaluate(proposed, problem, arithmetic)
    state = start_at(proposed)
    slope, settled = xp.zeros_like(losses), converged
    for evaluations in range(1, max_evaluations + 1):
        norms = arithmetic.accept(
            state, proposed, losses, gradient, slope, problem, alphas, settled
        )
        # Where the start has no finite loss, there is no way from it.
        possible = xp.isfinite(state.loss)
        settled = settled | (possible & (norms <= tolerance**2))
        leaves = settled | ~possible
        n_leaving = int(xp.count_nonzero(leaves))
        ends = n_leaving == len(leaves) or evaluations == max_evaluations
        if ends or n_leaving > LEAVING_SHARE * len(leaves):
            done = xp.nonzero(leaves | ends)[0]
            solution[targets[done]] = last_step(
                state.of(done), problem.of(done), alphas[done], settled[done], tolerance
            )
            converged[targets[done]] = settled[done]
            if ends:
                break
            rest = xp.nonzero(~leaves)[0]
            targets, settled, alphas = targets[rest], settled[rest], alphas[rest]
            state, problem = state.of(rest), problem.of(rest)
        proposed, slope = arithmetic.propose(state, problem, alphas)
        losses, gradient = evaluate(proposed, problem, arithmetic)
    return solution, converged


def minimise_precisely(
    theta: Array, problem: Problem, alphas: Array, tolerance: float, max_evaluations: int
) -> tuple[Array, Array]:
    """`minimise` in double precision, after most of the way in single precision at half the cost.

    Parameters and results are those of `minimise`, in double precision.
    """
    xp = array_namespace(theta)
    rough, _ = minimise(
        xp.astype(theta, xp.float32),
        problem.in_single_precision(),
        xp.astype(alphas, xp.float32),
        max(tolerance, ROUGH_TOLERANCE),
        min(max_evaluations, ROUGH_EVALUATIONS),
    )
    # What single precision could not hold starts again.
    held = xp.all(xp.isfinite(rough), axis=1)[:, None]
    start = xp.where(held, xp.astype(rough, theta.dtype), theta)
    return minimise(start, problem, alphas, tolerance, max_evaluations)


def last_step(
    state: State, problem: Problem, alphas: Array, settled: Array, tolerance: float
) -> Array:
    """Parameters one step further, for targets that have settled.

    The objective is not evaluated there, so the step is only taken if it is as short as it should
    be so close to the optimum.
    """
    xp = array_namespace(alphas)
    theta, _ = arithmetic_of(alphas).propose(state, problem, alphas)
    direction = theta - state.theta
    length = xp.vecdot(direction * problem.curvature(alphas), direction)
    short = settled & (length <= (LONGEST_STEP * tolerance) ** 2)
    return xp.where(short[:, None], theta, state.theta)
