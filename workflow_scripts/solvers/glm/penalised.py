"""Generalised linear models of all target units at once.

The penalty of each target is chosen in `workflow_scripts.solvers.glm.penalties.choose_penalties`,
by cross-validation over the training stimuli; it takes one of the values that the estimator is
given, by default `ALPHAS`.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np
from array_api_compat import array_namespace, device

from workflow_scripts.common.errors import InputError, NotComparable
from workflow_scripts.solvers.arrays import Array, to_numpy, transposed
from workflow_scripts.solvers.glm.families import FAMILIES
from workflow_scripts.solvers.glm.links import CAP, LINKS
from workflow_scripts.solvers.glm.penalties import choose_penalties
from workflow_scripts.solvers.glm.problem import pose_problem
from workflow_scripts.solvers.glm.quasi_newton import last_step, minimise, start_at
from workflow_scripts.solvers.principal_axes import principal_axes

ALPHAS = [float(a) for a in np.logspace(-4, 2, 7)]
"""Penalties to choose from. The loss is in units of each target's mean or variance, so that a
penalty of 1 is comparable with it. The grid reaches beyond 1 because exponential means that are
penalised too weakly can be wrong by orders of magnitude."""

BATCH_ELEMENTS = 1_000_000
"""Elements of an array (fold, target, stimulus) of one batch of targets; it bounds the memory."""


class GeneralisedLinear:
    """Penalised generalised linear model with a penalty for each target by cross-validation.

    The source is rotated to its principal axes first: by the representer theorem no weight is lost,
    and there the Hessian is nearly diagonal. The penalty is chosen by fits in single precision (see
    `choose_penalties`); the final fit is in double precision.

    Parameters
    ----------
    link : {"exp", "softplus", "relu", "normcdf"}
        Key of `LINKS`.
    family : {"poisson", "gaussian"}
        Key of `FAMILIES`.
    alphas : sequence of float
        Penalties to choose from.
    n_folds : int
        Folds of the training stimuli.
    tolerance : float
        Tolerance of the final fit; see `minimise`.
    max_evaluations : int
        Most evaluations of the objective for one target of the final fit.

    Attributes
    ----------
    alpha_ : numpy.ndarray, shape (n_targets,)
        NaN for a target that never responds.
    converged_ : numpy.ndarray of bool, shape (n_targets,)
        Whether the final fit has converged; False for a target that never responds.
    theta_ : array, shape (n_targets, 1 + k)
        Intercept and weights on the principal axes, for responses in units of `unit_`.
    axes_ : array, shape (n_units, k)
    unit_ : array, shape (n_targets,)
    ceiling_ : array, shape (n_targets,)
        Largest prediction of each target, in units of `unit_`; see `CAP`.
    n_capped_ : int
        Number of predictions that the last `predict` capped.
    """

    def __init__(
        self,
        link: str,
        family: str,
        alphas: Sequence[float],
        n_folds: int,
        tolerance: float = 3e-5,
        max_evaluations: int = 500,
    ) -> None:
        self.link = link
        self.family = family
        self.alphas = alphas
        self.n_folds = n_folds
        self.tolerance = tolerance
        self.max_evaluations = max_evaluations

    def fit(self, Z: Array, Y: Array) -> Self:
        """Fit on standardised sources Z (n_stimuli, n_units) and targets Y (n_stimuli, n_targets).

        Raises
        ------
        InputError
            If there are more folds than stimuli.
        NotComparable
            If a target response is negative or there is no target.
        """
        n_stimuli, n_targets = Y.shape
        if not 2 <= self.n_folds <= n_stimuli:
            raise InputError(
                "method parameter n_folds",
                str(self.n_folds),
                f"2 to {n_stimuli}, the number of training stimuli",
            )
        if n_targets == 0:
            raise NotComparable("the target has no units")
        xp = array_namespace(Z)
        if xp.min(Y) < 0:
            raise NotComparable(
                f"the mean of this model is at least 0, and so must responses be, found "
                f"{float(xp.min(Y)):.3g}"
            )
        highest = xp.max(Y, axis=0)
        responding = highest > 0
        one = xp.ones_like(highest)
        unit = LINKS[self.link].unit(xp.mean(Y, axis=0), highest)
        self.unit_ = xp.where(responding, unit, one)
        self.ceiling_ = CAP * highest / self.unit_
        U, s, Vt = principal_axes(Z)
        self.axes_ = Vt.T
        A = xp.concat([xp.ones((n_stimuli, 1), dtype=Z.dtype, device=device(Z)), U * s], axis=1)
        self.theta_ = xp.zeros((n_targets, A.shape[1]), dtype=Z.dtype, device=device(Z))
        self.alpha_ = np.full(n_targets, np.nan)
        self.converged_ = np.zeros(n_targets, bool)
        size = max(1, BATCH_ELEMENTS // (self.n_folds * n_stimuli))
        fitted = np.flatnonzero(to_numpy(responding))
        for start in range(0, len(fitted), size):
            batch = fitted[start : start + size]
            columns = xp.asarray(batch, device=device(Z))
            self.theta_[columns], self.alpha_[batch], self.converged_[batch] = self._fit_batch(
                A,
                transposed(Y[:, columns] / self.unit_[columns]),
                self.ceiling_[columns],
            )
        return self

    def _fit_batch(
        self, A: Array, Y: Array, ceiling: Array
    ) -> tuple[Array, np.ndarray, np.ndarray]:
        """Solution, penalty and convergence of targets Y (n_targets, n_stimuli)."""
        xp = array_namespace(A)
        link, family = LINKS[self.link], FAMILIES[self.family]
        alpha, theta = choose_penalties(A, Y, ceiling, self.alphas, self.n_folds, link, family)
        alphas = xp.asarray(alpha, dtype=A.dtype, device=device(A))
        _, problem = pose_problem(A[None], Y[None], [len(A)], link, family)
        start = start_at(xp.astype(theta, A.dtype)[None], problem, alphas)
        state, converged = minimise(start, problem, alphas, self.tolerance, self.max_evaluations)
        solution = last_step(state, converged, problem, alphas, self.tolerance)[0]
        return solution, alpha, to_numpy(converged)

    def predict(self, Z: Array) -> Array:
        """Predicted mean responses (n_stimuli, n_targets)."""
        xp = array_namespace(Z)
        eta = Z @ self.axes_ @ xp.matrix_transpose(self.theta_[:, 1:]) + self.theta_[:, 0]
        with np.errstate(over="ignore"):
            mu = LINKS[self.link].evaluate(eta, xp)[0]
        capped = mu >= self.ceiling_
        self.n_capped_ = int(xp.count_nonzero(capped & (self.ceiling_ > 0)))
        return xp.where(capped, self.ceiling_, mu) * self.unit_
