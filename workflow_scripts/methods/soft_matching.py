"""Soft matching: units of one profile are matched to units of the other by optimal transport.

The plan ``P`` minimises ``sum_ij P_ij (1 - C_ij)`` over non-negative matrices with row sums ``1/p``
and column sums ``1/q``, where ``C`` holds the correlations of source and target units over the
training stimuli. With equal numbers of units it is a one-to-one assignment. The prediction of
target unit j is ``q sum_i P_ij C_ij z_i`` in standard deviations of the target, ``z`` being the
standardised source: each matched unit enters with its univariate least-squares weight.
Reference: Khosla & Williams 2024, Soft matching distance, UniReps.
"""

import numpy as np

from workflow_scripts.errors import InputError, NotComparable
from workflow_scripts.registry import Card
from workflow_scripts.scaling import Standardiser

CARD = Card(
    label="Soft matching",
    colour="#ff7f0e",
    kind="mapping",
    source_stage="post",
    target_stage="post",
    symmetric=False,
    joint_targets=True,
    invariant_to=("permutation", "scaling", "translation"),
    not_invariant_to=("rotation", "invertible_linear"),
    bounds=(None, 1.0),
    reference="Khosla & Williams 2024, arXiv:2311.09466",
)
SCALINGS = ("corr", "zscore", "ols")
MAX_ITERATIONS = 10_000_000
MARGINAL_TOLERANCE = 1e-10


def transport_plan(cost):
    """Exact optimal transport between uniform weights.

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
        If the solver ends before the optimum, or with a plan that lacks these sums.
    """
    p, q = cost.shape
    if p == q:
        from scipy.optimize import linear_sum_assignment

        plan = np.zeros(cost.shape)
        plan[linear_sum_assignment(cost)] = 1 / p
        return plan
    import ot

    plan, report = ot.emd(
        np.full(p, 1 / p), np.full(q, 1 / q), cost, numItermax=MAX_ITERATIONS, log=True
    )
    # A solver that is stopped late returns a plan with the right sums that is not the optimum.
    if report["warning"]:
        raise NotComparable(f"optimal transport did not converge: {report['warning']}")
    error = max(np.abs(plan.sum(axis=1) - 1 / p).max(), np.abs(plan.sum(axis=0) - 1 / q).max())
    if error > MARGINAL_TOLERANCE:
        raise NotComparable(f"optimal transport did not converge: marginals are off by {error:.1e}")
    return plan


class Estimator:
    """Soft matching.

    Parameters
    ----------
    scaling : {"corr", "zscore", "ols"}
        Weight of a matched unit: its correlation, one, or one slope a target unit fitted to the
        transported prediction by least squares.
    """

    def __init__(self, scaling="corr"):
        self.scaling = scaling

    def fit(self, X, Y):
        """Match units on training responses X (n_stimuli, p) and Y (n_stimuli, q)."""
        if self.scaling not in SCALINGS:
            raise InputError(
                f"method parameter scaling: found {self.scaling!r}, expected one of "
                f"{', '.join(SCALINGS)}"
            )
        if Y.shape[1] == 0:
            raise NotComparable("the target has no units")
        self.scaler = Standardiser().fit(X)
        Z = self.scaler.transform(X)
        self.mean_, sd = Y.mean(axis=0), Y.std(axis=0)
        constant = np.ptp(Y, axis=0) == 0
        W = np.where(constant, 0, (Y - self.mean_) / np.where(constant, 1, sd))
        correlation = Z.T @ W / len(Z)
        weights = Y.shape[1] * transport_plan(1 - correlation)
        if self.scaling == "corr":
            weights *= correlation
        elif self.scaling == "ols":
            transported = Z @ weights
            power = (transported**2).sum(axis=0)
            weights *= (transported * W).sum(axis=0) / np.where(power > 0, power, 1)
        self.coef_ = weights * np.where(constant, 0, sd)
        return self

    def predict(self, X):
        """Predicted responses (n_stimuli, q)."""
        return self.scaler.transform(X) @ self.coef_ + self.mean_
