"""A batched quasi-Newton method for many targets and folds at once."""

from dataclasses import dataclass, replace

import numpy as np
from array_api_compat import array_namespace, device

from workflow_scripts.solvers.arrays import cached_rows

LONGEST_STEP = 3.0  # that needs no evaluation, in tolerances

SUFFICIENT_DECREASE = 1e-4

SMALLEST_STEP = 1e-6


@dataclass(frozen=True)
class Problem:
    """Fits of the same targets in several folds, side by side.

    Attributes
    ----------
    A : array, shape (n_folds, n_stimuli, 1 + k)
        Design with a first column of ones; a row of zeros adds a constant.
    Y : array, shape (n_folds, n_targets, n_stimuli)
    divisors : array, shape (n_folds, n_targets)
        What sums of losses are divided by.
    curvature : array, shape (n_folds, n_targets, 1 + k)
        Diagonal of the Hessian without the penalty, about.
    link, family : type
        One of `LINKS` and of `FAMILIES`.
    """

    A: object
    Y: object
    divisors: object
    curvature: object
    link: type
    family: type

    def of(self, targets):
        """The problem of some of the targets."""
        Y, divisors, curvature = (
            values[:, targets] for values in (self.Y, self.divisors, self.curvature)
        )
        return replace(self, Y=Y, divisors=divisors, curvature=curvature)

    def penalised(self, alphas):
        """Curvature with penalties of shape (n_targets,); the intercept has none."""
        penalty = alphas[:, None] + 0 * self.curvature[0]
        penalty[:, 0] = 0
        return self.curvature + penalty


def objective(theta, problem, alphas):
    """Penalised loss of each target and its gradient.

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
    # Rows of all folds together: small problems are one piece.
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


def start_at(theta, problem, alphas):
    """State of the minimisation at its start; see `minimise`."""
    xp = array_namespace(theta)
    return theta, *objective(theta, problem, alphas), xp.zeros_like(theta), xp.zeros_like(theta)


def penalised_more(state, difference):
    """The state of the minimisation, with penalties that are this much stronger."""
    xp = array_namespace(state[0])
    theta, loss, gradient, step, change = state
    weights = theta[..., 1:]
    loss = loss + difference / 2 * xp.vecdot(weights, weights)
    gradient[..., 1:] += difference * weights
    change[..., 1:] += difference * step[..., 1:]
    return theta, loss, gradient, step, change


def minimise(state, problem, alphas, tolerance, max_evaluations):
    """Minimise the objective of all targets by one batched quasi-Newton method.

    Memoryless BFGS (Shanno 1978, Math Oper Res 3:244-256) on top of a diagonal Hessian, which is
    close to the true one in the principal axes of the source; a longer memory saves nothing there.
    Every target and fold has its own step; targets that have converged leave the batch.

    Parameters
    ----------
    state : tuple of array
        Start: theta of shape (n_folds, n_targets, 1 + k), its loss and its gradient; the last step
        and the change of the gradient along it, which are zero where there was none.
    problem : Problem
    alphas : array, shape (n_targets,)
    tolerance : float
        Largest norm of the gradient, with the inverse diagonal as its metric; half its square is
        about the distance of the objective from its minimum, before `last_step`.
    max_evaluations : int
        Of the objective, for any one target.

    Returns
    -------
    state : tuple of array
        At the solution.
    converged : array of bool, shape (n_targets,)
        In all folds.
    """
    theta, loss, gradient, step, change = state
    xp = array_namespace(theta)
    solution = tuple(xp.asarray(values, copy=True) for values in state)
    converged = xp.zeros(theta.shape[1], dtype=xp.bool, device=device(theta))
    targets = xp.arange(theta.shape[1], device=device(theta))
    rounding = 8 * xp.finfo(theta.dtype).eps
    length = xp.ones_like(loss)
    curvature = problem.penalised(alphas)

    def keep_solution(where):
        for kept, values in zip(solution, (theta, loss, gradient, step, change), strict=True):
            kept[:, targets[where]] = values[:, where]

    def settled():
        return xp.all(xp.vecdot(gradient / curvature, gradient) <= tolerance**2, axis=0)

    for _ in range(max_evaluations):
        done = settled()
        n_done = int(xp.count_nonzero(done))
        if n_done == len(done):
            converged[targets] = True
            break
        # Taking a few out would cost more than to carry them on, which harms none.
        if n_done > 0.3 * len(done):
            keep_solution(done)
            converged[targets[done]] = True
            keep = ~done
            targets, alphas, problem = targets[keep], alphas[keep], problem.of(keep)
            curvature = problem.penalised(alphas)
            theta, loss, gradient, step, change, length = (
                values[:, keep] for values in (theta, loss, gradient, step, change, length)
            )
        direction = _descent(gradient, step, change, curvature, xp)
        slope = xp.vecdot(direction, gradient)
        new_theta = theta + length[..., None] * direction
        new_loss, new_gradient = objective(new_theta, problem, alphas)
        # At the optimum rounding decides: a step that changes nothing is accepted.
        bound = loss + SUFFICIENT_DECREASE * length * slope + rounding * xp.abs(loss)
        accepted = new_loss <= bound
        if bool(xp.all(accepted)):
            step, change = new_theta - theta, new_gradient - gradient
            theta, loss, gradient = new_theta, new_loss, new_gradient
            length = xp.ones_like(loss)
            continue
        # The others shorten theirs to the minimum of the parabola through both losses and the
        # slope, within limits, while these go on; a step that is too short is given up.
        with np.errstate(invalid="ignore"):
            share = -slope * length / (2 * (new_loss - loss - length * slope))
        share = xp.where(share > 0.1, xp.where(share < 0.5, share, 0.5), 0.1)
        given_up = ~accepted & (length * share < SMALLEST_STEP)
        length = xp.where(accepted | given_up, 1.0, length * share)
        loss = xp.where(accepted, new_loss, loss)
        accepted, given_up = accepted[..., None], given_up[..., None]
        step = xp.where(accepted, new_theta - theta, xp.where(given_up, 0.0, step))
        change = xp.where(accepted, new_gradient - gradient, xp.where(given_up, 0.0, change))
        theta = xp.where(accepted, new_theta, theta)
        gradient = xp.where(accepted, new_gradient, gradient)
    else:
        # Some of those that were carried on may have converged all the same.
        converged[targets] = settled()
    keep_solution(slice(None))
    return solution, converged


def _descent(gradient, step, change, curvature, xp):
    """Quasi-Newton direction from the last step and the change of the gradient along it."""
    product = xp.vecdot(step, change)
    # A target that stood still has nothing to correct.
    moved = product > 0
    inverse = xp.where(moved, 1 / xp.where(moved, product, 1), 0 * product)
    weight = (inverse * xp.vecdot(step, gradient))[..., None]
    q = (gradient - weight * change) / curvature
    size = inverse * xp.vecdot(change / curvature, change)
    q /= xp.where(moved, size, 1 + 0 * size)[..., None]
    return -(q + step * (weight - (inverse * xp.vecdot(change, q))[..., None]))


def last_step(state, converged, problem, alphas, tolerance):
    """Solution one step on from where the minimisation of a target has converged.

    No evaluation is spent on it, so a step is only taken if it is as short as it should be so near
    to the optimum.

    Parameters
    ----------
    state, converged, problem, alphas, tolerance
        See `minimise`.

    Returns
    -------
    array, shape (n_folds, n_targets, 1 + k)
    """
    theta, _, gradient, step, change = state
    xp = array_namespace(theta)
    curvature = problem.penalised(alphas)
    direction = _descent(gradient, step, change, curvature, xp)
    short = xp.vecdot(direction * curvature, direction) <= (LONGEST_STEP * tolerance) ** 2
    return xp.where((converged & short)[..., None], theta + direction, theta)
