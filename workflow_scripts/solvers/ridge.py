"""Ridge regression with a penalty for each target unit.

The penalty is chosen in `workflow_scripts.solvers.leave_one_out.LeaveOneOut`, by exact
leave-one-out error over the training stimuli; it takes one of the values that the estimator is
given, by default `ALPHAS`.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np
from array_api_compat import array_namespace, device

from workflow_scripts.common.errors import NotComparable
from workflow_scripts.solvers.arrays import Array
from workflow_scripts.solvers.leave_one_out import LeaveOneOut
from workflow_scripts.solvers.principal_axes import principal_axes
from workflow_scripts.solvers.standardise import Standardiser

ALPHAS = [float(a) for a in np.union1d(np.logspace(-9, 5, 15), 5 * np.logspace(-4, 4, 9))]
"""Penalties to choose from: the grid of the fitting library github.com/neuroailab/brainmodel_utils,
15 values from 1e-9 to 1e5 and 9 between them, from 5e-4 to 5e4."""


def weights_on_axes(
    U: Array, s: Array, Y: Array, alphas: Sequence[float]
) -> tuple[Array, Array, Array]:
    """Ridge regression of all targets on the principal axes of a source.

    Parameters
    ----------
    U : array, shape (n_stimuli, k)
        Left singular vectors of the centred source.
    s : array, shape (k,)
        Its singular values.
    Y : array, shape (n_stimuli, n_targets)
    alphas : sequence of float
        Positive penalties to choose from.

    Returns
    -------
    weights : array, shape (k, n_targets)
        The fitted responses are ``U * s @ weights + intercept``.
    intercept : array, shape (n_targets,)
    alpha : array, shape (n_targets,)
        The penalty of each target.
    """
    xp = array_namespace(U)
    choice = LeaveOneOut(U, s, alphas)
    shrunk = s[:, None] / (s[:, None] ** 2 + choice.alphas)
    intercept = xp.empty(Y.shape[1], dtype=s.dtype, device=device(s))
    alpha = xp.empty_like(intercept)
    weights = xp.empty((len(s), Y.shape[1]), dtype=s.dtype, device=device(s))
    for batch in choice.batches(Y.shape[1]):
        responses = Y[:, batch]
        intercept[batch] = xp.mean(responses, axis=0)
        centred = responses - intercept[batch]
        projected = U.T @ centred
        chosen = choice.choose(projected, centred)
        alpha[batch] = choice.alphas[chosen]
        weights[:, batch] = xp.take(shrunk, chosen, axis=1) * projected
    return weights, intercept, alpha


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
