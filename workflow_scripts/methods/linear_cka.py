"""Linear centred kernel alignment, debiased.

``HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L))`` of the kernels ``K = X X^T`` and ``L = Y Y^T`` of the
stimuli, with the unbiased estimator of Song et al. 2012, which ignores the diagonals. Without it,
any two profiles with many more units than stimuli are alike. Nothing is fitted, so all stimuli are
used.
Reference: Kornblith et al. 2019, ICML; Song et al. 2012, JMLR 13; Murphy, Zylberberg & Fyshe 2024,
arXiv:2405.01012.
"""

import numpy as np

from workflow_scripts.errors import NotComparable
from workflow_scripts.registry import Card

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
# Share of the unit that rounding can leave of a criterion that is zero.
ROUNDING = 1e-12


def unbiased_hsic(X, Y):
    """Unbiased Hilbert-Schmidt independence criterion of linear kernels, times ``n (n - 3)``.

    ``tr(K L) + 1'K1 1'L1 / ((n - 1)(n - 2)) - 2 1'KL1 / (n - 2)`` of kernels with zeros on the
    diagonal (Song et al. 2012, eq. 5). For centred units the whole kernels have zero row sums, so
    that everything but ``||X^T Y||^2`` follows from their diagonals.

    Parameters
    ----------
    X, Y : numpy.ndarray, shape (n_stimuli, n_units)
        Centred units of at least four stimuli; the number of units may differ.

    Returns
    -------
    float
    """
    n, p, q = len(X), X.shape[1], Y.shape[1]
    # The same number, by whichever products take fewer operations.
    by_units = p * q < n * (p + q)
    whole = ((X.T @ Y) ** 2).sum() if by_units else ((X @ X.T) * (Y @ Y.T)).sum()
    k, m = (X**2).sum(axis=1), (Y**2).sum(axis=1)
    return whole - n / (n - 2) * (k @ m) + k.sum() * m.sum() / ((n - 1) * (n - 2))


class Estimator:
    """Debiased linear centred kernel alignment; it has no parameters."""

    def compare(self, X, Y):
        """Similarity of X (n_stimuli, p) and Y (n_stimuli, q).

        Raises
        ------
        NotComparable
            With fewer than four stimuli, with units that do not vary, or where all pairs of
            stimuli are equally similar.
        """
        if len(X) < 4:
            raise NotComparable(f"debiasing needs at least 4 stimuli, found {len(X)}")
        X, Y = _centred(X), _centred(Y)
        return float(unbiased_hsic(X, Y) / np.sqrt(_self_hsic(X) * _self_hsic(Y)))


def _centred(X):
    if not np.ptp(X, axis=0).any():
        raise NotComparable("no unit of one of the profiles varies over the stimuli")
    centred = X - X.mean(axis=0)
    return centred / np.linalg.norm(centred)


def _self_hsic(X):
    value = unbiased_hsic(X, X)
    if value < ROUNDING * ((X**2).sum(axis=1) ** 2).sum():
        raise NotComparable("all pairs of stimuli are equally similar in one of the profiles")
    return value
