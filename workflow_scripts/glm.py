"""Generalised linear models of all target units at once, by one batched quasi-Newton solver."""

from dataclasses import dataclass, replace

import numpy as np
from array_api_compat import array_namespace, device, is_torch_namespace

from workflow_scripts.arrays import cached_rows, to_numpy, transposed
from workflow_scripts.errors import InputError, NotComparable
from workflow_scripts.ridge import check_alphas, principal_axes

ALPHAS = tuple(float(a) for a in np.logspace(-4, 2, 7))
SHARPNESS = 10.0  # of the smooth rectifier
CAP = 1.2  # predictions end at this multiple of the unit's largest training response
ROUGH = 10.0  # tolerance of fits that only say whether to go on
LONGEST_STEP = 3.0  # that needs no evaluation, in tolerances
FOLD_EVALUATIONS = 100  # a penalty that needs more of them is far too weak to be chosen
SUFFICIENT_DECREASE = 1e-4
SMALLEST_STEP = 1e-6
BATCH_ELEMENTS = 1_000_000  # of an array (fold, target, stimulus); bounds memory


def _softplus(eta, xp):
    """``log(1 + exp(eta))``, its logarithm, its slope, and the slope of its logarithm."""
    # No selection by element: it costs more than all the arithmetic.
    small = xp.exp(-xp.abs(eta))
    one = 1 + small
    # log1p to the last digit, by the logarithm that is vectorised.
    mu = xp.maximum(eta, 0 * eta) + (xp.log(one) + (small - (one - 1)) / one)
    slope = xp.maximum(small, xp.astype(eta >= 0, eta.dtype)) / one
    # Far below zero the mean vanishes, and its logarithm is eta itself.
    tiny = xp.finfo(eta.dtype).smallest_normal
    vanished = mu < tiny
    mu_or_tiny = mu + tiny * vanished
    return mu, xp.minimum(xp.log(mu_or_tiny), eta), slope, slope / mu_or_tiny + vanished


class Exponential:
    """``mu = exp(eta)``, fitted to responses with a mean of one: free of the unit."""

    @staticmethod
    def evaluate(eta, xp):
        """Mean, its logarithm, and the derivatives of both, each shaped like `eta` or 1."""
        mu = xp.exp(eta)
        return mu, eta, mu, 1.0

    @staticmethod
    def inverse(mu, xp):
        """Linear predictor of a mean."""
        return xp.log(mu)

    @staticmethod
    def unit(mean, highest):
        """The response that counts as one."""
        return mean


class Softplus:
    """``mu = log(1 + exp(eta))``, fitted to responses as they are."""

    @staticmethod
    def evaluate(eta, xp):
        """Mean, its logarithm, and the derivatives of both, each shaped like `eta`."""
        return _softplus(eta, xp)

    @staticmethod
    def inverse(mu, xp):
        """Linear predictor of a mean."""
        return mu + xp.log(-xp.expm1(-mu))

    @staticmethod
    def unit(mean, highest):
        """The response that counts as one."""
        return mean * 0 + 1


class Rectifier:
    """``mu = log(1 + exp(s eta)) / s`` with s = 10: a ReLU with rounded corner.

    A mean of exactly zero would make a single spike impossible. Fitted to responses with a mean of
    one.
    """

    @staticmethod
    def evaluate(eta, xp):
        """Mean, its logarithm, and the derivatives of both, each shaped like `eta`."""
        mu, log_mu, slope, log_slope = _softplus(SHARPNESS * eta, xp)
        return mu / SHARPNESS, log_mu - float(np.log(SHARPNESS)), slope, SHARPNESS * log_slope

    @staticmethod
    def inverse(mu, xp):
        """Linear predictor of a mean."""
        return Softplus.inverse(SHARPNESS * mu, xp) / SHARPNESS

    @staticmethod
    def unit(mean, highest):
        """The response that counts as one."""
        return mean


class NormalCdf:
    """``mu = Phi(eta)``, fitted to responses as parts of the largest prediction allowed."""

    @staticmethod
    def evaluate(eta, xp):
        """Mean, its logarithm, and the derivatives of both, each shaped like `eta`."""
        special = _special(xp)
        log_mu = special.log_ndtr(eta)
        log_density = -0.5 * eta**2 - 0.5 * float(np.log(2 * np.pi))
        return xp.exp(log_mu), log_mu, xp.exp(log_density), xp.exp(log_density - log_mu)

    @staticmethod
    def inverse(mu, xp):
        """Linear predictor of a mean."""
        return _special(xp).ndtri(mu)

    @staticmethod
    def unit(mean, highest):
        """The response that counts as one."""
        return CAP * highest


def _special(xp):
    """Module with the functions of the normal distribution for arrays of this library."""
    if is_torch_namespace(xp):
        import torch

        return torch.special
    import scipy.special

    return scipy.special


class Poisson:
    """Negative log-likelihood ``mu - y log mu`` without its constant, in units of the mean."""

    @staticmethod
    def loss(Y, mu, log_mu, slope, log_slope):
        """Loss of each response and its derivative by the linear predictor."""
        return mu - Y * log_mu, slope - Y * log_slope

    @staticmethod
    def scale(mean, second):
        """What the loss of each target is divided by, from the first two moments."""
        return mean

    @staticmethod
    def weight(mean, slope, scale):
        """Expected second derivative of the loss by the linear predictor."""
        return slope**2 / (mean * scale)


class Gaussian:
    """Half the squared error, in units of the variance."""

    @staticmethod
    def loss(Y, mu, log_mu, slope, log_slope):
        """Loss of each response and its derivative by the linear predictor."""
        return (mu - Y) ** 2 / 2, (mu - Y) * slope

    @staticmethod
    def scale(mean, second):
        """What the loss of each target is divided by, from the first two moments."""
        return second - mean**2

    @staticmethod
    def weight(mean, slope, scale):
        """Expected second derivative of the loss by the linear predictor."""
        return slope**2 / scale


LINKS = {"exp": Exponential, "softplus": Softplus, "relu": Rectifier, "normcdf": NormalCdf}
FAMILIES = {"poisson": Poisson, "gaussian": Gaussian}


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


class GeneralisedLinear:
    """Penalised generalised linear model with a penalty for each target by cross-validation.

    The source is rotated to its principal axes first: by the representer theorem no weight is
    lost, and there the Hessian is nearly diagonal. The penalty is chosen by the cross-validated
    loss; the path runs from the strongest penalty down and ends for a target whose loss has risen
    in every fold, or in their sum twice in a row. Fits of folds are in single precision, where the
    choice is the same, and start at the last penalty's solution; the final fit is in double
    precision.

    Parameters
    ----------
    link : {"exp", "softplus", "relu", "normcdf"}
    family : {"poisson", "gaussian"}
    alphas : sequence of float
        Penalties to choose from.
    n_folds : int
        Folds of the training stimuli; every `n_folds`-th stimulus belongs to one fold, which is
        random because the training stimuli of a split are in random order.
    tolerance : float
        See `minimise`; of the final fit.
    fold_tolerance : float
        Of the fits of the folds.
    max_evaluations : int

    Attributes
    ----------
    alpha_ : numpy.ndarray, shape (n_targets,)
        NaN for a target that is silent throughout.
    converged_ : numpy.ndarray of bool, shape (n_targets,)
        Of the final fit; False for a target that is silent throughout.
    theta_ : array, shape (n_targets, 1 + k)
        Intercept and weights on the principal axes, for responses in units of `unit_`.
    axes_ : array, shape (n_units, k)
    unit_ : array, shape (n_targets,)
    n_capped_ : int
        Predictions that the last `predict` capped.
    """

    def __init__(
        self,
        link,
        family,
        alphas,
        n_folds,
        tolerance=3e-5,
        fold_tolerance=1e-2,
        max_evaluations=500,
    ):
        self.link = link
        self.family = family
        self.alphas = alphas
        self.n_folds = n_folds
        self.tolerance = tolerance
        self.fold_tolerance = fold_tolerance
        self.max_evaluations = max_evaluations

    def fit(self, Z, Y):
        """Fit on standardised sources Z (n_stimuli, n_units) and targets Y (n_stimuli, n_targets).

        Raises
        ------
        InputError
            If link or family is unknown, a penalty is not positive, or there are not 2 folds to as
            many as stimuli.
        NotComparable
            If a target response is negative or there is no target.
        """
        for key, value, known in (("link", self.link, LINKS), ("family", self.family, FAMILIES)):
            if value not in known:
                raise InputError(
                    f"method parameter {key}: found {value!r}, expected one of {', '.join(known)}"
                )
        check_alphas(self.alphas)
        n_stimuli, n_targets = Y.shape
        if not 2 <= self.n_folds <= n_stimuli:
            raise InputError(
                f"method parameter n_folds: found {self.n_folds!r}, expected 2 to {n_stimuli}, the "
                f"number of training stimuli"
            )
        if n_targets == 0:
            raise NotComparable("the target has no units")
        xp = array_namespace(Z)
        if xp.min(Y) < 0:
            raise NotComparable(
                f"the mean of this model is at least 0, and so must responses be, found "
                f"{float(xp.min(Y)):.3g}"
            )
        link = LINKS[self.link]
        highest = xp.max(Y, axis=0)
        spiking = highest > 0
        one = xp.ones_like(highest)
        self.unit_ = xp.where(spiking, link.unit(xp.mean(Y, axis=0), highest), one)
        self.ceiling_ = CAP * highest / self.unit_
        U, s, Vt = principal_axes(Z)
        self.axes_ = Vt.T
        A = xp.concat([xp.ones((n_stimuli, 1), dtype=Z.dtype, device=device(Z)), U * s], axis=1)
        self.theta_ = xp.zeros((n_targets, A.shape[1]), dtype=Z.dtype, device=device(Z))
        self.alpha_ = np.full(n_targets, np.nan)
        self.converged_ = np.zeros(n_targets, bool)
        size = max(1, BATCH_ELEMENTS // (self.n_folds * n_stimuli))
        fitted = np.flatnonzero(to_numpy(spiking))
        for start in range(0, len(fitted), size):
            batch = fitted[start : start + size]
            columns = xp.asarray(batch, device=device(Z))
            self.theta_[columns], self.alpha_[batch], self.converged_[batch] = self._fit_batch(
                A,
                transposed(Y[:, columns] / self.unit_[columns]),
                self.ceiling_[columns],
            )
        return self

    def _fit_batch(self, A, Y, ceiling):
        """Solution, penalty and convergence of targets Y (n_targets, n_stimuli)."""
        xp = array_namespace(A)
        alpha, theta = self._choose_penalties(A, Y, ceiling)
        alphas = xp.asarray(alpha, dtype=A.dtype, device=device(A))
        _, problem = self._problem(A[None], Y[None], [len(A)])
        state, converged = minimise(
            start_at(xp.astype(theta, A.dtype)[None], problem, alphas),
            problem,
            alphas,
            self.tolerance,
            self.max_evaluations,
        )
        return (
            last_step(state, converged, problem, alphas, self.tolerance)[0],
            alpha,
            to_numpy(converged),
        )

    def _choose_penalties(self, A, Y, ceiling):
        """Penalty with the least loss over the folds, and a start for the fit with it.

        The start is the mean of the folds' solutions, which is close to the solution of all
        stimuli.
        """
        xp = array_namespace(A)
        ceiling = xp.astype(ceiling, xp.float32)[:, None]
        folds = [np.arange(len(A)) % self.n_folds == fold for fold in range(self.n_folds)]
        test_A, test_Y = _gather(A, Y, [np.flatnonzero(fold) for fold in folds])
        n_train = [np.count_nonzero(~fold) for fold in folds]
        theta, problem = self._problem(
            *_gather(A, Y, [np.flatnonzero(~fold) for fold in folds]), n_train
        )
        solution = theta[0]
        active = np.arange(len(Y))
        best, alpha = np.full(len(Y), np.inf), np.full(len(Y), np.nan)
        last, last_rose = np.full((self.n_folds, len(Y)), np.inf), np.zeros(len(Y), bool)
        last_penalty = 0.0
        state = start_at(theta, problem, xp.zeros_like(ceiling[:, 0]))
        for penalty in sorted(map(float, self.alphas), reverse=True):
            state = penalised_more(state, penalty - last_penalty)
            # What is worse than the last penalty already by rough fits needs no better ones.
            for tolerance in (ROUGH * self.fold_tolerance, self.fold_tolerance):
                alphas = xp.full_like(ceiling[:, 0], penalty)
                state, converged = minimise(state, problem, alphas, tolerance, FOLD_EVALUATIONS)
                theta = last_step(state, converged, problem, alphas, tolerance)
                loss = self._held_out_loss(theta, test_A, test_Y, ceiling)
                rose = loss.sum(axis=0) > last.sum(axis=0)
                go_on = ~(rose & (last_rose | (loss > last).all(axis=0)))
                if not go_on.any():
                    return alpha, solution
                if not go_on.all():
                    keep = xp.asarray(np.flatnonzero(go_on), device=device(A))
                    problem, ceiling, test_Y = problem.of(keep), ceiling[keep], test_Y[:, keep]
                    state, theta = tuple(values[:, keep] for values in state), theta[:, keep]
                    active, last, last_rose = active[go_on], last[:, go_on], last_rose[go_on]
                    loss, rose = loss[:, go_on], rose[go_on]
            total = loss.sum(axis=0)
            better = total < best[active]
            best[active[better]], alpha[active[better]] = total[better], penalty
            where = xp.asarray(np.flatnonzero(better), device=device(A))
            rows = xp.asarray(active[better], device=device(A))
            solution[rows] = xp.mean(theta[:, where], axis=0)
            last, last_rose, last_penalty = loss, rose, penalty
        return alpha, solution

    def _held_out_loss(self, theta, A, Y, ceiling):
        """Sum of the losses of each fold and target, a NumPy array (n_folds, n_targets)."""
        xp = array_namespace(theta)
        with np.errstate(over="ignore", invalid="ignore"):
            eta = theta @ xp.matrix_transpose(A)
            mu, log_mu, *slopes = LINKS[self.link].evaluate(eta, xp)
            mu, log_mu = xp.minimum(mu, ceiling), xp.minimum(log_mu, xp.log(ceiling))
            loss, _ = FAMILIES[self.family].loss(Y, mu, log_mu, *slopes)
        return to_numpy(xp.sum(loss, axis=-1)).astype(float)

    def _problem(self, A, Y, n_stimuli):
        """Start, which has no weights, and the problem; `n_stimuli` of each fold."""
        xp = array_namespace(A)
        link, family = LINKS[self.link], FAMILIES[self.family]
        n = xp.asarray(n_stimuli, dtype=A.dtype, device=device(A))[:, None]
        mean, second = xp.sum(Y, axis=-1) / n, xp.sum(Y**2, axis=-1) / n
        # A unit may be silent in the training part of a fold: it is then as if it spiked once.
        mean, second = xp.where(mean > 0, mean, 1 / n), xp.where(mean > 0, second, 1 / n)
        intercept = link.inverse(mean, xp)
        scale = family.scale(mean, second)
        scale = xp.where(scale > 0, scale, mean)
        weight = family.weight(mean, link.evaluate(intercept, xp)[2], scale)
        spread = xp.sum(A**2, axis=1) / n
        curvature = spread[:, None, :] * weight[..., None]
        start = xp.concat([intercept[..., None], 0 * curvature[..., 1:]], axis=-1)
        return start, Problem(A, Y, n * scale, curvature, link, family)

    def predict(self, Z):
        """Predicted mean responses (n_stimuli, n_targets)."""
        xp = array_namespace(Z)
        eta = Z @ self.axes_ @ xp.matrix_transpose(self.theta_[:, 1:]) + self.theta_[:, 0]
        with np.errstate(over="ignore"):
            mu = LINKS[self.link].evaluate(eta, xp)[0]
        capped = mu >= self.ceiling_
        self.n_capped_ = int(xp.count_nonzero(capped & (self.ceiling_ > 0)))
        return xp.where(capped, self.ceiling_, mu) * self.unit_


def _gather(A, Y, parts):
    """Stimuli of each part, in single precision.

    Parts differ in size by one stimulus at most; a row of zeros, which no fit sees, fills up.

    Parameters
    ----------
    A : array, shape (n_stimuli, 1 + k)
    Y : array, shape (n_targets, n_stimuli)
    parts : list of numpy.ndarray of int

    Returns
    -------
    A : array, shape (n_parts, n, 1 + k)
    Y : array, shape (n_parts, n_targets, n)
    """
    xp = array_namespace(A)
    A, Y = xp.astype(A, xp.float32), xp.astype(Y, xp.float32)
    padded_A = xp.concat([A, xp.zeros_like(A[:1])], axis=0)
    padded_Y = xp.concat([Y, xp.zeros_like(Y[:, :1])], axis=1)
    longest = max(map(len, parts))
    rows = [np.pad(part, (0, longest - len(part)), constant_values=len(A)) for part in parts]
    rows = xp.asarray(np.asarray(rows), device=device(A))
    return padded_A[rows], xp.stack([padded_Y[:, part] for part in rows])


class TransformedModel:
    """Generalised linear model from transformed source units: the shape of several methods.

    Parameters
    ----------
    transformation : object
        With ``fit_transform(X)`` and ``transform(X)``.
    model : GeneralisedLinear

    Attributes
    ----------
    alpha_, converged_ : numpy.ndarray, shape (n_targets,)
        See `GeneralisedLinear`.
    guards_ : dict of str to int
        How often the guards bound in the last `predict`.
    """

    def __init__(self, transformation, model):
        self.transformation = transformation
        self.model = model

    def fit(self, X, Y):
        """Fit on training responses X (n_stimuli, n_units) and Y (n_stimuli, n_targets)."""
        self.model.fit(self.transformation.fit_transform(X), Y)
        self.alpha_ = self.model.alpha_
        self.converged_ = self.model.converged_
        return self

    def predict(self, X):
        """Predicted mean responses (n_stimuli, n_targets)."""
        predicted = self.model.predict(self.transformation.transform(X))
        self.guards_ = {
            "source clipped": getattr(self.transformation, "n_clipped_", 0),
            "prediction capped": self.model.n_capped_,
        }
        return predicted
