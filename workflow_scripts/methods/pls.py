"""Partial least squares regression (PLS2), scikit-learn's.

``Y = X W (P^T W)^-1 C^T + b``: the components of the centred source that covary most with the
target, found one after the other. Units are not scaled unless asked for, as in Nayebi et al. 2023.
If the rank of the source is lower than the number of components, the rank takes its place.
Reference: Wold, Sjöström & Eriksson 2001, Chemometr Intell Lab Syst 58; with 25 components
Nayebi et al. 2023, PLoS Comput Biol 19.
"""

from typing import Self

import numpy as np

from workflow_scripts.alignment.method import Card
from workflow_scripts.common.errors import NotComparable
from workflow_scripts.common.forms import Count
from workflow_scripts.solvers.standardise import Standardiser

CARD = Card(
    label="PLS",
    colour="#e377c2",
    kind="mapping",
    source_stage="post",
    target_stage="post",
    symmetric=False,
    joint_targets=True,
    invariant_to=("permutation", "rotation", "translation"),
    not_invariant_to=(),
    bounds=(None, 1.0),
    reference="Nayebi et al. 2023, doi:10.1371/journal.pcbi.1011506",
)


class Estimator:
    """Partial least squares regression.

    Parameters
    ----------
    n_components : int
        Number of components; the rank of the centred source if that is lower.
    scale : bool
        Whether units are divided by their standard deviations.
    """

    def __init__(self, n_components: Count = 25, scale: bool = False) -> None:
        self.n_components = n_components
        self.scale = scale

    def fit(self, X: np.ndarray, Y: np.ndarray) -> Self:
        """Fit on training responses X (n_stimuli, p) and Y (n_stimuli, q).

        Raises
        ------
        NotComparable
            If the target has no units, or no source unit varies.
        """
        if Y.shape[1] == 0:
            raise NotComparable("the target has no units")
        from sklearn.cross_decomposition import PLSRegression

        self.scaler = Standardiser().fit(X)
        source = X[:, self.scaler.varies_]
        rank = np.linalg.matrix_rank(source - self.scaler.mean_)
        self.regression = PLSRegression(min(self.n_components, int(rank)), scale=self.scale)
        self.regression.fit(source, Y)
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Predicted responses (n_stimuli, q)."""
        return self.regression.predict(X[:, self.scaler.varies_])
