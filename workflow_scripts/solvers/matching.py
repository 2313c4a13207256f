"""Maps from unit to unit: correlations, exact assignments and exact transport plans."""

import numpy as np

from workflow_scripts.common.errors import NotComparable
from workflow_scripts.solvers.standardise import Standardiser

MAX_ITERATIONS = 10_000_000

MARGINAL_TOLERANCE = 1e-10


def assignment(cost):
    """Pairs of rows and columns with the least sum of costs, one for each of the fewer of the two.

    The shortest augmenting paths of Jonker & Volgenant 1987, Computing 38, 325-340.

    Parameters
    ----------
    cost : numpy.ndarray, shape (p, q)

    Returns
    -------
    rows, columns : numpy.ndarray of int, shape (min(p, q),)
        No row and no column occurs twice.
    """
    # The package lapx: two thirds to a fifth of the time of SciPy's solver on correlations.
    import lap

    return lap.lapjvr(cost, extend_cost=True, return_cost=False, precision="float64")


def optimal_transport(source, target, cost):
    """Exact optimal transport by POT's network simplex, refused where it is not the optimum.

    Parameters
    ----------
    source : numpy.ndarray, shape (p,)
    target : numpy.ndarray, shape (q,)
        Non-negative weights with equal sums.
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
    # A solver that is stopped late returns a plan with the right sums that is not the optimum.
    if report["warning"]:
        raise NotComparable(f"optimal transport did not converge: {report['warning']}")
    error = max(np.abs(plan.sum(axis=1) - source).max(), np.abs(plan.sum(axis=0) - target).max())
    if error > MARGINAL_TOLERANCE:
        raise NotComparable(f"optimal transport did not converge: marginals are off by {error:.1e}")
    return plan


def transport_plan(cost):
    """Exact optimal transport between uniform weights; an assignment if there are equally many.

    Parameters
    ----------
    cost : numpy.ndarray, shape (p, q)

    Returns
    -------
    numpy.ndarray, shape (p, q)
        Non-negative, rows sum to 1/p and columns to 1/q.

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


class UnitMatching:
    """Linear map with weights that a subclass derives from the correlations of the units.

    Target unit j is predicted by ``sum_i w_ij z_i`` in standard deviations of the target, ``z``
    being the standardised source. A subclass has ``weights(correlation)``: weights of shape (p, q)
    from the correlations of source and target units over the training stimuli, of the same shape,
    those of a constant target being zero.

    Attributes
    ----------
    coef_ : numpy.ndarray, shape (n_varying, n_targets)
        In units of the standardised source.
    mean_ : numpy.ndarray, shape (n_targets,)
    """

    def fit(self, X, Y):
        """Match units on training responses X (n_stimuli, p) and Y (n_stimuli, q).

        Raises
        ------
        NotComparable
            If the target has no units, or no source unit varies.
        """
        if Y.shape[1] == 0:
            raise NotComparable("the target has no units")
        self.scaler = Standardiser().fit(X)
        Z = self.scaler.transform(X)
        self.mean_, sd = Y.mean(axis=0), Y.std(axis=0)
        constant = np.ptp(Y, axis=0) == 0
        W = np.where(constant, 0, (Y - self.mean_) / np.where(constant, 1, sd))
        self.coef_ = self.weights(Z.T @ W / len(Z)) * np.where(constant, 0, sd)
        return self

    def predict(self, X):
        """Predicted responses (n_stimuli, q)."""
        return self.scaler.transform(X) @ self.coef_ + self.mean_
