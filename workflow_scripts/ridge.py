"""Ridge regression with a penalty for each target unit, chosen by exact leave-one-out error."""

import numpy as np

from workflow_scripts.errors import InputError, NotComparable
from workflow_scripts.scaling import Standardiser

# The union of two grids that the field's libraries use: 15 values from 1e-9 to 1e5, and 9 from 5e-4
# to 5e4 that lie between them.
ALPHAS = tuple(float(a) for a in np.union1d(np.logspace(-9, 5, 15), 5 * np.logspace(-4, 4, 9)))


def check_alphas(alphas):
    """Refuse penalties that define no unique fit with more units than stimuli.

    Raises
    ------
    InputError
        If there is none, or one that is not a positive number.
    """
    if not len(alphas) or not min(alphas) > 0:
        raise InputError(f"method parameter alphas: found {alphas!r}, expected positive numbers")


class Ridge:
    """Linear map with an L2 penalty from standardised source units to target units.

    One singular value decomposition of the source serves all targets and penalties, in whichever
    of primal and dual form is smaller. The leave-one-out residual of stimulus i is
    ``e_i / (1 - h_i)`` with the hat value ``h_i`` (Golub, Heath & Wahba 1979).

    Parameters
    ----------
    alphas : sequence of float
        Penalties to choose from, of the sum of squared residuals.

    Attributes
    ----------
    alpha_ : numpy.ndarray, shape (n_targets,)
    coef_ : numpy.ndarray, shape (n_varying, n_targets)
        In units of the standardised source.
    intercept_ : numpy.ndarray, shape (n_targets,)
    """

    def __init__(self, alphas=ALPHAS):
        self.alphas = alphas

    def fit(self, X, Y):
        """Fit on training responses X (n_stimuli, n_units) and Y (n_stimuli, n_targets)."""
        check_alphas(self.alphas)
        if Y.shape[1] == 0:
            raise NotComparable("the target has no units")
        self.scaler = Standardiser().fit(X)
        Z = self.scaler.transform(X)
        self.intercept_ = Y.mean(axis=0)
        centred = Y - self.intercept_
        n = len(Z)
        U, s, Vt = np.linalg.svd(Z, full_matrices=False)
        rank = (s > s[0] * max(Z.shape) * np.finfo(float).eps).sum()
        U, s, Vt = U[:, :rank], s[:rank], Vt[:rank]
        projected = U.T @ centred
        # Outside the row space nothing is fitted. With as many dimensions as centred stimuli
        # nothing is outside, and differences of ones and sums would leave rounding errors only.
        if rank == n - 1:
            outside, outside_share = np.zeros_like(centred), np.zeros(n)
        else:
            outside = centred - U @ projected
            outside_share = 1 - 1 / n - (U**2).sum(axis=1)
        errors = []
        for alpha in self.alphas:
            kept = alpha / (s**2 + alpha)
            residual = outside + U @ (kept[:, None] * projected)
            share = outside_share + U**2 @ kept
            errors.append(((residual / share[:, None]) ** 2).mean(axis=0))
        self.alpha_ = np.asarray(self.alphas)[np.argmin(errors, axis=0)]
        weights = s[:, None] / (s[:, None] ** 2 + self.alpha_)
        self.coef_ = Vt.T @ (weights * projected)
        return self

    def predict(self, X):
        """Predicted responses (n_stimuli, n_targets)."""
        return self.scaler.transform(X) @ self.coef_ + self.intercept_
