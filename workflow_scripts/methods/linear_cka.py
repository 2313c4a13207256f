"""Linear centred kernel alignment, debiased.

``HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L))`` of the kernels ``K = X X^T`` and ``L = Y Y^T`` of the
stimuli, with the unbiased estimator of Song et al. 2012, which ignores the diagonals. With the
biased one, any two profiles with many more units than stimuli are alike.
Reference: Kornblith et al. 2019, ICML; Song et al. 2012, JMLR 13; Murphy, Zylberberg & Fyshe 2024,
arXiv:2405.01012.
"""

import numpy as np

from workflow_scripts.alignment.method import Card
from workflow_scripts.common.errors import NotComparable
from workflow_scripts.solvers.dissimilarity import upper_triangle

CARD = Card(
    label="Linear CKA",
    colour="#bcbd22",
    kind="geometry",
    source_stage="post",
    target_stage="post",
    symmetric=True,
    joint_targets=True,
    invariant_to=("permutation", "rotation", "translation"),
    not_invariant_to=("scaling", "invertible_linear"),
    bounds=(-1.0, 1.0),
    reference="Kornblith et al. 2019, arXiv:1905.00414",
)
ROUNDING = 1e-12
"""What rounding can leave of a centred kernel that is zero, as a share of the squared diagonal that
the kernel had before."""


class Estimator:
    """Debiased linear centred kernel alignment; it has no parameters."""

    def prepare(self, X: np.ndarray) -> np.ndarray:
        """Kernel of the stimuli of X (n_stimuli, n_units), as a vector of length 1.

        The product of two such vectors is the alignment: the unbiased criterion is the inner
        product of kernels whose diagonal is set to zero and whose rows are then centred to a sum of
        zero (Székely & Rizzo 2014, Ann Stat 42, eq. 3.1). Their upper triangles are enough.

        Raises
        ------
        NotComparable
            If there are fewer than four stimuli, no unit varies, or all pairs of stimuli are
            equally similar.
        """
        n = len(X)
        if n < 4:
            raise NotComparable(f"debiasing needs at least 4 stimuli, found {n}")
        if not np.ptp(X, axis=0).any():
            raise NotComparable("no unit varies over the stimuli")
        X = X - X.mean(axis=0)
        X /= np.linalg.norm(X)
        kernel = X @ X.T
        scale = np.vdot(np.diag(kernel), np.diag(kernel))
        np.fill_diagonal(kernel, 0)
        sums = kernel.sum(axis=1) / (n - 2)
        kernel -= sums[:, None] + sums - sums.sum() / (n - 1)
        values = upper_triangle(kernel)
        if values @ values < ROUNDING * scale:
            raise NotComparable("all pairs of stimuli are equally similar")
        values /= np.linalg.norm(values)
        return values

    def compare(self, x: np.ndarray, y: np.ndarray) -> float:
        """Similarity of two prepared profiles that saw the same stimuli."""
        return float(x @ y)
