"""The arithmetic of generalised linear fits, for arrays of any library and precision.

`workflow_scripts.solvers.glm.fused` has the same functions for the fits that are most frequent.
"""

import numpy as np
from array_api_compat import array_namespace

from workflow_scripts.solvers.arrays import Array, cached_rows
from workflow_scripts.solvers.glm.problem import Problem
from workflow_scripts.solvers.glm.state import State

SUFFICIENT_DECREASE = 1e-4
"""A step must achieve at least this share of the decrease that the slope promises (Armijo's rule,
with the usual value of Nocedal & Wright 2006, Numerical Optimization, section 3.1)."""

ROUNDING = 32.0
"""How much a loss may grow by rounding, in units of its last digit. At the optimum rounding
decides: a step that changes nothing is accepted."""

SHORTENING = (0.1, 0.5)
"""Least and largest factor by which a step that is not accepted is shortened."""

SMALLEST_STEP = 1e-6
"""A step that would be shortened to less than this share of its full length is given up: the target
stays where it is, and its next direction does not use the memory of a last step."""


def propose(state: State, problem: Problem, alphas: Array) -> tuple[Array, Array]:
    """Next parameters of each target, and the slope of its objective along the full step.

    The direction is that of memoryless BFGS (Shanno 1978, Math Oper Res 3:244-256) on top of the
    diagonal Hessian.

    Parameters
    ----------
    state : State
    problem : Problem
    alphas : array, shape (n_targets,)

    Returns
    -------
    theta : array, shape (n_targets, 1 + k)
    slope : array, shape (n_targets,)
    """
    xp = array_namespace(alphas)
    gradient, step, change = state.gradient, state.step, state.change
    curvature = problem.curvature(alphas)
    product = xp.vecdot(step, change)
    # A target whose last step is zero has nothing to correct.
    moved = product > 0
    inverse = xp.where(moved, 1 / xp.where(moved, product, 1), 0)
    weight = (inverse * xp.vecdot(step, gradient))[:, None]
    q = (gradient - weight * change) / curvature
    size = inverse * xp.vecdot(change / curvature, change)
    q /= xp.where(moved, size, 1)[:, None]
    direction = -(q + step * (weight - (inverse * xp.vecdot(change, q))[:, None]))
    slope = xp.vecdot(direction, gradient)
    return state.theta + state.length[:, None] * direction, slope


def differentiate(eta: Array, problem: Problem) -> tuple[Array, Array]:
    """Sum of each target's losses, and the shift of its intercept to the optimum.

    Parameters
    ----------
    eta : array, shape (n_targets, n_stimuli)
        Linear predictors; overwritten by the derivatives of the losses with respect to them.
    problem : Problem

    Returns
    -------
    losses, shift : array, shape (n_targets,)
        The shift is zero unless the mean is exponential and the likelihood that of Poisson: there
        predictions and responses have the same sum if the intercept is optimal.
    """
    xp = array_namespace(eta)
    losses, shift = xp.empty_like(eta[:, 0]), xp.zeros_like(eta[:, 0])
    size = cached_rows(eta)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for start in range(0, eta.shape[0], size):
            rows = slice(start, start + size)
            piece, Y = eta[rows], problem.Y[rows]
            if problem.has_best_intercept:
                total, highest = xp.sum(Y, axis=1), xp.max(piece, axis=1)
                # Relative to the highest mean, so that none overflows.
                relative = xp.exp(piece - highest[:, None])
                best = xp.log(total / xp.sum(relative, axis=1)) - highest
                shift[rows] = xp.where(total > 0, best, 0)
                piece = piece + shift[rows][:, None]
            loss, eta[rows] = problem.family.loss(Y, *problem.link.evaluate(piece, xp))
            losses[rows] = xp.sum(loss, axis=1)
    return losses, shift


def accept(
    state: State,
    theta: Array,
    losses: Array,
    gradient: Array,
    slope: Array,
    problem: Problem,
    alphas: Array,
    settled: Array,
) -> Array:
    """Take the steps that lower the objective enough, and shorten the others.

    Next time a step that is not accepted ends at the minimum of the parabola through both losses
    and the slope, within limits; meanwhile the other targets continue.

    Parameters
    ----------
    state : State
        Changed in place.
    theta, slope : array
        See `propose`.
    losses : array, shape (n_targets,)
        Sums of the losses at theta.
    gradient : array, shape (n_targets, 1 + k)
        Sums of their gradients at theta; overwritten.
    problem : Problem
    alphas : array, shape (n_targets,)
    settled : array of bool, shape (n_targets,)
        Targets that stay where they are.

    Returns
    -------
    array, shape (n_targets,)
        Squared norm of each target's gradient, with the inverse diagonal Hessian as its metric.
    """
    xp = array_namespace(theta)
    weights = theta[:, 1:]
    loss = losses / problem.divisors + alphas / 2 * xp.vecdot(weights, weights)
    gradient /= problem.divisors[:, None]
    gradient[:, 1:] += alphas[:, None] * weights
    length = state.length
    slack = ROUNDING * xp.finfo(theta.dtype).eps * xp.abs(state.loss)
    accepted = (loss <= state.loss + SUFFICIENT_DECREASE * length * slope + slack) & ~settled
    with np.errstate(invalid="ignore", divide="ignore"):
        share = -slope * length / (2 * (loss - state.loss - length * slope))
    least, largest = SHORTENING
    share = xp.where(share > least, xp.where(share < largest, share, largest), least)
    given_up = ~accepted & ~settled & (length * share < SMALLEST_STEP)
    shortened = xp.where(settled, length, length * share)
    state.length = xp.where(accepted | given_up, 1.0, shortened)
    state.loss = xp.where(accepted, loss, state.loss)
    rows, without = accepted[:, None], given_up[:, None]
    state.step = xp.where(rows, theta - state.theta, xp.where(without, 0.0, state.step))
    state.change = xp.where(rows, gradient - state.gradient, xp.where(without, 0.0, state.change))
    state.theta = xp.where(rows, theta, state.theta)
    state.gradient = xp.where(rows, gradient, state.gradient)
    return xp.vecdot(state.gradient / problem.curvature(alphas), state.gradient)


def held_out_losses(eta: Array, Y: Array, ceiling: Array, problem: Problem) -> Array:
    """Sum of the losses of each target (n_targets,), with predictions of at most its ceiling.

    Parameters
    ----------
    eta, Y : array, shape (n_targets, n)
        Linear predictors and responses of stimuli that were not fitted.
    ceiling : array, shape (n_targets,)
    problem : Problem
    """
    xp = array_namespace(eta)
    with np.errstate(over="ignore", invalid="ignore"):
        mu, log_mu, *slopes = problem.link.evaluate(eta, xp)
        highest = ceiling[:, None]
        mu, log_mu = xp.minimum(mu, highest), xp.minimum(log_mu, xp.log(highest))
        return xp.sum(problem.family.loss(Y, mu, log_mu, *slopes)[0], axis=1)
