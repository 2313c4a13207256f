"""Kernel ridge regression, a control that could be too flexible to tell profiles apart.

Ridge regression on the Gaussian kernel ``exp(-|x - x'|^2 / (2 w^2 p))`` of standardised source
units, where p is their number: the map is a smooth function of the source, of almost any shape. The
kernel is centred, which fits an intercept; the penalty is chosen for each target unit by exact
leave-one-out error.
Reference: Saunders, Gammerman & Vovk 1998, ICML.
"""

from typing import Self

from array_api_compat import array_namespace

from workflow_scripts.alignment.method import Card
from workflow_scripts.common.errors import NotComparable
from workflow_scripts.common.forms import PositiveNumber, PositiveNumbers
from workflow_scripts.solvers.arrays import Array
from workflow_scripts.solvers.leave_one_out import weights_on_axes
from workflow_scripts.solvers.standardise import Standardiser

ALPHAS = [10.0**power for power in range(-8, 3)]
"""Penalties to choose from. They are added to the eigenvalues of a kernel whose diagonal is 1, and
run from almost no penalty to one that is as strong as all eigenvalues of 100 stimuli together."""

CARD = Card(
    label="Kernel ridge",
    colour="#78a5ff",
    kind="mapping",
    source_stage="post",
    target_stage="post",
    symmetric=False,
    joint_targets=False,
    invariant_to=("permutation", "scaling", "translation"),
    not_invariant_to=(),
    bounds=(None, 1.0),
    reference="Saunders et al. 1998, ICML",
    array_api=True,
    control=True,
)


class Estimator:
    """Kernel ridge regression with a Gaussian kernel.

    Parameters
    ----------
    alphas : sequence of float
        Penalties to choose from.
    width : float
        Standard deviation of the kernel, in root mean squares of a standardised unit.
    """

    def __init__(self, alphas: PositiveNumbers = ALPHAS, width: PositiveNumber = 1.0) -> None:
        self.alphas = alphas
        self.width = width

    def _kernel(self, Z: Array) -> Array:
        """Kernel of standardised responses and the training stimuli, (n_stimuli, n_train)."""
        xp = array_namespace(Z)
        power = xp.sum(Z**2, axis=1)[:, None] + self.power_ - 2 * Z @ self.Z_.T
        return xp.exp(-power / (2 * self.width**2 * Z.shape[1]))

    def fit(self, X: Array, Y: Array) -> Self:
        """Fit on training responses X (n_stimuli, n_units) and Y (n_stimuli, n_targets).

        Raises
        ------
        NotComparable
            If the target has no units, or no source unit varies.
        """
        if Y.shape[1] == 0:
            raise NotComparable("the target has no units")
        xp = array_namespace(X)
        self.scaler = Standardiser()
        self.Z_ = self.scaler.fit_transform(X)
        self.power_ = xp.sum(self.Z_**2, axis=1)
        K = self._kernel(self.Z_)
        self.mean_kernel_ = xp.mean(K, axis=0)
        power, U = xp.linalg.eigh(self._centre(K))
        rank = int(xp.count_nonzero(power > power[-1] * len(K) * xp.finfo(K.dtype).eps))
        first = len(power) - rank
        s, U = xp.sqrt(xp.flip(power[first:])), xp.flip(U[:, first:], axis=1)
        self.weights_, self.intercept_, self.alpha_ = weights_on_axes(U, s, Y, self.alphas)
        # Centred kernel values, times these, are coordinates on the axes of the kernel's features.
        self.axes_ = U / s
        return self

    def _centre(self, K: Array) -> Array:
        """Kernel of centred features; K of shape (n_stimuli, n_train)."""
        xp = array_namespace(K)
        rows = xp.mean(K, axis=1)[:, None]
        return K - rows - self.mean_kernel_ + xp.mean(self.mean_kernel_)

    def predict(self, X: Array) -> Array:
        """Predicted responses (n_stimuli, n_targets)."""
        Z = self.scaler.transform(X)
        self.guards_ = {"source clipped": self.scaler.n_clipped_}
        K = self._kernel(Z)
        return self._centre(K) @ self.axes_ @ self.weights_ + self.intercept_
