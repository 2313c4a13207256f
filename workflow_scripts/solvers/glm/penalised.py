"""Generalised linear models of all target units at once, by one batched quasi-Newton solver."""

import numpy as np
from array_api_compat import array_namespace, device

from workflow_scripts.common.errors import InputError, NotComparable
from workflow_scripts.solvers.arrays import to_numpy, transposed
from workflow_scripts.solvers.glm.families import FAMILIES
from workflow_scripts.solvers.glm.links import CAP, LINKS
from workflow_scripts.solvers.glm.quasi_newton import (
    Problem,
    last_step,
    minimise,
    penalised_more,
    start_at,
)
from workflow_scripts.solvers.principal_axes import check_alphas, principal_axes

ALPHAS = tuple(float(a) for a in np.logspace(-4, 2, 7))

ROUGH = 10.0  # tolerance of fits that only say whether to go on

FOLD_EVALUATIONS = 100  # a penalty that needs more of them is far too weak to be chosen

BATCH_ELEMENTS = 1_000_000  # of an array (fold, target, stimulus); bounds memory


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
