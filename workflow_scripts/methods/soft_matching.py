"""Soft matching: units of one profile are matched to units of the other by optimal transport.

The plan ``P`` minimises ``sum_ij P_ij (1 - C_ij)`` over non-negative matrices with row sums ``1/p``
and column sums ``1/q``, where ``C`` holds the correlations of source and target units over the
training stimuli. With equal numbers of units it is a one-to-one assignment. The prediction of
target unit j is ``q sum_i P_ij C_ij z_i`` in standard deviations of the target, where ``z`` is the
standardised source: each matched unit has its univariate least-squares weight.
Reference: Khosla & Williams 2024, Soft matching distance, UniReps.
"""

from typing import Literal, Self

import numpy as np

from workflow_scripts.alignment.method import Card
from workflow_scripts.solvers.matching import UnitMatching, transport_plan

CARD = Card(
    label="Soft matching",
    colour="#ffce76",
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


class Estimator(UnitMatching):
    """Soft matching.

    Parameters
    ----------
    scaling : {"corr", "zscore", "ols"}
        Weight of a matched unit: its correlation; one; or one, times a slope for each target unit
        that is fitted to the transported prediction by least squares.
    """

    def __init__(self, scaling: Literal["corr", "zscore", "ols"] = "corr") -> None:
        self.scaling = scaling

    def fit(self, X: np.ndarray, Y: np.ndarray) -> Self:
        """Match units on training responses X (n_stimuli, p) and Y (n_stimuli, q)."""
        super().fit(X, Y)
        if self.scaling == "ols":
            transported = self.scaler.transform(X) @ self.coef_
            power = (transported**2).sum(axis=0)
            covariance = (transported * (Y - self.mean_)).sum(axis=0)
            self.coef_ *= covariance / np.where(power > 0, power, 1)
        return self

    def weights(self, correlation: np.ndarray) -> np.ndarray:
        """Shares of the sources in each target, times the correlation if that is the scaling."""
        shares = correlation.shape[1] * transport_plan(1 - correlation)
        return shares * correlation if self.scaling == "corr" else shares
