"""What response of a target a fit takes as 1, so that the unit of the responses does not matter.

A softplus bends where its mean is about 1, so that it fits responses in one unit only: the map is
``gain * softplus(W z + b)``. The gain of each target is estimated once, from all of its training
responses; then the penalty is chosen, and the map fitted, for responses divided by it.
"""

from collections.abc import Callable

from array_api_compat import array_namespace, device

from workflow_scripts.solvers.arrays import Array, varying
from workflow_scripts.solvers.glm.families import Poisson
from workflow_scripts.solvers.glm.links import CAP, Softplus
from workflow_scripts.solvers.glm.problem import pose_problem
from workflow_scripts.solvers.glm.quasi_newton import minimise

DRIVE_PENALTY = 0.1
"""Penalty of the fit that gives the linear predictors along which gains are estimated. With 0.03 or
1 the R2 that `softplus_gain` cites changes by 0.0016 at most."""

DRIVE_TOLERANCE = 1e-2
DRIVE_EVALUATIONS = 300
"""Tolerance of this fit, and most evaluations of its objective; see `minimise`. A third of the
tolerance moves a typical gain by a thousandth and leaves the R2 as it is."""

GAIN_PENALTY = 1e-4
"""Penalty of the squared logarithm of a gain in standard deviations. Without it, a gain would be
infinite where an exponential mean, and zero where a ReLU, fits better than any softplus. In 90 % of
the units gains are 0.4 to 3.7 standard deviations (small networks, simulated mice) or 0.4 to 15
(trained networks of full width, with extremes of 0.01 and 1,800)."""

N_KNOTS = 64
"""Number of evenly spaced linear predictors (knots) between which stimuli are divided before a gain
is estimated. With all stimuli instead, the estimate from 1,000 of them takes ten times as long, and
95 % of the gains differ by less than 0.3 % (generated networks) or 3.5 % (trained networks of full
width); where few predictors are far from all others, by 10 % and more."""

GAIN_ITERATIONS = 10
"""Steps of the estimate. More steps change 95 % of the gains of generated networks by less than
1e-4, and 90 % of those of trained networks of full width by less than 1.2 %."""


def mean_response(A: Array, Y: Array) -> Array:
    """The mean of each target."""
    return array_namespace(Y).mean(Y, axis=1)


def largest_prediction(A: Array, Y: Array) -> Array:
    """The largest prediction allowed."""
    return CAP * array_namespace(Y).max(Y, axis=1)


def softplus_gain(A: Array, Y: Array) -> Array:
    """The gain with which a softplus fits best, for any unit of the responses.

    A softplus of linear predictors ``eta`` is fitted to each target in units of its standard
    deviation. Along these predictors, ``gain * softplus(slope * eta + offset)`` is then fitted by
    the largest Poisson likelihood. None of the three has bounds; `GAIN_PENALTY` keeps them finite.

    Parameters
    ----------
    A : array, shape (n_stimuli, 1 + k)
        Design with a first column of ones.
    Y : array, shape (n_targets, n_stimuli)
        Each target responds to at least one stimulus.

    Returns
    -------
    array, shape (n_targets,)

    Notes
    -----
    Held-out R2 of a Poisson likelihood (mean over cells of the median over units), for responses
    as they are, divided by their standard deviation, and divided by this gain: simulated mice in
    Hz .844, .952, .958; three trained networks .792, .806, .808, and from sources before their
    softplus, where a gain of 1 is the truth but for noise, .842, .840, .845. Where responses are
    the exact softplus of a linear predictor R2 is .99999 with the true gain and .9995 with this.
    """
    xp = array_namespace(Y)
    sd = xp.std(Y, axis=1)
    unit = xp.where(varying(Y.T), sd, xp.mean(Y, axis=1))
    Y = Y / unit[:, None]
    start, problem = pose_problem(A, Y, Softplus, Poisson)
    penalties = xp.full_like(unit, DRIVE_PENALTY, dtype=xp.float32)
    rough = problem.in_single_precision()
    theta, _ = minimise(
        xp.astype(start, xp.float32), rough, penalties, DRIVE_TOLERANCE, DRIVE_EVALUATIONS
    )
    eta = xp.astype(theta @ xp.matrix_transpose(rough.A), A.dtype)
    return unit * _best_gain(*_at_knots(eta, Y))


def _at_knots(eta: Array, Y: Array) -> tuple[Array, Array, Array]:
    """Evenly spaced linear predictors, and the mean response and the share of the stimuli there.

    Each stimulus is divided between the two knots next to it, so that its mean predictor is kept
    and nothing jumps when it moves past a knot ("linear binning": Wand 1994, J Comput Graph Stat
    3:433-445). All have the shape (n_targets, n_knots). At a knot without stimuli the mean response
    is 0.
    """
    xp = array_namespace(eta)
    n_targets, n_stimuli = eta.shape
    lowest, highest = xp.min(eta, axis=1)[:, None], xp.max(eta, axis=1)[:, None]
    width = (highest - lowest) / (N_KNOTS - 1)
    position = (eta - lowest) / xp.where(width > 0, width, 1)
    before = xp.astype(position, xp.int64)
    before = xp.where(before < N_KNOTS - 1, before, N_KNOTS - 2)
    after_share = position - before
    number = xp.arange(n_targets, device=device(eta))[:, None]
    place = xp.reshape(N_KNOTS * number + before, (-1,))

    def sums(values: Array) -> Array:
        after = values * after_share
        parts = [
            xp.bincount(place, xp.reshape(part, (-1,)), minlength=N_KNOTS * n_targets)
            for part in (values - after, after)
        ]
        parts[0][1:] += parts[1][:-1]
        return xp.reshape(parts[0], (n_targets, N_KNOTS))

    count = sums(xp.ones_like(eta))
    mean = sums(Y) / xp.where(count > 0, count, 1)
    return lowest + width * xp.arange(N_KNOTS, device=device(eta)), mean, count / n_stimuli


def _best_gain(eta: Array, Y: Array, share: Array) -> Array:
    """Gain of the best ``gain * softplus(slope * eta + offset)``.

    The best gain for given slope and offset is known in closed form; these are found by Fisher
    scoring (Levenberg and Marquardt's damping).
    """
    xp = array_namespace(eta)
    mean = xp.vecdot(Y, share)
    observed = share * Y / mean[:, None]

    def evaluate(slope: Array, offset: Array) -> tuple[Array, Array, Array, Array]:
        """Loss, logarithm of the gain, and slopes by the linear predictor.

        The slopes are those of each knot's share of the predictions, and of their logarithm.
        """
        mu, log_mu, change, log_change = Softplus.evaluate(
            slope[:, None] * eta + offset[:, None], xp
        )
        total = xp.vecdot(mu, share)
        log_gain = xp.log(mean / total)
        loss = xp.log(total) - xp.vecdot(observed, log_mu) + GAIN_PENALTY / 2 * log_gain**2
        return loss, log_gain, share * change / total[:, None], log_change

    slope, offset = xp.ones_like(mean), xp.zeros_like(mean)
    loss, log_gain, change, log_change = evaluate(slope, offset)
    damping = xp.full_like(mean, 1e-3)
    for _ in range(GAIN_ITERATIONS):
        pull = change * (1 - GAIN_PENALTY * log_gain)[:, None] - observed * log_change
        weight = change * log_change
        along = weight * eta
        total, total_along = xp.sum(change, axis=1), xp.vecdot(change, eta)
        h, h_both, h_along = xp.sum(weight, axis=1), xp.sum(along, axis=1), xp.vecdot(along, eta)
        # The damped Hessian [[a, b], [b, c]] by offset and slope; the last terms are what the gain
        # takes from the curvature.
        a = (1 + damping) * h - (1 - GAIN_PENALTY) * total**2
        b = h_both - (1 - GAIN_PENALTY) * total * total_along
        c = (1 + damping) * h_along - (1 - GAIN_PENALTY) * total_along**2
        determinant = a * c - b**2
        # Where all linear predictors are zero, there is no step.
        determinant = xp.where(determinant > 0, determinant, xp.inf)
        g, g_along = xp.sum(pull, axis=1), xp.vecdot(pull, eta)
        new_slope = slope - (a * g_along - b * g) / determinant
        new_offset = offset - (c * g - b * g_along) / determinant
        found = evaluate(new_slope, new_offset)
        better = found[0] <= loss
        slope, offset = xp.where(better, new_slope, slope), xp.where(better, new_offset, offset)
        loss, log_gain = xp.where(better, found[0], loss), xp.where(better, found[1], log_gain)
        change = xp.where(better[:, None], found[2], change)
        log_change = xp.where(better[:, None], found[3], log_change)
        damping = xp.where(better, damping / 5, damping * 8)
    return xp.exp(log_gain)


UNITS: dict[str, Callable[[Array, Array], Array]] = {
    "exp": mean_response,
    "softplus": softplus_gain,
    "relu": mean_response,
    "normcdf": largest_prediction,
}
"""By the key of a link in `LINKS`: from a design (n_stimuli, 1 + k) and responses (n_targets,
n_stimuli) to the response of each target that the fit takes as 1. All are proportional to the
responses, so that neither scores nor the meaning of a penalty depend on the unit of these."""
