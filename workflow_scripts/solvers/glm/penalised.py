"""Generalised linear models of all target units at once.

The penalty of each target is chosen in `workflow_scripts.solvers.glm.penalties`, by
cross-validation over the training stimuli; it takes one of the values that the estimator is given,
by default `ALPHAS`.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np
from array_api_compat import array_namespace, device, is_numpy_array

from workflow_scripts.common.errors import InputError, NotComparable
from workflow_scripts.solvers.arrays import Array, to_numpy, transposed
from workflow_scripts.solvers.glm.families import FAMILIES
from workflow_scripts.solvers.glm.folds import fold_after_fold
from workflow_scripts.solvers.glm.links import CAP, LINKS
from workflow_scripts.solvers.glm.penalties import evaluate_all_penalties, search_penalties
from workflow_scripts.solvers.glm.problem import pose_problem
from workflow_scripts.solvers.glm.quasi_newton import MOST_EVALUATIONS, minimise_precisely
from workflow_scripts.solvers.glm.units import UNITS
from workflow_scripts.solvers.principal_axes import principal_axes

ALPHAS = [float(a) for a in np.logspace(-4, 2, 7)]
"""Penalties to choose from. The loss is in units of each target's mean or variance, so that a
penalty of 1 is comparable with it. The grid reaches beyond 1 because exponential means that are
penalised too weakly can be wrong by orders of magnitude."""

FEWEST_STIMULI = 480
"""Fewest training stimuli for which penalties are searched rather than all evaluated. With 480, at
least 99 % of the searches end at the same penalty; with 192, 93 to 99 %; with 95 stimuli and more
units, 79 to 91 %. A Gaussian likelihood is never searched: its losses may have several minima, and
which one is found depends on where a fit starts."""

BATCH_ELEMENTS = {"cpu": 600_000, "cuda": 50_000_000}
"""Elements of an array (target, stimulus) or (target, axis) of one batch of targets. A batch needs
up to 260 bytes for each, with seven penalties and five folds: 160 MB on a processor, 13 GB on a
GPU, which is fast only with tens of thousands of targets at a time."""


class GeneralisedLinear:
    """Penalised generalised linear model with a penalty for each target by cross-validation.

    The source is rotated to its principal axes first: by the representer theorem no weight is lost,
    and there the Hessian is nearly diagonal. With a Poisson likelihood and at least
    `FEWEST_STIMULI` training stimuli the penalty is that of `search_penalties`, an approximation;
    otherwise it is that of `evaluate_all_penalties`. The final fit is exact, in double precision.

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
    exact : bool
        Whether every penalty is fitted in every fold, also with `FEWEST_STIMULI` or more.
    tolerance : float
        Tolerance of the final fit, and of the fits of folds; see `minimise`.
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
        What the fit takes as 1; see `UNITS`. For a softplus, the output gain.
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
        exact: bool = False,
        tolerance: float = 3e-5,
        max_evaluations: int = MOST_EVALUATIONS,
    ) -> None:
        self.link = link
        self.family = family
        self.alphas = alphas
        self.n_folds = n_folds
        self.exact = exact
        self.tolerance = tolerance
        self.max_evaluations = max_evaluations
        self.alpha_: np.ndarray

    def fit(self, Z: Array, Y: Array) -> Self:
        """Fit on standardised sources Z (n_stimuli, n_units) and targets Y (n_stimuli, n_targets).

        Raises
        ------
        InputError
            If there are more folds than stimuli.
        NotComparable
            If a target response is negative or there is no target.
        """
        return self._fit(Z, Y, None)

    def fit_like(self, like: Self, Z: Array, Y: Array) -> Self:
        """Fit with the penalties and units of another fit of the same targets.

        That fit was to other stimuli or sources. Choosing penalties takes most of the time of a
        fit.
        """
        return self._fit(Z, Y, like)

    def _fit(self, Z: Array, Y: Array, like: Self | None) -> Self:
        """Fit; penalties and units are chosen without another fit that has them."""
        n_stimuli, n_targets = Y.shape
        if like is None and not 2 <= self.n_folds <= n_stimuli:
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
        if like is not None:
            responding = responding & ~xp.isnan(xp.asarray(like.alpha_, device=device(Z)))
        self.unit_ = xp.ones_like(highest)
        order = xp.asarray(fold_after_fold(n_stimuli, self.n_folds), device=device(Z))
        U, s, Vt = principal_axes(Z[order])
        self.axes_ = Vt.T
        A = xp.concat([xp.ones((n_stimuli, 1), dtype=Z.dtype, device=device(Z)), U * s], axis=1)
        alphas = sorted(set(map(float, self.alphas)), reverse=True)
        search = (
            n_stimuli >= FEWEST_STIMULI
            and len(alphas) > 1
            and self.family == "poisson"
            and not self.exact
            and like is None
        )
        self.theta_ = xp.zeros((n_targets, A.shape[1]), dtype=Z.dtype, device=device(Z))
        self.alpha_ = np.full(n_targets, np.nan)
        self.converged_ = np.zeros(n_targets, bool)
        elements = BATCH_ELEMENTS["cpu" if is_numpy_array(Z) else "cuda"]
        # Without a search each target is fitted with all penalties at once.
        size = max(1, elements // max(A.shape) // (1 if search else len(alphas)))
        fitted = np.flatnonzero(to_numpy(responding))
        for start in range(0, len(fitted), size):
            batch = fitted[start : start + size]
            columns = xp.asarray(batch, device=device(Z))
            responses = transposed(Y[:, columns][order])
            unit = UNITS[self.link](A, responses) if like is None else like.unit_[columns]
            self.unit_[columns] = unit
            known = None if like is None else like.alpha_[batch]
            self.theta_[columns], self.alpha_[batch], self.converged_[batch] = self._fit_batch(
                A, alphas, responses / unit[:, None], known, search
            )
        self.ceiling_ = CAP * highest / self.unit_
        return self

    def _fit_batch(
        self,
        A: Array,
        alphas: list[float],
        Y: Array,
        known: np.ndarray | None,
        search: bool,
    ) -> tuple[Array, np.ndarray, np.ndarray]:
        """Solution, penalty and convergence of targets Y (n_targets, n_stimuli).

        The penalties are chosen, by a search or among all, unless they are `known`.
        """
        xp = array_namespace(A)
        link, family = LINKS[self.link], FAMILIES[self.family]
        theta, problem = pose_problem(A, Y, link, family)
        if known is not None:
            alpha = xp.asarray(known, dtype=A.dtype, device=device(A))
        elif search:
            chosen, theta = search_penalties(A, Y, alphas, self.n_folds, link, family)
        elif len(alphas) > 1:
            chosen, theta = evaluate_all_penalties(
                A, Y, alphas, self.n_folds, link, family, self.tolerance
            )
        else:
            chosen = xp.zeros(len(Y), dtype=xp.int64, device=device(A))
        if known is None:
            alpha = xp.asarray(alphas, dtype=A.dtype, device=device(A))[chosen]
        theta, converged = minimise_precisely(
            theta, problem, alpha, self.tolerance, self.max_evaluations
        )
        return theta, to_numpy(alpha), to_numpy(converged)

    def predict(self, Z: Array) -> Array:
        """Predicted mean responses (n_stimuli, n_targets)."""
        xp = array_namespace(Z)
        eta = Z @ self.axes_ @ xp.matrix_transpose(self.theta_[:, 1:]) + self.theta_[:, 0]
        with np.errstate(over="ignore"):
            mu = LINKS[self.link].evaluate(eta, xp)[0]
        capped = mu >= self.ceiling_
        self.n_capped_ = int(xp.count_nonzero(capped & (self.ceiling_ > 0)))
        return xp.where(capped, self.ceiling_, mu) * self.unit_
