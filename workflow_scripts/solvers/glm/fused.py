"""The functions of `workflow_scripts.solvers.glm.plain` for NumPy's arrays, compiled.

Each does in one pass over a row, which stays in the cache, what NumPy does in up to fifteen. Means
and losses are compiled where they are evaluated most often: Poisson losses of exponential and
softplus means. Numba keeps the compiled code on the disk until this file changes, so it
gets constants of other files as arguments.
"""

from math import factorial, log
from typing import Any

import numpy as np
from numba import float32, njit
from numba.extending import overload

from workflow_scripts.solvers.glm import plain
from workflow_scripts.solvers.glm.families import Poisson
from workflow_scripts.solvers.glm.links import Exponential, Softplus
from workflow_scripts.solvers.glm.plain import (
    ROUNDING,
    SHORTENING,
    SMALLEST_STEP,
    SUFFICIENT_DECREASE,
)
from workflow_scripts.solvers.glm.problem import Problem
from workflow_scripts.solvers.glm.state import State

f4, f8, i4, i8 = np.float32, np.float64, np.int32, np.int64
LOG_2 = log(2)

Scalar = Any
"""A number whose type Numba infers."""

# A processor adds many numbers at a time only if it may add them in any order. Elementary functions
# keep their order, because they subtract numbers that nearly cancel. NaN stays NaN in both.
# No loop both adds up and writes: a compiled loop that writes takes one element at a time if its
# arrays lie next to each other in memory, and the last digit of a sum would depend on that.
ANY_ORDER = {"contract", "reassoc", "nsz", "arcp"}
IN_ORDER = {"contract", "nsz"}

# Functions of a row become a part of those that call them. Otherwise each caller would have a
# version of them, with other last digits, and which version runs would depend on whether a process
# compiles or reads what another one has compiled.
sums = njit(fastmath=ANY_ORDER, error_model="numpy", forceinline=True)
rows = njit(fastmath=IN_ORDER, error_model="numpy", forceinline=True)
batches = njit(fastmath=IN_ORDER, error_model="numpy", cache=True)
# Loops over a function that is called, rather than inlined, take one element at a time.
inlined = njit(fastmath=IN_ORDER, error_model="numpy", inline="always")


SMALLEST_SUM = f4(1e-30)
"""Smallest sum of means that is precise enough; the largest is its inverse."""

# Series from the highest power down, as long as the digits of a precision need them: of exp(x) up
# to x = log(2) / 2, and of artanh(s) / s in s^2 up to s = 0.172, which gives the logarithms of
# numbers between the roots of 1/2 and 2.
EXP_SINGLE = tuple(f4(1 / factorial(k)) for k in range(7, -1, -1))
EXP_DOUBLE = tuple(1 / factorial(k) for k in range(13, -1, -1))
LOG_SINGLE = tuple(f4(1 / (2 * k + 1)) for k in range(5, -1, -1))
LOG_DOUBLE = tuple(1 / (2 * k + 1) for k in range(11, -1, -1))


@inlined
def _series(coefficients: tuple[Scalar, ...], x: Scalar) -> Scalar:
    total = coefficients[0]
    for k in range(1, len(coefficients)):
        total = total * x + coefficients[k]
    return total


@inlined
def _exp_single(x: Scalar) -> Scalar:
    """Exponential within the range of normal numbers: ``2^n exp(x - n log(2))``."""
    x = min(max(x, f4(-87)), f4(88))
    # Adding 1.5 * 2^23 rounds to an integer, which is then in the lowest bits.
    shifted = x * f4(1 / LOG_2) + f4(1.5 * 2**23)
    n = shifted - f4(1.5 * 2**23)
    # log(2) in two parts, the first of which has few digits, so that its product is exact.
    y = _series(EXP_SINGLE, (x - n * f4(0.693359375)) + n * f4(2.12194440e-4))
    exponent = i4(f4(shifted).view(i4) - i4(0x4B400000)) << i4(23)
    return i4(f4(y).view(i4) + i4(exponent)).view(f4)


@inlined
def _exp_double(x: Scalar) -> Scalar:
    """See `_exp_single`."""
    x = min(max(x, -708.0), 709.0)
    shifted = x * (1 / LOG_2) + 1.5 * 2**52
    n = shifted - 1.5 * 2**52
    y = _series(EXP_DOUBLE, (x - n * 6.93145751953125e-1) - n * 1.42860682030941723212e-6)
    exponent = i8(f8(shifted).view(i8) - i8(0x4338000000000000)) << i8(52)
    return i8(f8(y).view(i8) + i8(exponent)).view(f8)


@inlined
def _log_single(x: Scalar) -> Scalar:
    """Logarithm of a positive normal number, as a multiple of log(2) and of a factor near 1."""
    bits = f4(x).view(i4)
    # The exponent that leaves a factor between the roots of 1/2 and 2.
    exponent = i4(bits - i4(0x3F3504F3)) >> i4(23)
    factor = i4(bits - i4(exponent << i4(23))).view(f4)
    s = (factor - f4(1)) / (factor + f4(1))
    return f4(exponent) * f4(LOG_2) + f4(2) * s * _series(LOG_SINGLE, s * s)


@inlined
def _log_double(x: Scalar) -> Scalar:
    """See `_log_single`."""
    bits = f8(x).view(i8)
    biased = i8(bits + i8(0x3FF0000000000000 - 0x3FE6A09E667F3BCD)) >> i8(52)
    factor = i8(bits - i8(i8(biased - i8(1023)) << i8(52))).view(f8)
    # As the lowest bits of 2^52; processors convert whole numbers of 64 bits one at a time.
    exponent = i8(biased | i8(0x4330000000000000)).view(f8) - (2.0**52 + 1023)
    s = (factor - 1.0) / (factor + 1.0)
    return exponent * LOG_2 + 2.0 * s * _series(LOG_DOUBLE, s * s)


@inlined
def _softplus_single(x: Scalar) -> tuple[Scalar, Scalar, Scalar, Scalar]:
    """``log(1 + exp(x))``, its logarithm, its slope, and the slope of its logarithm."""
    small = _exp_single(-abs(x))
    one = f4(1) + small
    inverse = f4(1) / one
    # The last term is what rounding has taken from the sum.
    mu = max(x, f4(0)) + (_log_single(one) + (small - (one - f4(1))) * inverse)
    slope = inverse if x >= f4(0) else small * inverse
    # Far below zero the mean is its slope, and its logarithm is x itself.
    log_mu = _log_single(mu)
    log_mu = x if x < f4(-80) else log_mu
    return mu, log_mu, slope, slope / mu


@inlined
def _softplus_double(x: Scalar) -> tuple[Scalar, Scalar, Scalar, Scalar]:
    """See `_softplus_single`."""
    small = _exp_double(-abs(x))
    one = 1.0 + small
    inverse = 1.0 / one
    mu = max(x, 0.0) + (_log_double(one) + (small - (one - 1.0)) * inverse)
    slope = inverse if x >= 0.0 else small * inverse
    log_mu = _log_double(mu)
    log_mu = x if x < -700.0 else log_mu
    return mu, log_mu, slope, slope / mu


def _exp(x: Scalar) -> Scalar:
    """Exponential in the precision of x."""


def _softplus(x: Scalar) -> Any:
    """Softplus mean and its companions in the precision of x."""


@overload(_exp, inline="always")
def _choose_exp(x: Scalar) -> Any:
    return _exp_single.py_func if x == float32 else _exp_double.py_func


@overload(_softplus, inline="always")
def _choose_softplus(x: Scalar) -> Any:
    return _softplus_single.py_func if x == float32 else _softplus_double.py_func


@sums
def _sum(row: np.ndarray) -> Scalar:
    total = f4(0)
    for i in range(row.shape[0]):
        total += row[i]
    return total


@rows
def _exponentials(eta: np.ndarray, mu: np.ndarray) -> None:
    for i in range(eta.shape[0]):
        mu[i] = _exp(eta[i])


@rows
def _exponential_row(
    eta: np.ndarray,
    y: np.ndarray,
    mu: np.ndarray,
    factor: Scalar,
    shift: Scalar,
    losses: np.ndarray,
) -> None:
    for i in range(eta.shape[0]):
        mean = mu[i] * factor
        losses[i] = mean - y[i] * (eta[i] + shift)
        eta[i] = mean - y[i]


@batches
def _differentiate_exponential(
    eta: np.ndarray, Y: np.ndarray, losses: np.ndarray, shift: np.ndarray
) -> None:
    """Rows whose means overflow or vanish are left as they are, with a loss that is NaN."""
    mu, row = np.empty_like(eta[0]), np.empty_like(eta[0])
    for b in range(eta.shape[0]):
        _exponentials(eta[b], mu)
        total, predicted = _sum(Y[b]), _sum(mu)
        if not SMALLEST_SUM < predicted < f4(1) / SMALLEST_SUM:
            losses[b] = np.nan
            continue
        factor, shift[b] = f4(1), f4(0)
        if total > f4(0):
            factor = total / predicted
            shift[b] = np.log(factor)
        _exponential_row(eta[b], Y[b], mu, factor, shift[b], row)
        losses[b] = _sum(row)


@rows
def _softplus_row(eta: np.ndarray, y: np.ndarray, losses: np.ndarray) -> None:
    for i in range(eta.shape[0]):
        mu, log_mu, slope, log_slope = _softplus(eta[i])
        losses[i] = mu - y[i] * log_mu
        eta[i] = slope - y[i] * log_slope


@batches
def _differentiate_softplus(eta: np.ndarray, Y: np.ndarray, losses: np.ndarray) -> None:
    row = np.empty_like(eta[0])
    for b in range(eta.shape[0]):
        _softplus_row(eta[b], Y[b], row)
        losses[b] = _sum(row)


def _is_compiled(problem: Problem) -> bool:
    """Whether the means and losses of a problem are among those that are compiled."""
    links = Exponential, Softplus
    return problem.family is Poisson and problem.link in links


def differentiate(eta: np.ndarray, problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    """See `workflow_scripts.solvers.glm.plain.differentiate`."""
    if not _is_compiled(problem):
        return plain.differentiate(eta, problem)
    losses, shift = np.empty_like(eta[:, 0]), np.zeros_like(eta[:, 0])
    if problem.link is Exponential:
        _differentiate_exponential(eta, problem.Y, losses, shift)
        left = np.flatnonzero(np.isnan(losses))
        if len(left):
            rows = eta[left]
            losses[left], shift[left] = plain.differentiate(rows, problem.of(left))
            eta[left] = rows
    else:
        _differentiate_softplus(eta, problem.Y, losses)
    return losses, shift


@rows
def _invert_curvature(
    spread: np.ndarray, weight: Scalar, alpha: Scalar, metric: np.ndarray
) -> None:
    """Inverse of `workflow_scripts.solvers.glm.problem.Problem.curvature` of one target."""
    for j in range(metric.shape[0]):
        metric[j] = f4(1) / (spread[j] * weight + (alpha if j > 0 else f4(0)))


@sums
def _direct(
    gradient: np.ndarray, step: np.ndarray, change: np.ndarray, metric: np.ndarray
) -> tuple[Scalar, Scalar, Scalar, Scalar]:
    """Weight, scale and along, as `_step` takes them, and the slope of the full step."""
    product = projection = f4(0)
    for j in range(gradient.shape[0]):
        product += step[j] * change[j]
        projection += step[j] * gradient[j]
    moved = product > f4(0)
    inverse = f4(1) / product if moved else f4(0)
    weight = inverse * projection
    size = across = f4(0)
    for j in range(gradient.shape[0]):
        size += change[j] * change[j] * metric[j]
        across += change[j] * (gradient[j] - weight * change[j]) * metric[j]
    scale = f4(1) / (inverse * size) if moved else f4(1)
    along = weight - inverse * across * scale
    slope = f4(0)
    for j in range(gradient.shape[0]):
        q = (gradient[j] - weight * change[j]) * metric[j]
        slope -= (q * scale + step[j] * along) * gradient[j]
    return weight, scale, along, slope


@rows
def _step(
    theta: np.ndarray,
    gradient: np.ndarray,
    step: np.ndarray,
    change: np.ndarray,
    metric: np.ndarray,
    weight: Scalar,
    scale: Scalar,
    along: Scalar,
    length: Scalar,
    proposed: np.ndarray,
) -> None:
    for j in range(theta.shape[0]):
        q = (gradient[j] - weight * change[j]) * metric[j]
        proposed[j] = theta[j] - length * (q * scale + step[j] * along)


@batches
def _propose(
    theta: np.ndarray,
    gradient: np.ndarray,
    step: np.ndarray,
    change: np.ndarray,
    spread: np.ndarray,
    weights: np.ndarray,
    alphas: np.ndarray,
    length: np.ndarray,
    proposed: np.ndarray,
    slope: np.ndarray,
) -> None:
    metric = np.empty_like(theta[0])
    for b in range(theta.shape[0]):
        _invert_curvature(spread, weights[b], alphas[b], metric)
        weight, scale, along, slope[b] = _direct(gradient[b], step[b], change[b], metric)
        _step(
            theta[b],
            gradient[b],
            step[b],
            change[b],
            metric,
            weight,
            scale,
            along,
            length[b],
            proposed[b],
        )


def propose(state: State, problem: Problem, alphas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """See `workflow_scripts.solvers.glm.plain.propose`."""
    proposed, slope = np.empty_like(state.theta), np.empty_like(state.loss)
    _propose(
        state.theta,
        state.gradient,
        state.step,
        state.change,
        problem.spread,
        problem.weights,
        alphas,
        state.length,
        proposed,
        slope,
    )
    return proposed, slope


@sums
def _power(theta: np.ndarray) -> Scalar:
    power = f4(0)
    for j in range(1, theta.shape[0]):
        power += theta[j] * theta[j]
    return power


@rows
def _penalise(theta: np.ndarray, gradient: np.ndarray, inverse: Scalar, alpha: Scalar) -> None:
    """Make a sum of gradients the gradient of the objective."""
    gradient[0] *= inverse
    for j in range(1, theta.shape[0]):
        gradient[j] = gradient[j] * inverse + alpha * theta[j]


@rows
def _move(
    old_theta: np.ndarray,
    theta: np.ndarray,
    step: np.ndarray,
    old_gradient: np.ndarray,
    gradient: np.ndarray,
    change: np.ndarray,
) -> None:
    for j in range(theta.shape[0]):
        step[j] = theta[j] - old_theta[j]
        change[j] = gradient[j] - old_gradient[j]
        old_theta[j] = theta[j]
        old_gradient[j] = gradient[j]


@sums
def _norm(gradient: np.ndarray, spread: np.ndarray, weight: Scalar, alpha: Scalar) -> Scalar:
    total = gradient[0] * gradient[0] / (spread[0] * weight)
    for j in range(1, gradient.shape[0]):
        total += gradient[j] * gradient[j] / (spread[j] * weight + alpha)
    return total


@batches
def _accept(
    old_theta: np.ndarray,
    old_loss: np.ndarray,
    old_gradient: np.ndarray,
    step: np.ndarray,
    change: np.ndarray,
    length: np.ndarray,
    theta: np.ndarray,
    losses: np.ndarray,
    gradient: np.ndarray,
    slope: np.ndarray,
    spread: np.ndarray,
    weights: np.ndarray,
    divisors: np.ndarray,
    alphas: np.ndarray,
    settled: np.ndarray,
    slack: Scalar,
    sufficient: Scalar,
    least: Scalar,
    largest: Scalar,
    smallest: Scalar,
    norms: np.ndarray,
) -> None:
    for b in range(theta.shape[0]):
        if settled[b]:
            norms[b] = f4(0)
            continue
        _penalise(theta[b], gradient[b], f4(1) / divisors[b], alphas[b])
        loss = losses[b] / divisors[b] + alphas[b] / f4(2) * _power(theta[b])
        promised = length[b] * slope[b]
        if loss <= old_loss[b] + sufficient * promised + slack * abs(old_loss[b]):
            _move(old_theta[b], theta[b], step[b], old_gradient[b], gradient[b], change[b])
            old_loss[b] = loss
            length[b] = f4(1)
        else:
            share = -promised / (f4(2) * (loss - old_loss[b] - promised))
            if not share > least:
                share = least
            elif not share < largest:
                share = largest
            length[b] *= share
            if length[b] < smallest:
                length[b] = f4(1)
                step[b] = f4(0)
                change[b] = f4(0)
        norms[b] = _norm(old_gradient[b], spread, weights[b], alphas[b])


def accept(
    state: State,
    theta: np.ndarray,
    losses: np.ndarray,
    gradient: np.ndarray,
    slope: np.ndarray,
    problem: Problem,
    alphas: np.ndarray,
    settled: np.ndarray,
) -> np.ndarray:
    """See `workflow_scripts.solvers.glm.plain.accept`."""
    norms = np.empty_like(losses)
    _accept(
        state.theta,
        state.loss,
        state.gradient,
        state.step,
        state.change,
        state.length,
        theta,
        losses,
        gradient,
        slope,
        problem.spread,
        problem.weights,
        problem.divisors,
        alphas,
        settled,
        ROUNDING * np.finfo(theta.dtype).eps,
        SUFFICIENT_DECREASE,
        *SHORTENING,
        SMALLEST_STEP,
        norms,
    )
    return norms


@rows
def _held_out_exponential(
    eta: np.ndarray, y: np.ndarray, log_ceiling: Scalar, losses: np.ndarray
) -> None:
    for i in range(eta.shape[0]):
        capped = min(eta[i], log_ceiling)
        losses[i] = _exp(capped) - y[i] * capped


@rows
def _held_out_softplus(
    eta: np.ndarray, y: np.ndarray, ceiling: Scalar, log_ceiling: Scalar, losses: np.ndarray
) -> None:
    for i in range(eta.shape[0]):
        mu, log_mu, _, _ = _softplus(eta[i])
        losses[i] = min(mu, ceiling) - y[i] * min(log_mu, log_ceiling)


@batches
def _held_out(
    eta: np.ndarray, Y: np.ndarray, ceiling: np.ndarray, exponential: bool, losses: np.ndarray
) -> None:
    row = np.empty_like(eta[0])
    for b in range(eta.shape[0]):
        log_ceiling = np.log(ceiling[b])
        if exponential:
            _held_out_exponential(eta[b], Y[b], log_ceiling, row)
        else:
            _held_out_softplus(eta[b], Y[b], ceiling[b], log_ceiling, row)
        losses[b] = _sum(row)


def held_out_losses(
    eta: np.ndarray, Y: np.ndarray, ceiling: np.ndarray, problem: Problem
) -> np.ndarray:
    """See `workflow_scripts.solvers.glm.plain.held_out_losses`."""
    if not _is_compiled(problem):
        return plain.held_out_losses(eta, Y, ceiling, problem)
    losses = np.empty_like(eta[:, 0])
    # Without steps between elements a processor takes many at a time.
    Y = np.ascontiguousarray(Y)
    _held_out(eta, Y, ceiling, problem.link is Exponential, losses)
    return losses
