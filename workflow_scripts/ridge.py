"""Ridge regression with a penalty for each target unit, chosen by exact leave-one-out error."""

import numpy as np
from array_api_compat import array_namespace, device

from workflow_scripts.arrays import transposed
from workflow_scripts.errors import InputError, NotComparable
from workflow_scripts.scaling import Standardiser

# The union of two grids that the field's libraries use: 15 values from 1e-9 to 1e5, and 9 from 5e-4
# to 5e4 that lie between them.
ALPHAS = tuple(float(a) for a in np.union1d(np.logspace(-9, 5, 15), 5 * np.logspace(-4, 4, 9)))

MARGIN = 1.0005  # of an error, far above the rounding of single precision, 1e-5
BATCH_ELEMENTS = 500_000  # of an array (target, stimulus); bounds memory and fits caches


def check_alphas(alphas):
    """Refuse penalties that define no unique fit with more units than stimuli.

    Raises
    ------
    InputError
        If there is none, or one that is not a positive number.
    """
    if not len(alphas) or not min(alphas) > 0:
        raise InputError(f"method parameter alphas: found {alphas!r}, expected positive numbers")


def principal_axes(Z):
    """Thin singular value decomposition without the directions that are zero but for rounding.

    With fewer stimuli than units it is that of the stimuli's Gram matrix, which is much smaller.

    Parameters
    ----------
    Z : array, shape (n_stimuli, n_units)

    Returns
    -------
    U : array, shape (n_stimuli, k)
    s : array, shape (k,)
        In descending order.
    Vt : array, shape (k, n_units)
    """
    xp = array_namespace(Z)
    rounding = max(Z.shape) * xp.finfo(Z.dtype).eps
    if Z.shape[0] < Z.shape[1]:
        power, U = xp.linalg.eigh(Z @ Z.T)
        rank = int(xp.count_nonzero(power > power[-1] * rounding))
        s = xp.sqrt(xp.flip(power[-rank:]))
        U = xp.flip(U[:, -rank:], axis=1)
        return U, s, (U / s).T @ Z
    U, s, Vt = xp.linalg.svd(Z, full_matrices=False)
    rank = int(xp.count_nonzero(s > s[0] * rounding))
    return U[:, :rank], s[:rank], Vt[:rank]


def choose_penalties(U, s, projected, centred, alphas):
    """Penalty with the least leave-one-out error for each target.

    The residual of a stimulus that was left out is ``r_i = e_i / (1 - h_i)`` with its residual
    ``e_i`` and hat value ``h_i`` (Golub, Heath & Wahba 1979, Technometrics 21). Most penalties need
    no look. For two of them, by the triangle inequality, ``|r| >= |r'| - |r - r'|`` and
    ``|r - r'| <= max|1 / (1 - h_i) - 1 / (1 - h'_i)| |e'| + max(1 / (1 - h_i)) |e - e'|``, where
    the norms of ``e'`` and ``e - e'`` cost next to nothing: what lies above an error already found
    is left out. The rest is evaluated in single precision, and what comes close to the best in
    double.

    Parameters
    ----------
    U, s : array, shape (n_stimuli, k) and (k,)
        Of the centred source; see `principal_axes`.
    projected : array, shape (k, n_targets)
        ``U.T @ centred``.
    centred : array, shape (n_stimuli, n_targets)
        Target responses less their means.
    alphas : sequence of float

    Returns
    -------
    array, shape (n_targets,)
    """
    xp = array_namespace(U)
    n, rank = U.shape
    grid = xp.asarray(sorted(alphas), dtype=U.dtype, device=device(U))
    kept = grid[:, None] / (s**2 + grid[:, None])
    # Outside the row space nothing is fitted. With as many dimensions as centred stimuli nothing
    # is outside, and differences of ones and sums would leave rounding errors only.
    complete = rank == n - 1
    share = kept @ (U**2).T
    if not complete:
        share += 1 - 1 / n - xp.sum(U**2, axis=1)
    axes = transposed(U)
    rough_axes, rough_kept, rough_share = (
        xp.astype(values, xp.float32) for values in (axes, kept, share)
    )
    size = max(1, BATCH_ELEMENTS // n)
    chosen = []
    for start in range(0, centred.shape[1], size):
        block = slice(start, start + size)
        P = transposed(projected[:, block])
        rough_P, Y = xp.astype(P, xp.float32), transposed(centred[:, block])
        rough_outside = xp.astype(Y, xp.float32)
        rough_outside = 0 * rough_outside if complete else rough_outside - rough_P @ rough_axes
        power = (xp.sum(rough_outside**2, axis=1) + kept**2 @ P.T**2) ** 0.5
        least = power / xp.max(share, axis=1)[:, None]
        errors = xp.full(power.shape, xp.inf, dtype=U.dtype, device=device(U))
        for index in _middle_first(len(grid)):
            rows = xp.nonzero(least[index] <= MARGIN * xp.min(errors, axis=0))[0]
            if not len(rows):
                continue
            found = _leave_one_out(
                (rough_P[rows] * rough_kept[index]) @ rough_axes + rough_outside[rows],
                rough_share[index],
            )
            errors[index, rows] = xp.astype(found, U.dtype)
            if n < 20 * len(grid):
                continue  # the bounds would cost as much as the errors
            apart = ((kept - kept[index]) ** 2 @ P[rows].T ** 2) ** 0.5 / xp.min(share[index])
            apart += xp.max(xp.abs(1 / share - 1 / share[index]), axis=1)[:, None] * power[:, rows]
            least[:, rows] = xp.maximum(least[:, rows], errors[index, rows] - apart)
        close = errors <= MARGIN * xp.min(errors, axis=0)
        undecided = xp.count_nonzero(close, axis=0) > 1
        errors = xp.where(close & undecided, xp.inf, errors)
        for index in range(len(grid)):
            rows = xp.nonzero(close[index] & undecided)[0]
            if len(rows):
                if complete:
                    residual = (P[rows] * kept[index]) @ axes
                else:
                    residual = Y[rows] - (P[rows] * (1 - kept[index])) @ axes
                errors[index, rows] = _leave_one_out(residual, share[index])
        chosen.append(grid[xp.argmin(errors, axis=0)])
    return xp.concat(chosen)


def _leave_one_out(residual, share):
    """Norm of each target's leave-one-out residuals."""
    residual /= share
    return array_namespace(residual).vecdot(residual, residual) ** 0.5


def _middle_first(n):
    """Numbers below n, those in the middle of the largest gaps first."""
    gaps, order = [(0, n)], []
    for low, high in gaps:
        if low < high:
            middle = (low + high) // 2
            order.append(middle)
            gaps += [(low, middle), (middle + 1, high)]
    return order


class Ridge:
    """Linear map with an L2 penalty from standardised source units to target units.

    One decomposition of the source serves all targets and penalties, in whichever of primal and
    dual form is smaller; see `choose_penalties`.

    Parameters
    ----------
    alphas : sequence of float
        Penalties to choose from, of the sum of squared residuals.

    Attributes
    ----------
    alpha_ : array, shape (n_targets,)
    axes_ : array, shape (n_varying, k)
        Principal axes of the standardised source.
    weights_ : array, shape (k, n_targets)
        On these axes: the coefficients are ``axes_ @ weights_``.
    intercept_ : array, shape (n_targets,)
    """

    def __init__(self, alphas=ALPHAS):
        self.alphas = alphas

    def fit(self, X, Y):
        """Fit on training responses X (n_stimuli, n_units) and Y (n_stimuli, n_targets)."""
        check_alphas(self.alphas)
        if Y.shape[1] == 0:
            raise NotComparable("the target has no units")
        xp = array_namespace(X)
        self.scaler = Standardiser()
        U, s, Vt = principal_axes(self.scaler.fit_transform(X))
        self.axes_ = Vt.T
        self.intercept_ = xp.mean(Y, axis=0)
        centred = Y - self.intercept_
        projected = U.T @ centred
        self.alpha_ = choose_penalties(U, s, projected, centred, self.alphas)
        self.weights_ = s[:, None] / (s[:, None] ** 2 + self.alpha_) * projected
        return self

    def predict(self, X):
        """Predicted responses (n_stimuli, n_targets)."""
        return self.scaler.transform(X) @ self.axes_ @ self.weights_ + self.intercept_
