"""Ridge regression with a penalty for each target unit.

The penalty is chosen in `workflow_scripts.solvers.leave_one_out`, by exact leave-one-out error over
the training stimuli; it takes one of the values that the estimator is given, by default `ALPHAS`.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np

from workflow_scripts.common.errors import NotComparable
from workflow_scripts.solvers.arrays import Array
from workflow_scripts.solvers.leave_one_out import weights_on_axes
from workflow_scripts.solvers.principal_axes import principal_axes
from workflow_scripts.solvers.standardise import Standardiser

ALPHAS = [float(a) for a in np.union1d(np.logspace(-9, 5, 15), 5 * np.logspace(-4, 4, 9))]
"""Penalties to choose from: the grid of the fitting library github.com/neuroailab/brainmodel_utils,
15 values from 1e-9 to 1e5 and 9 between them, from 5e-4 to 5e4."""


class Ridge:
    """Linear map with an L2 penalty from standardised source units to target units.

    One decomposition of the source serves all targets and penalties, in the primal or the dual
    form, whichever is smaller.

    Parameters
    ----------
    alphas : sequence of float
        Penalties to choose from: factors of the sum of squared coefficients, which is added to the
        sum of squared residuals.

    Attributes
    ----------
    alpha_ : array, shape (n_targets,)
        The penalty of each target unit.
    axes_ : array, shape (n_varying, k)
        Principal axes of the standardised source.
    weights_ : array, shape (k, n_targets)
        Weights on these axes: the coefficients are ``axes_ @ weights_``.
    intercept_ : array, shape (n_targets,)
    guards_ : dict of str to int
        How often the last `predict` clipped a response; see
        `workflow_scripts.solvers.standardise.Standardiser`.
    """

    def __init__(self, alphas: Sequence[float] = ALPHAS) -> None:
        self.alphas = alphas

    def fit(self, X: Array, Y: Array) -> Self:
        """Fit on training responses X (n_stimuli, n_units) and Y (n_stimuli, n_targets).

        Raises
        ------
        NotComparable
            If the target has no units, or no source unit varies.
        """
        if Y.shape[1] == 0:
            raise NotComparable("the target has no units")
        self.scaler = Standardiser()
        U, s, Vt = principal_axes(self.scaler.fit_transform(X))
        self.axes_ = Vt.T
        self.weights_, self.intercept_, self.alpha_ = weights_on_axes(U, s, Y, self.alphas)
        return self

    def predict(self, X: Array) -> Array:
        """Predicted responses (n_stimuli, n_targets)."""
        Z = self.scaler.transform(X)
        self.guards_ = {"source clipped": self.scaler.n_clipped_}
        return Z @ self.axes_ @ self.weights_ + self.intercept_
