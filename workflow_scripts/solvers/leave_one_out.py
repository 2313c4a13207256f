"""Where the penalty of a ridge regression is chosen: exact leave-one-out errors of each target.

`choose_penalties` serves every map that is linear in a fixed basis: ridge regression, and kernel
ridge regression on the eigenvectors of its kernel. (Generalised linear models have no such closed
form; `workflow_scripts.solvers.glm.penalties` chooses theirs by cross-validation.)
"""

from collections.abc import Sequence

from array_api_compat import array_namespace, device

from workflow_scripts.solvers.arrays import Array, transposed

MARGIN = 1.0002
"""Factor by which an error that is computed in single precision may be wrong: sums over stimuli
keep at least the first three of its seven digits."""

ROUNDING = 1e-5
"""What single precision may leave of a difference that is zero, as a share of what is subtracted:
about a hundred times the relative accuracy, 1.2e-7."""

NEGLIGIBLE = 1e-6
"""Share of a target's power below which a residual may be nothing but rounding, for it is a
difference of quantities of that power. Its bounds are not used then."""

BATCH_ELEMENTS = 1_000_000
"""Elements of an array (target, stimulus) of one batch of targets, 8 MB in double precision. It
bounds the memory, and the arrays of a batch stay in the processor's last cache."""

STIMULI_PER_PENALTY = 20
"""With fewer stimuli than this for each penalty, all errors are computed: bounds would cost as
much."""


def choose_penalties(
    U: Array, s: Array, projected: Array, centred: Array, alphas: Sequence[float]
) -> Array:
    """Penalty with the least leave-one-out error for each target.

    Parameters
    ----------
    U : array, shape (n_stimuli, k)
        Left singular vectors of the centred source; see
        `workflow_scripts.solvers.principal_axes.principal_axes`.
    s : array, shape (k,)
        Its singular values.
    projected : array, shape (k, n_targets)
        ``U.T @ centred``.
    centred : array, shape (n_stimuli, n_targets)
        Target responses minus their means.
    alphas : sequence of float
        Positive penalties to choose from.

    Returns
    -------
    array, shape (n_targets,)
    """
    xp = array_namespace(U)
    choice = _LeaveOneOut(U, s, alphas)
    size = max(1, BATCH_ELEMENTS // len(U))
    blocks = [slice(start, start + size) for start in range(0, centred.shape[1], size)]
    return xp.concat([choice.choose(projected[:, block], centred[:, block]) for block in blocks])


class _LeaveOneOut:
    """Leave-one-out errors of one source; only those that can decide the choice are evaluated.

    The residual of a stimulus that was left out is ``r_i = e_i / (1 - h_i)``, with its residual
    ``e_i`` and hat value ``h_i`` in the fit of all stimuli (Golub, Heath & Wahba 1979,
    Technometrics 21). The most promising penalty is evaluated first; each evaluation gives bounds
    on the errors of all others, and those whose error may still be below the least one found are
    evaluated next. This is in single precision; the penalties that remain are compared in double
    precision.
    """

    def __init__(self, U: Array, s: Array, alphas: Sequence[float]) -> None:
        xp = array_namespace(U)
        n, rank = U.shape
        self.alphas = xp.asarray(sorted(alphas), dtype=U.dtype, device=device(U))
        # Share of each principal component of the target that a penalty leaves in the residual.
        self.left = self.alphas[:, None] / (s**2 + self.alphas[:, None])
        # Outside the row space nothing is fitted. With as many dimensions as centred stimuli have,
        # nothing is outside, and computing it as a difference would leave only rounding errors.
        self.complete = rank == n - 1
        self.share = self.left @ (U**2).T  # 1 - h, of each penalty and stimulus
        if not self.complete:
            self.share += 1 - 1 / n - xp.sum(U**2, axis=1)
        self.axes = transposed(U)
        weight = 1 / self.share**2
        self.mean_weight = xp.mean(weight, axis=1)
        weight /= self.mean_weight[:, None]
        self.least_weight = xp.min(weight, axis=1)
        # One product of squared residuals with these gives both moments that `_bounds` needs.
        moments = xp.concat([weight, (weight - 1) ** 2]).T
        self.rough_axes, self.rough_moments = (
            xp.astype(values, xp.float32) for values in (self.axes, moments)
        )

    def _residuals(self, P: Array, Y: Array, index: int) -> Array:
        """Residuals (n_targets, n_stimuli) at one penalty, whose sign may be reversed."""
        axes = self.axes if P.dtype == self.axes.dtype else self.rough_axes
        left = array_namespace(P).astype(self.left[index], P.dtype)
        if self.complete:
            return (P * left) @ axes
        difference = (P * (1 - left)) @ axes
        difference -= Y
        return difference

    def choose(self, projected: Array, centred: Array) -> Array:
        """Penalty of each target of a block, shape (n_targets,)."""
        xp = array_namespace(projected)
        P, Y = transposed(projected), transposed(centred)
        if Y.shape[1] < STIMULI_PER_PENALTY * len(self.alphas):
            errors = [self._errors(P, Y, index) for index in range(len(self.alphas))]
            return self.alphas[xp.argmin(xp.stack(errors), axis=0)]
        possible = self._possible(P, Y)
        undecided = (xp.count_nonzero(possible, axis=1) > 1)[:, None]
        errors = xp.where(possible & ~undecided, 0.0, xp.full_like(possible, xp.inf, dtype=P.dtype))
        for index in range(len(self.alphas)):
            rows = xp.nonzero((possible & undecided)[:, index])[0]
            if len(rows):
                errors[rows, index] = self._errors(P[rows], Y[rows], index)
        return self.alphas[xp.argmin(errors, axis=1)]

    def _errors(self, P: Array, Y: Array, index: int) -> Array:
        """Squared leave-one-out errors at one penalty, shape (n_targets,)."""
        if self.complete:  # Scale the axes, which all targets share, not each target's residuals.
            left_out = P @ (self.left[index][:, None] * self.axes / self.share[index])
        else:
            left_out = self._residuals(P, Y, index) / self.share[index]
        return array_namespace(P).vecdot(left_out, left_out)

    def _possible(self, P: Array, Y: Array) -> Array:
        """Whether each penalty may be the best: array of bool, shape (n_targets, n_penalties).

        Parameters
        ----------
        P : array, shape (n_targets, k)
        Y : array, shape (n_targets, n_stimuli)
        """
        xp = array_namespace(P)
        rough_P, rough_Y = xp.astype(P, xp.float32), xp.astype(Y, xp.float32)
        components, power = P**2, xp.vecdot(Y, Y)[:, None]
        residual = components @ (self.left**2).T
        if not self.complete:
            outside = power - xp.sum(components, axis=1)[:, None]
            residual += xp.maximum(outside, 0 * outside)
        rounding = ROUNDING * ((residual if self.complete else power) * self.mean_weight) ** 0.5
        # A lower bound on every error, and an upper bound on the least error of each target.
        low = (residual * self.mean_weight * self.least_weight) ** 0.5 - rounding
        least = xp.full(len(P), xp.inf, dtype=P.dtype, device=device(P))
        seen = xp.zeros(low.shape, dtype=xp.bool, device=device(P))
        # Where a residual that is computed as a difference is negligible, no bound holds, and all
        # penalties stay possible.
        sound = self.complete | (xp.min(residual, axis=1) > NEGLIGIBLE * power[:, 0])
        targets = xp.nonzero(sound)[0]
        next_of = xp.argmin((residual * self.mean_weight)[targets], axis=1)
        while len(targets):
            for index in map(int, xp.unique_values(next_of)):
                rows = targets[next_of == index]
                rough = self._residuals(rough_P[rows], rough_Y[rows], index)
                bounds = self._bounds(rough, components[rows], residual[rows, index], index)
                low[rows] = xp.maximum(low[rows], bounds / MARGIN - rounding[rows])
                found = bounds[:, index] * MARGIN + rounding[rows, index]
                least[rows] = xp.minimum(least[rows], found)
                seen[rows, index] = True
            unseen = xp.where(seen[targets], xp.inf, low[targets])
            undecided = xp.min(unseen, axis=1) <= least[targets]
            targets, next_of = targets[undecided], xp.argmin(unseen, axis=1)[undecided]
        return low <= least[:, None]

    def _bounds(self, residuals: Array, components: Array, power: Array, index: int) -> Array:
        """Lower bounds on the leave-one-out errors of all penalties, from the residuals at one.

        The residuals of another penalty are ``(1 + a) e + d`` with ``d`` orthogonal to ``e``; on
        the principal axes, ``a`` and the length of ``d`` cost almost nothing. With the other
        penalty's weights ``w_i = 1 / (1 - h_i)^2``, and because ``sum(e d) = 0``, its squared error
        is ``(1 + a)^2 sum(w e^2) + 2 (1 + a) sum((w - mean(w)) e d) + sum(w d^2)``. The second term
        is bounded by the inequality of Cauchy and Schwarz, the third by the least weight.

        Parameters
        ----------
        residuals : array, shape (n_targets, n_stimuli)
            At the penalty `index`; overwritten.
        components : array, shape (n_targets, k)
            Squared principal components of the targets.
        power : array, shape (n_targets,)
            Sums of the squared residuals.
        index : int
            The penalty that was evaluated; its own bound is its error.

        Returns
        -------
        array, shape (n_targets, n_penalties)
        """
        xp = array_namespace(components)
        # All in units of this power and of the mean weights, because single precision may not hold
        # their products.
        power = xp.where(power > 0, power, 1)[:, None]
        residuals /= xp.astype(power**0.5, residuals.dtype)
        residuals *= residuals
        moments = xp.astype(residuals @ self.rough_moments, power.dtype)
        weighted, spread = moments[:, : len(self.alphas)], moments[:, len(self.alphas) :]
        step = self.left - self.left[index]
        a = components @ (step * self.left[index]).T / power
        across = components @ (step**2).T / power - a**2
        across = xp.maximum(across, 0 * across)
        bounds = (1 + a) ** 2 * weighted + self.least_weight * across
        bounds -= 2 * xp.abs(1 + a) * (spread * across) ** 0.5
        return (xp.maximum(bounds, 0 * bounds) * power * self.mean_weight) ** 0.5
