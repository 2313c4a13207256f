"""Partial soft matching: optimal transport between units that leaves the worst matches out.

The plan ``P`` minimises ``sum_ij P_ij (1 - C_ij)`` over non-negative matrices with row sums of at
most ``1/p``, column sums of at most ``1/q`` and the total ``m <= 1``, where ``C`` holds the
correlations of source and target units over the training stimuli. The prediction of target unit j
is ``q sum_i P_ij C_ij z_i`` in standard deviations of the target, where ``z`` is the standardised
source: a target without mass is predicted by its training mean.

The mass is given, or it is the corner of the curve ``f(m)``, the least cost of moving the mass m:
the point that lies farthest from the chord between ``f(0) = 0`` and ``f(1)``. The reference finds
the corner from differences along a grid of masses. Here it is found without a grid: the farthest
point has the greatest ``m f(1) - f(m)``, which is a transport problem by itself (`corner_plan`).
Reference: Kapoor et al. 2026, Partial soft-matching distance, ICLR, arXiv:2602.19331.
"""

import numpy as np

from workflow_scripts.alignment.method import Card
from workflow_scripts.common.forms import PositiveShare
from workflow_scripts.solvers.matching import UnitMatching, optimal_transport, transport_plan

CARD = Card(
    label="Partial soft matching",
    colour="#ffbb78",
    kind="mapping",
    source_stage="post",
    target_stage="post",
    symmetric=False,
    joint_targets=True,
    invariant_to=("permutation", "scaling", "translation"),
    not_invariant_to=("rotation", "invertible_linear"),
    bounds=(None, 1.0),
    reference="Kapoor et al. 2026, arXiv:2602.19331",
)
STRAIGHT = 1e-10
"""Distance from the chord, in units of cost, below which the curve is straight up to rounding."""


def partial_plan(cost: np.ndarray, mass: float) -> np.ndarray:
    """Exact optimal transport of a share of the mass between uniform weights.

    A dummy source and a dummy target take what is not moved, at no cost (Chapel, Alaya & Gasso
    2020, NeurIPS).

    Parameters
    ----------
    cost : numpy.ndarray, shape (p, q)
        Non-negative up to rounding.
    mass : float
        Above 0, up to 1.

    Returns
    -------
    numpy.ndarray, shape (p, q)
        Non-negative; rows sum to at most 1/p, columns to at most 1/q, and all of it to the mass.

    Raises
    ------
    NotComparable
        See `workflow_scripts.solvers.matching.optimal_transport`.
    """
    p, q = cost.shape
    extended = np.zeros((p + 1, q + 1))
    extended[:p, :q] = cost
    # Mass between the dummies would mean more mass between the units. While costs are not negative
    # that never pays, so any positive price forbids it.
    extended[p, q] = 1
    source = np.append(np.full(p, 1 / p), 1 - mass)
    target = np.append(np.full(q, 1 / q), 1 - mass)
    return optimal_transport(source, target, extended)[:p, :q]


def corner_plan(cost: np.ndarray) -> np.ndarray:
    """Partial transport plan at the corner of the curve of cost against mass.

    ``m f(1) - f(m)`` is greatest where ``sum_ij P_ij (c_ij - f(1))`` is least over the partial
    plans of any mass. Whole plans for the costs ``min(c_ij, f(1))`` have the same least value up to
    the constant ``f(1)``, because a pair dearer than ``f(1)`` then costs as much as leaving both
    units out.

    Parameters
    ----------
    cost : numpy.ndarray, shape (p, q)

    Returns
    -------
    numpy.ndarray, shape (p, q)
        Non-negative; rows sum to at most 1/p and columns to at most 1/q. If the curve is straight
        it has no corner, and the whole mass is moved.

    Raises
    ------
    NotComparable
        See `workflow_scripts.solvers.matching.optimal_transport`.
    """
    whole = transport_plan(cost)
    average = (whole * cost).sum()
    capped = np.minimum(cost, average)
    plan = transport_plan(capped)
    if average - (plan * capped).sum() < STRAIGHT:
        return whole
    return np.where(cost < average, plan, 0)


class Estimator(UnitMatching):
    """Partial soft matching.

    Parameters
    ----------
    mass : float or None
        Share of the units' mass that is matched; None for the corner of the curve of cost against
        mass.

    Attributes
    ----------
    extras_ : dict
        ``matched_mass``, the share of the mass that is matched.
    """

    def __init__(self, mass: PositiveShare | None = None) -> None:
        self.mass = mass

    def weights(self, correlation: np.ndarray) -> np.ndarray:
        """Transported shares of the sources in each target, times the correlation."""
        cost = 1 - correlation
        plan = corner_plan(cost) if self.mass is None else partial_plan(cost, self.mass)
        self.extras_ = {"matched_mass": float(plan.sum())}
        return correlation.shape[1] * plan * correlation
