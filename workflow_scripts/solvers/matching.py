"""Maps from unit to unit: correlations, exact assignments and exact transport plans."""

from typing import Self

import numpy as np

from workflow_scripts.common.errors import NotComparable
from workflow_scripts.solvers.arrays import varying
from workflow_scripts.solvers.standardise import Standardiser

MAX_ITERATIONS = 10_000_000
"""Iterations after which the network simplex gives up: a hundred times its default, so that only a
solver that is stuck is stopped."""

MARGINAL_TOLERANCE = 1e-10
"""How far the sums of a transport plan may be from what is asked: far below any weight, which is
one divided by a number of units, and far above rounding."""


def assignment(cost: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of rows and columns with the least sum of costs.

    Each row has a column, or each column a row, whichever are fewer (the shortest augmenting paths
    of Jonker & Volgenant 1987, Computing 38, 325-340).

    Parameters
    ----------
    cost : numpy.ndarray, shape (p, q)

    Returns
    -------
    rows, columns : numpy.ndarray of int, shape (min(p, q),)
        No row and no column occurs twice.
    """
    # The package lapx needs a fifth to two thirds of the time of SciPy's solver on correlations.
    import lap

    return lap.lapjvr(cost, extend_cost=True, return_cost=False, precision="float64")


def optimal_transport(source: np.ndarray, target: np.ndarray, cost: np.ndarray) -> np.ndarray:
    """Exact optimal transport by POT's network simplex.

    Parameters
    ----------
    source : numpy.ndarray, shape (p,)
    target : numpy.ndarray, shape (q,)
        Non-negative weights; both have the same sum.
    cost : numpy.ndarray, shape (p, q)

    Returns
    -------
    numpy.ndarray, shape (p, q)
        Non-negative, with row sums `source` and column sums `target`.

    Raises
    ------
    NotComparable
        If the solver ends before the optimum, or with a plan that lacks these sums.
    """
    import ot

    plan, report = ot.emd(source, target, cost, numItermax=MAX_ITERATIONS, log=True)
    # If the solver is stopped late, its plan has the right sums but is not the optimum.
    if report["warning"]:
        raise NotComparable(f"optimal transport did not converge: {report['warning']}")
    error = max(np.abs(plan.sum(axis=1) - source).max(), np.abs(plan.sum(axis=0) - target).max())
    if error > MARGINAL_TOLERANCE:
        raise NotComparable(f"optimal transport did not converge: marginals are off by {error:.1e}")
    return plan


def transport_plan(cost: np.ndarray) -> np.ndarray:
    """Exact optimal transport between uniform weights; an assignment where p equals q.

    Parameters
    ----------
    cost : numpy.ndarray, shape (p, q)

    Returns
    -------
    numpy.ndarray, shape (p, q)
        Non-negative; rows sum to 1/p and columns to 1/q.

    Raises
    ------
    NotComparable
        See `optimal_transport`.
    """
    p, q = cost.shape
    if p == q:
        plan = np.zeros(cost.shape)
        plan[assignment(cost)] = 1 / p
        return plan
    return optimal_transport(np.full(p, 1 / p), np.full(q, 1 / q), cost)


def pair_weights(correlation: np.ndarray, pairs: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """The correlation of each pair of a source and a target unit; zero for all other pairs."""
    weights = np.zeros(correlation.shape)
    weights[pairs] = correlation[pairs]
    return weights


class UnitMatching:
    """Linear map whose weights a subclass derives from the correlations of the units.

    Target unit j is predicted by ``sum_i w_ij z_i`` in standard deviations of the target, where
    ``z`` is the standardised source.

    Attributes
    ----------
    coef_ : numpy.ndarray, shape (n_varying, n_targets)
        Weights of the standardised source units, in units of the target's response.
    mean_ : numpy.ndarray, shape (n_targets,)
        Training mean of each target unit.
    """

    def weights(self, correlation: np.ndarray) -> np.ndarray:
        """Weights ``w`` (p, q), from the correlations (p, q) over the training stimuli.

        The correlations of a constant target are zero.
        """
        raise NotImplementedError

    def fit(self, X: np.ndarray, Y: np.ndarray) -> Self:
        """Match units on training responses X (n_stimuli, p) and Y (n_stimuli, q).

        Raises
        ------
        NotComparable
            If the target has no units, or no source unit varies.
        """
        if Y.shape[1] == 0:
            raise NotComparable("the target has no units")
        self.scaler = Standardiser()
        Z = self.scaler.fit_transform(X)
        self.mean_, sd = Y.mean(axis=0), Y.std(axis=0)
        varies = varying(Y)
        W = np.where(varies, (Y - self.mean_) / np.where(varies, sd, 1), 0)
        self.coef_ = self.weights(Z.T @ W / len(Z)) * np.where(varies, sd, 0)
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Predicted responses (n_stimuli, q)."""
        Z = self.scaler.transform(X)
        self.guards_ = {"source clipped": self.scaler.n_clipped_}
        return Z @ self.coef_ + self.mean_
