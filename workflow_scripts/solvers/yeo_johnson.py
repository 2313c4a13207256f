"""Yeo-Johnson transformation to normality, of all units at once."""

import numpy as np
from array_api_compat import array_namespace

from workflow_scripts.solvers.arrays import Array, cached_rows, transposed
from workflow_scripts.solvers.standardise import Standardiser

LAMBDA_TOLERANCE = 1e-7
"""A lambda is accepted when Newton's next step is at most this share of it (of 1 + |lambda|).
Newton's method converges quadratically, so the error left is near the square of that."""

SMALL = 1e-4
"""Exponents whose product with the largest logarithm of a unit is closer to zero than this are
raised by as much. At zero the formulas of the derivatives are 0 / 0, and close to it rounding
spoils them."""

MAX_ITERATIONS = 200
"""More than any unit needs: the bracket doubles until it holds the maximum and is then halved."""


def _power(exponent: Array, log: Array) -> Array:
    """``(exp(exponent log) - 1) / exponent``, and its limit `log` at zero.

    expm1 keeps the digits that a power minus one would lose where units are nearly silent.
    """
    xp = array_namespace(log)
    zero = exponent == 0
    return xp.where(zero, log, xp.expm1(exponent * log) / xp.where(zero, 1.0, exponent))


def yeo_johnson(X: Array, lambdas: Array, reference: Array) -> Array:
    """Yeo-Johnson transformation of each column (Yeo & Johnson 2000, Biometrika 87, eq. 2.1).

    It is shifted so that it is zero at the response ``exp(reference) - 1``, and divided by
    ``exp(lambda reference)``, which is proportional to its slope there. No standardised column and
    no likelihood changes by that, but responses that vary little about a large mean keep their
    digits: the plain transformation is about ``-1 / lambda`` for all of them, and would round them
    to a few values.

    Parameters
    ----------
    X : array, shape (n_stimuli, n_units)
    lambdas : array, shape (n_units,)
    reference : array, shape (n_units,)
        0 for the plain transformation.

    Returns
    -------
    array, shape (n_stimuli, n_units)
    """
    xp = array_namespace(X)
    log, negative = xp.log1p(xp.abs(X)), X < 0
    with np.errstate(over="ignore", invalid="ignore"):
        transformed = _power(lambdas, log - reference)
        if bool(xp.any(negative)):
            below = -xp.exp(-lambdas * reference) * _power(2 - lambdas, log)
            below = below - _power(-lambdas, reference)
            transformed = xp.where(negative, below, transformed)
    return transformed


def references(X: Array) -> Array:
    """Mean of ``log(1 + x)`` of each column, or 0 for a column with negative responses."""
    xp = array_namespace(X)
    negative = xp.any(X < 0, axis=0)
    return xp.where(negative, 0.0, xp.mean(xp.log1p(xp.abs(X)), axis=0))


def _likelihood_slopes(
    lambdas: Array, log: Array, sign: Array, jacobian: Array
) -> tuple[Array, Array]:
    """First and second derivative of each unit's profile log-likelihood with respect to lambda.

    Parameters
    ----------
    lambdas : array, shape (n_units,)
    log : array, shape (n_units, n_stimuli)
        ``log(1 + |x|)`` minus the unit's reference.
    sign : array, shape (n_units, n_stimuli), or 1
        -1 for a negative response, otherwise 1.
    jacobian : array, shape (n_units,)
        Sum of ``sign(x) log(1 + |x|)`` where the reference is 0; otherwise 0, because the reference
        cancels it.

    Returns
    -------
    first, second : array, shape (n_units,)
        Where the variance overflows, the first leads back to the identity, ``lambda = 1``, and the
        second is NaN.
    """
    xp = array_namespace(log)
    n = log.shape[1]
    exponent = 1 + sign * (lambdas[:, None] - 1)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        # Newton's step is as good from a point this close to zero as from zero itself.
        small = SMALL / xp.max(xp.abs(log), axis=1)[:, None]
        exponent += small * (xp.abs(exponent) < small)
        power = xp.expm1(exponent * log)
        value = power / exponent
        change = (log * (power + 1) - value) / exponent
        curve = (log**2 * (power + 1) - 2 * change) / exponent
        value, curve = sign * value, sign * curve
        value -= xp.mean(value, axis=1)[:, None]
        centred = change - xp.mean(change, axis=1)[:, None]
        variance = xp.vecdot(value, value)
        slope = 2 * xp.vecdot(value, centred) / variance
        bend = 2 * (xp.vecdot(centred, centred) + xp.vecdot(value, curve)) / variance
        first, second = jacobian - n / 2 * slope, -n / 2 * (bend - slope**2)
    broken = ~(xp.isfinite(first) & xp.isfinite(second))
    return xp.where(broken, 1 - lambdas, first), xp.where(broken, xp.nan, second)


def fit_lambdas(X: Array) -> Array:
    """Maximum-likelihood lambda of each column, by Newton's method inside a bracket.

    Parameters
    ----------
    X : array, shape (n_stimuli, n_units)
        No column is constant.

    Returns
    -------
    array, shape (n_units,)
        They have no limit: for a unit with one response r among n zeros it is about
        ``-n / log(1 + r)``.
    """
    xp = array_namespace(X)
    units = transposed(X)
    n_rows = cached_rows(units)
    return xp.concat(
        [_fit_rows(units[start : start + n_rows]) for start in range(0, len(units), n_rows)]
    )


def _fit_rows(units: Array) -> Array:
    """Lambda of each row of responses (n_units, n_stimuli)."""
    xp = array_namespace(units)
    log, reference = xp.log1p(xp.abs(units)), references(units.T)
    sign = xp.sign(units) + (units == 0) if bool(xp.any(units < 0)) else 1
    jacobian = xp.where(reference == 0, xp.sum(sign * log, axis=1), 0 * reference)
    log = log - reference[:, None]

    lambdas = xp.ones_like(reference)
    low, high = lambdas - xp.inf, lambdas + xp.inf
    reach = xp.ones_like(lambdas)
    for _ in range(MAX_ITERATIONS):
        first, second = _likelihood_slopes(lambdas, log, sign, jacobian)
        rising = first > 0
        low, high = xp.where(rising, lambdas, low), xp.where(rising, high, lambdas)
        newton = lambdas - first / second
        settled = (second < 0) & (
            xp.abs(newton - lambdas) <= LAMBDA_TOLERANCE * (1 + xp.abs(lambdas))
        )
        # Newton's step is not taken where the likelihood is not concave, nor where it is too long
        # or leaves the bracket. Then the bracket is halved; while it is still open on one side, it
        # is widened by `reach`, which doubles each time.
        walk = lambdas + xp.where(rising, reach, -reach)
        bounded = xp.isfinite(low) & xp.isfinite(high)
        other = xp.where(bounded, (low + high) / 2, walk)
        usable = (second < 0) & (newton > low) & (newton < high)
        usable &= xp.abs(newton - lambdas) <= 2 * reach
        reach = xp.where(usable, reach, 2 * reach)
        lambdas = xp.where(settled | usable, newton, other)
        if bool(xp.all(settled)):
            break
    return lambdas


class YeoJohnson:
    """Yeo-Johnson transformation and standardisation; scikit-learn calls it PowerTransformer.

    The clipping of test responses by `Standardiser` matters twice here: a strongly negative lambda
    can map one larger response to a value far away.

    Attributes
    ----------
    lambdas_ : array, shape (n_varying,)
    n_clipped_ : int
        Number of responses that the last `transform` clipped.
    """

    def fit_transform(self, X: Array) -> Array:
        """Learn from training responses (n_stimuli, n_units) and transform them.

        Raises
        ------
        NotComparable
            If no unit varies.
        """
        self.raw = Standardiser().fit(X)
        X = X[:, self.raw.varies_]
        self.lambdas_, self.reference_ = fit_lambdas(X), references(X)
        transformed = yeo_johnson(X, self.lambdas_, self.reference_)
        self.transformed = Standardiser()
        return self.transformed.fit_transform(transformed)

    def transform(self, X: Array) -> Array:
        """Transform test responses (n_stimuli, n_units) to shape (n_stimuli, n_varying)."""
        transformed = yeo_johnson(X[:, self.raw.varies_], self.lambdas_, self.reference_)
        Z = self.transformed.transform(transformed)
        self.n_clipped_ = self.transformed.n_clipped_
        return Z
