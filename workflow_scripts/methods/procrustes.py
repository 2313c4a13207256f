"""Procrustes map: a rotation of the source's units and one scale.

``Y = s X Q + b`` with centred ``X`` and ``Y``. With the singular value decomposition
``X^T Y = U S V^T``, ``Q = U V^T`` maximises ``tr(Q^T X^T Y)`` over matrices with orthonormal rows
or columns, whichever are fewer; profiles with different numbers of units are not padded. Directions
without covariance are left out of ``Q``, because the training stimuli do not say how to turn them.
The scale is that of least squares, ``s = tr(S) / ||X Q||^2``.
Reference: Schönemann 1966, Psychometrika 31; Williams et al. 2021, NeurIPS.
"""

from typing import Self

import numpy as np

from workflow_scripts.alignment.method import Card
from workflow_scripts.common.errors import NotComparable
from workflow_scripts.solvers.standardise import Standardiser

CARD = Card(
    label="Procrustes",
    colour="#17becf",
    kind="mapping",
    source_stage="post",
    target_stage="post",
    symmetric=False,
    joint_targets=True,
    invariant_to=("permutation", "rotation", "translation"),
    not_invariant_to=("scaling", "invertible_linear"),
    bounds=(None, 1.0),
    reference="Schönemann 1966, doi:10.1007/BF02289451",
)


class Estimator:
    """Procrustes map; it has no parameters.

    Attributes
    ----------
    coef_ : numpy.ndarray, shape (n_varying, n_targets)
        The scaled rotation of the source units that vary.
    mean_ : numpy.ndarray, shape (n_targets,)
        Training mean of each target unit.
    """

    def fit(self, X: np.ndarray, Y: np.ndarray) -> Self:
        """Fit on training responses X (n_stimuli, p) and Y (n_stimuli, q).

        Raises
        ------
        NotComparable
            If the target has no units, or no source unit varies.
        """
        if Y.shape[1] == 0:
            raise NotComparable("the target has no units")
        self.scaler = Standardiser().fit(X)
        self.mean_ = Y.mean(axis=0)
        source = self._centred(X)
        U, S, Vt = np.linalg.svd(source.T @ (Y - self.mean_), full_matrices=False)
        kept = S / (S[0] or 1) > max(X.shape + Y.shape) * np.finfo(float).eps
        turned = U[:, kept] @ Vt[kept]
        power = ((source @ turned) ** 2).sum()
        self.coef_ = turned * (S[kept].sum() / power if power > 0 else 0)
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Predicted responses (n_stimuli, q)."""
        return self._centred(X) @ self.coef_ + self.mean_

    def _centred(self, X: np.ndarray) -> np.ndarray:
        """Source units that vary, minus their training means."""
        return X[:, self.scaler.varies_] - self.scaler.mean_
