"""Ridge regression on the axes of a source, with a penalty for each target by leave-one-out errors.

`weights_on_axes` serves every map that is linear in a fixed basis: ridge regression, and kernel
ridge regression on the eigenvectors of its kernel. (Generalised linear models have no such closed
form; `workflow_scripts.solvers.glm.penalties` chooses theirs by cross-validation.)
"""

from collections.abc import Iterator, Sequence

from array_api_compat import array_namespace, device

from workflow_scripts.solvers.arrays import Array

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
"""Elements of an array (stimulus, target) of one batch of targets, 8 MB in double precision. It
bounds the memory, and the arrays of a batch stay in the processor's last cache."""

STIMULI_PER_PENALTY = 20
"""With fewer stimuli than this for each penalty, the errors of all penalties are computed in single
precision: bounds would cost as much."""


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


class LeaveOneOut:
    """Leave-one-out errors of one source; only those that can decide the choice are evaluated.

    The residual of a stimulus that was left out is ``r_i = e_i / (1 - h_i)``, with its residual
    ``e_i`` and hat value ``h_i`` in the fit of all stimuli (Golub, Heath & Wahba 1979,
    Technometrics 21). The most promising penalty is evaluated first; each evaluation gives bounds
    on the errors of all others, and those whose error may still be below the least one found are
    evaluated next. This is in single precision; the penalties that remain are compared in double
    precision.

    Parameters
    ----------
    U : array, shape (n_stimuli, k)
        Left singular vectors of the centred source; see
        `workflow_scripts.solvers.principal_axes.principal_axes`.
    s : array, shape (k,)
        Its singular values.
    alphas : sequence of float
        Positive penalties to choose from.
    """

    def __init__(self, U: Array, s: Array, alphas: Sequence[float]) -> None:
        xp = array_namespace(U)
        n, rank = U.shape
        self.U = U
        self.alphas = xp.asarray(sorted(alphas), dtype=U.dtype, device=device(U))
        # Share of each principal component of the target that a penalty leaves in the residual.
        self.left = self.alphas[:, None] / (s**2 + self.alphas[:, None])
        # Outside the row space nothing is fitted. With as many dimensions as centred stimuli have,
        # nothing is outside, and computing it as a difference would leave only rounding errors.
        self.complete = rank == n - 1
        self.share = self.left @ (U**2).T  # 1 - h, of each penalty and stimulus
        if not self.complete:
            self.share += 1 - 1 / n - xp.sum(U**2, axis=1)
        weight = 1 / self.share**2
        self.mean_weight = xp.mean(weight, axis=1)[:, None]
        weight /= self.mean_weight
        self.least_weight = xp.min(weight, axis=1)[:, None]
        # Residuals from which nothing is subtracted are scaled to about the target's size, because
        # single precision may not hold their squares.
        self.unit = self.mean_weight if self.complete else xp.ones_like(self.mean_weight)
        kept = self.left * self.unit**0.5 if self.complete else 1 - self.left
        # One product of squared residuals with these gives both moments that `_bounds` needs.
        moments = xp.concat([weight, (weight - 1) ** 2])
        self.rough_U, self.rough_kept, self.rough_moments = (
            xp.astype(values, xp.float32) for values in (U, kept, moments)
        )

    def batches(self, n_targets: int) -> Iterator[slice]:
        """Targets to choose for at a time."""
        size = max(1, BATCH_ELEMENTS // len(self.U))
        return (slice(start, start + size) for start in range(0, n_targets, size))

    def choose(self, projected: Array, centred: Array) -> Array:
        """Index into `alphas`, which are sorted, of each target's penalty; shape (n_targets,).

        Parameters
        ----------
        projected : array, shape (k, n_targets)
            ``U.T @ centred``.
        centred : array, shape (n_stimuli, n_targets)
            Target responses minus their means.
        """
        xp = array_namespace(projected)
        possible = self._possible(projected, centred)
        errors = xp.where(possible, 0.0, xp.full_like(possible, xp.inf, dtype=projected.dtype))
        undecided = possible & (xp.count_nonzero(possible, axis=0) > 1)
        for index in range(len(self.alphas)):
            targets = xp.nonzero(undecided[index, :])[0]
            if len(targets):
                P = _take(projected, targets)
                Y = None if self.complete else _take(centred, targets)
                errors[index, targets] = self._errors(P, Y, index)
        return xp.argmin(errors, axis=0)

    def _errors(self, P: Array, Y: Array | None, index: int) -> Array:
        """Squared leave-one-out errors (n_targets,) at one penalty, in the precision of P.

        Parameters
        ----------
        P : array, shape (k, n_targets)
        Y : array, shape (n_stimuli, n_targets)
            Not needed if nothing lies outside of the row space.
        index : int
        """
        xp = array_namespace(P)
        left, share = self.left[index, :], self.share[index, :, None]
        if self.complete:
            left_out = xp.astype(self.U * left / share, P.dtype) @ P
        else:
            fitted = xp.astype(1 - left, P.dtype)[:, None] * P
            left_out = (self.U if P.dtype == self.U.dtype else self.rough_U) @ fitted
            left_out -= Y
            left_out /= xp.astype(share, P.dtype)
        left_out *= left_out
        return xp.sum(left_out, axis=0)

    def _possible(self, projected: Array, centred: Array) -> Array:
        """Whether each penalty may be the best: array of bool, shape (n_penalties, n_targets)."""
        xp = array_namespace(projected)
        power = xp.sum(centred**2, axis=0)
        # All in units of the target's power, because single precision may not hold its squares.
        size = xp.where(power > 0, power, 1) ** -0.5
        P = projected * size
        rough_P, rough_Y = xp.astype(P, xp.float32), xp.astype(centred, xp.float32)
        rough_Y *= xp.astype(size, xp.float32)
        components = P**2
        outside = (not self.complete) * (1 - xp.sum(components, axis=0))
        outside = xp.maximum(outside, 0 * outside)
        residual = self.left**2 @ components + outside
        subtracted = residual if self.complete else xp.ones_like(residual)
        rounding = ROUNDING * (subtracted * self.mean_weight) ** 0.5
        # A lower bound on every error, and an upper bound on the least error of each target.
        low = (residual * self.mean_weight * self.least_weight) ** 0.5 - rounding
        least = xp.full_like(power, xp.inf)
        # Where a residual that is computed as a difference is negligible, no bound holds, and all
        # penalties stay possible.
        sound = self.complete | (xp.min(residual, axis=0) > NEGLIGIBLE)

        def take_in(error: Array, penalties: Array | int, targets: Array) -> None:
            """Narrow the bounds by errors in single precision."""
            slack = rounding[penalties, targets]
            low[penalties, targets] = error / MARGIN - slack
            least[targets] = xp.minimum(least[targets], error * MARGIN + slack)

        everything = xp.arange(len(power), device=device(power))
        if len(self.U) < STIMULI_PER_PENALTY * len(self.alphas):
            for index in range(len(self.alphas)):
                squared = xp.astype(self._errors(rough_P, rough_Y, index), P.dtype)
                take_in(squared**0.5, index, everything)
            return ~(low > least) | ~sound

        def undecided() -> Array:
            unseen = xp.where(seen, xp.inf, low)
            return sound & (xp.min(unseen, axis=0) <= least)

        seen = xp.zeros_like(low, dtype=xp.bool)
        targets, promise = everything[sound], residual * self.mean_weight
        while len(targets):
            if 2 * len(targets) > len(everything):
                targets = everything  # Copying most of them costs more than evaluating the others.
            chosen = xp.argmin(_take(promise, targets), axis=0)
            squares = self._squares(_take(rough_P, targets), _take(rough_Y, targets), chosen)
            moments = xp.astype(self.rough_moments @ squares, P.dtype) / self.unit[chosen, 0]
            squared = (
                moments[chosen, xp.arange(len(targets), device=device(P))]
                * self.mean_weight[chosen, 0]
            )
            take_in(squared**0.5, chosen, targets)
            seen[chosen, targets] = True
            numbers = xp.nonzero(undecided()[targets])[0]
            if len(numbers):
                group = targets[numbers]
                bounds = self._bounds(
                    _take(moments, numbers),
                    _take(components, group),
                    _take(residual, group),
                    outside[group],
                    chosen[numbers],
                )
                bounds = bounds / MARGIN - _take(rounding, group)
                low[:, group] = xp.maximum(_take(low, group), bounds)
            targets, promise = xp.nonzero(undecided())[0], xp.where(seen, xp.inf, low)
        return ~(low > least) | ~sound

    def _squares(self, P: Array, Y: Array, chosen: Array) -> Array:
        """Squared residuals (n_stimuli, n_targets) of each target at its penalty, times its unit.

        Parameters
        ----------
        P : array, shape (k, n_targets)
        Y : array, shape (n_stimuli, n_targets)
            Not used if nothing lies outside of the row space.
        chosen : array of int, shape (n_targets,)
            Number of each target's penalty.
        """
        xp = array_namespace(P)
        kept = xp.take(self.rough_kept.T, chosen, axis=1)
        residuals = self.rough_U @ (P * kept)
        if not self.complete:
            residuals -= Y
        residuals *= residuals
        return residuals

    def _bounds(
        self, moments: Array, components: Array, residual: Array, outside: Array, chosen: Array
    ) -> Array:
        """Lower bounds on the leave-one-out errors of all penalties, from the residuals at one.

        The residuals of another penalty are ``b e + d`` with ``d`` orthogonal to ``e``; on the
        principal axes, ``b`` and the length of ``d`` cost almost nothing. With the other penalty's
        weights ``w_i = 1 / (1 - h_i)^2``, and because ``sum(e d) = 0``, its squared error is
        ``b^2 sum(w e^2) + 2 b sum((w - mean(w)) e d) + sum(w d^2)``. The second term is bounded by
        the inequality of Cauchy and Schwarz, the third by the least weight.

        Parameters
        ----------
        moments : array, shape (2 * n_penalties, n_targets)
            Sums of the squared residuals, times the weights of each penalty and times the squared
            deviations of these from their mean.
        components : array, shape (k, n_targets)
            Squared principal components of the targets.
        residual : array, shape (n_penalties, n_targets)
            Sums of the squared residuals.
        outside : array, shape (n_targets,)
            Their part outside of the row space.
        chosen : array of int, shape (n_targets,)
            The penalty of each target that was evaluated; its own bound is its error.

        Returns
        -------
        array, shape (n_penalties, n_targets)
        """
        xp = array_namespace(components)
        power = residual[chosen, xp.arange(len(chosen), device=device(residual))]
        power = xp.where(power > 0, power, 1)
        # All in units of this power and of the mean weights.
        moments = moments / power
        weighted, spread = moments[: len(self.alphas), :], moments[len(self.alphas) :, :]
        left = xp.take(self.left.T, chosen, axis=1)
        b = (self.left @ (left * components) + outside) / power
        across = residual / power - b**2
        across = xp.maximum(across, 0 * across)
        bounds = b**2 * weighted + self.least_weight * across - 2 * b * (spread * across) ** 0.5
        return (xp.maximum(bounds, 0 * bounds) * power * self.mean_weight) ** 0.5


def _take(matrix: Array, columns: Array) -> Array:
    """These columns of a matrix; as many as it has are all of them, which are not copied."""
    if len(columns) == matrix.shape[1]:
        return matrix
    return array_namespace(matrix).take(matrix, columns, axis=1)
