"""How the losses are minimised: one quasi-Newton method for all targets and folds at once."""

from typing import NamedTuple

import numpy as np
from array_api_compat import array_namespace, device

from workflow_scripts.solvers.arrays import Array
from workflow_scripts.solvers.glm.problem import Problem, objective

LONGEST_STEP = 3.0
"""Longest step that `last_step` takes, in tolerances. Where a fit has converged, the step to the
optimum is about one tolerance long; a much longer one is not trusted without an evaluation."""

SUFFICIENT_DECREASE = 1e-4
"""A step must achieve at least this share of the decrease that the slope promises (Armijo's rule,
with the usual value of Nocedal & Wright 2006, Numerical Optimization, section 3.1)."""

SHORTENING = (0.1, 0.5)
"""Least and largest factor by which a step that is not accepted is shortened."""

SMALLEST_STEP = 1e-6
"""A step that would be shortened to less than this share of its full length is given up: the target
stays where it is, and its next direction does not use the memory of a last step."""

LEAVING_SHARE = 0.3
"""Targets that have converged leave the batch once they are more than this share of it. Copying the
batch without a few of them would cost more than taking more steps with them, which is harmless."""


class State(NamedTuple):
    """Where the minimisation of some targets stands.

    Attributes
    ----------
    theta : array, shape (n_folds, n_targets, 1 + k)
        Intercept and weights.
    loss : array, shape (n_folds, n_targets)
        Objective at theta.
    gradient : array, shape (n_folds, n_targets, 1 + k)
        Its gradient.
    step, change : array, shape (n_folds, n_targets, 1 + k)
        The last step and the change of the gradient along it; zero where there was none.
    """

    theta: Array
    loss: Array
    gradient: Array
    step: Array
    change: Array

    def of(self, targets: Array) -> "State":
        """The state of some of the targets."""
        return State(*(values[:, targets] for values in self))


def start_at(theta: Array, problem: Problem, alphas: Array) -> State:
    """State of the minimisation at its start."""
    xp = array_namespace(theta)
    return State(
        theta, *objective(theta, problem, alphas), xp.zeros_like(theta), xp.zeros_like(theta)
    )


def penalised_more(state: State, difference: float) -> State:
    """The same state of the minimisation with penalties that are larger by `difference`.

    The gradient and its change are overwritten.
    """
    xp = array_namespace(state.theta)
    theta, loss, gradient, step, change = state
    weights = theta[..., 1:]
    loss = loss + difference / 2 * xp.vecdot(weights, weights)
    gradient[..., 1:] += difference * weights
    change[..., 1:] += difference * step[..., 1:]
    return State(theta, loss, gradient, step, change)


def minimise(
    state: State, problem: Problem, alphas: Array, tolerance: float, max_evaluations: int
) -> tuple[State, Array]:
    """Minimise the objective of all targets by one batched quasi-Newton method.

    Memoryless BFGS (Shanno 1978, Math Oper Res 3:244-256) on top of a diagonal Hessian, which is
    close to the true one in the principal axes of the source; a longer memory saves nothing there.
    Every target and fold has its own step length.

    Parameters
    ----------
    state : State
        Start.
    problem : Problem
    alphas : array, shape (n_targets,)
    tolerance : float
        Largest norm of the gradient, with the inverse diagonal as its metric. Half its square is
        about the distance of the objective from its minimum, before `last_step`.
    max_evaluations : int
        Most evaluations of the objective for any one target.

    Returns
    -------
    state : State
        At the solution.
    converged : array of bool, shape (n_targets,)
        Whether a target has converged in all folds.
    """
    batch = _Batch(state, problem, alphas, tolerance)
    done = batch.settled()
    xp = array_namespace(done)
    for _ in range(max_evaluations):
        n_done = int(xp.count_nonzero(done))
        if n_done == len(done):
            break
        if n_done > LEAVING_SHARE * len(done):
            batch.dismiss(done)
        batch.advance()
        done = batch.settled()
    batch.keep(slice(None), done)
    return State(*batch.solution), batch.converged


class _Batch:
    """The targets that are still minimised, and the solutions of those that have left.

    Attributes
    ----------
    solution : list of array
        The state of all targets, up to date for those that have left.
    converged : array of bool, shape (n_targets,)
    targets : array of int
        The targets that are still minimised; `state`, `problem` and `alphas` are theirs.
    """

    def __init__(self, state: State, problem: Problem, alphas: Array, tolerance: float) -> None:
        xp = array_namespace(state.theta)
        n_targets = state.theta.shape[1]
        self.solution = [xp.asarray(values, copy=True) for values in state]
        self.converged = xp.zeros(n_targets, dtype=xp.bool, device=device(state.theta))
        self.targets = xp.arange(n_targets, device=device(state.theta))
        self.state, self.problem, self.alphas = state, problem, alphas
        self.curvature = problem.penalised(alphas)
        self.length = xp.ones_like(state.loss)
        self.tolerance = tolerance
        self.rounding = 8 * xp.finfo(state.theta.dtype).eps

    def settled(self) -> Array:
        """Whether the gradient of each target is small enough in all folds."""
        xp, gradient = array_namespace(self.alphas), self.state.gradient
        return xp.all(xp.vecdot(gradient / self.curvature, gradient) <= self.tolerance**2, axis=0)

    def keep(self, which: Array | slice, converged: Array) -> None:
        """Keep the state of some targets as their solution, and whether they have converged."""
        targets = self.targets[which]
        for kept, values in zip(self.solution, self.state, strict=True):
            kept[:, targets] = values[:, which]
        self.converged[targets] = converged

    def dismiss(self, done: Array) -> None:
        """Keep the solutions of targets that have converged, and continue without them."""
        self.keep(done, True)
        keep = ~done
        self.targets, self.alphas = self.targets[keep], self.alphas[keep]
        self.state, self.problem = self.state.of(keep), self.problem.of(keep)
        self.length = self.length[:, keep]
        self.curvature = self.problem.penalised(self.alphas)

    def advance(self) -> None:
        """Try one step of every target and fold; shorten the steps that are not accepted."""
        theta, loss, gradient, step, change = self.state
        xp = array_namespace(theta)
        length = self.length
        direction = _descent(self.state, self.curvature)
        slope = xp.vecdot(direction, gradient)
        new_theta = theta + length[..., None] * direction
        new_loss, new_gradient = objective(new_theta, self.problem, self.alphas)
        # At the optimum rounding decides: a step that changes nothing is accepted.
        bound = loss + SUFFICIENT_DECREASE * length * slope + self.rounding * xp.abs(loss)
        accepted = new_loss <= bound
        if bool(xp.all(accepted)):
            self.state = State(
                new_theta, new_loss, new_gradient, new_theta - theta, new_gradient - gradient
            )
            self.length = xp.ones_like(loss)
            return
        # A step that is not accepted is shortened. Next time it ends at the minimum of the parabola
        # through both losses and the slope, within limits; meanwhile the other targets continue.
        with np.errstate(invalid="ignore"):
            share = -slope * length / (2 * (new_loss - loss - length * slope))
        least, largest = SHORTENING
        share = xp.where(share > least, xp.where(share < largest, share, largest), least)
        given_up = ~accepted & (length * share < SMALLEST_STEP)
        self.length = xp.where(accepted | given_up, 1.0, length * share)
        loss = xp.where(accepted, new_loss, loss)
        accepted, given_up = accepted[..., None], given_up[..., None]
        self.state = State(
            xp.where(accepted, new_theta, theta),
            loss,
            xp.where(accepted, new_gradient, gradient),
            xp.where(accepted, new_theta - theta, xp.where(given_up, 0.0, step)),
            xp.where(accepted, new_gradient - gradient, xp.where(given_up, 0.0, change)),
        )


def _descent(state: State, curvature: Array) -> Array:
    """Quasi-Newton direction from the last step and the change of the gradient along it."""
    xp = array_namespace(state.theta)
    _, _, gradient, step, change = state
    product = xp.vecdot(step, change)
    # A target whose last step is zero has nothing to correct.
    moved = product > 0
    inverse = xp.where(moved, 1 / xp.where(moved, product, 1), 0 * product)
    weight = (inverse * xp.vecdot(step, gradient))[..., None]
    q = (gradient - weight * change) / curvature
    size = inverse * xp.vecdot(change / curvature, change)
    q /= xp.where(moved, size, 1 + 0 * size)[..., None]
    return -(q + step * (weight - (inverse * xp.vecdot(change, q))[..., None]))


def last_step(
    state: State, converged: Array, problem: Problem, alphas: Array, tolerance: float
) -> Array:
    """Solution one step beyond the end of the minimisation, for targets that have converged.

    The objective is not evaluated for it, so the step is only taken if it is as short as it should
    be so close to the optimum.

    Parameters
    ----------
    state, converged, problem, alphas, tolerance
        See `minimise`.

    Returns
    -------
    array, shape (n_folds, n_targets, 1 + k)
    """
    theta, curvature = state.theta, problem.penalised(alphas)
    xp = array_namespace(theta)
    direction = _descent(state, curvature)
    short = xp.vecdot(direction * curvature, direction) <= (LONGEST_STEP * tolerance) ** 2
    return xp.where((converged & short)[..., None], theta + direction, theta)
