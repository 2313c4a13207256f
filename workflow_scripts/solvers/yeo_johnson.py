"""Yeo-Johnson transformation to normality, of all units at once."""

import numpy as np
from array_api_compat import array_namespace

from workflow_scripts.solvers.arrays import cached_rows, transposed
from workflow_scripts.solvers.standardise import Standardiser

LAMBDA_TOLERANCE = 1e-7

SMALL = 1e-4  # exponents this close to zero are moved

MAX_ITERATIONS = 200


def _power(exponent, log):
    """``(exp(exponent log) - 1) / exponent``, and its limit `log` at zero.

    expm1 keeps the digits that a power minus one loses where units are nearly silent.
    """
    xp = array_namespace(log)
    zero = exponent == 0
    return xp.where(zero, log, xp.expm1(exponent * log) / xp.where(zero, 1.0, exponent))


def yeo_johnson(X, lambdas, reference):
    """Yeo-Johnson transformation of each column (Yeo & Johnson 2000, Biometrika 87, eq. 2.1).

    Shifted to zero at the response ``exp(reference) - 1`` and divided by
    ``exp(lambda reference)``, the slope there but for a constant: no standardised column and no
    likelihood changes, but responses that vary little about a large mean keep their digits. The
    plain transformation, about ``-1 / lambda`` for all of them, rounds them to a few values.

    Parameters
    ----------
    X : array, shape (n_stimuli, n_units)
    lambdas, reference : array, shape (n_units,)
        With a reference of 0 it is the plain transformation.

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


def references(X):
    """Mean of ``log(1 + x)`` of each column, or 0 for a column with negative responses."""
    xp = array_namespace(X)
    negative = xp.any(X < 0, axis=0)
    return xp.where(negative, 0.0, xp.mean(xp.log1p(xp.abs(X)), axis=0))


def _likelihood_slopes(lambdas, log, sign, jacobian):
    """First and second derivative by lambda of the profile log-likelihood of each unit.

    Parameters
    ----------
    lambdas : array, shape (n_units,)
    log : array, shape (n_units, n_stimuli)
        ``log(1 + |x|)`` less the unit's reference.
    sign : array, shape (n_units, n_stimuli), or 1
        1 or -1, for negative responses.
    jacobian : array, shape (n_units,)
        Sum of ``sign(x) log(1 + |x|)`` where the reference is 0; else it is cancelled by the
        reference.

    Returns
    -------
    first, second : array, shape (n_units,)
        Where the variance overflows, the first points back to the identity, ``lambda = 1``.
    """
    xp = array_namespace(log)
    n = log.shape[1]
    exponent = 1 + sign * (lambdas[:, None] - 1)
    # At zero the formulas are 0 / 0; so near to it, Newton's step from there is as good.
    exponent += SMALL * (xp.abs(exponent) < SMALL)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
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


def fit_lambdas(X):
    """Maximum-likelihood lambda of each column, by Newton's method inside a bracket.

    Parameters
    ----------
    X : array, shape (n_stimuli, n_units)
        Columns that are not constant.

    Returns
    -------
    array, shape (n_units,)
        Of any size: for a unit with one response r among n it is about ``-n / log(1 + r)``.
    """
    xp = array_namespace(X)
    units = transposed(X)
    n_rows = cached_rows(units)
    return xp.concat(
        [_fit_rows(units[start : start + n_rows]) for start in range(0, len(units), n_rows)]
    )


def _fit_rows(units):
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
        # Outside the bracket, or where the likelihood is not concave: halve it, or reach on.
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

    Test responses are clipped to one standard deviation beyond the range of the training
    responses: a strongly negative lambda can send one larger response far away.

    Attributes
    ----------
    lambdas_ : numpy.ndarray, shape (n_varying,)
    n_clipped_ : int
        Responses that the last `transform` clipped.
    """

    def fit_transform(self, X):
        """Learn from training responses (n_stimuli, n_units) and transform them."""
        self.raw = Standardiser().fit(X)
        X = X[:, self.raw.varies_]
        self.lambdas_, self.reference_ = fit_lambdas(X), references(X)
        transformed = yeo_johnson(X, self.lambdas_, self.reference_)
        self.transformed = Standardiser().fit(transformed)
        Z = self.transformed.transform(transformed)
        xp = array_namespace(Z)
        self.low_, self.high_ = xp.min(Z, axis=0) - 1, xp.max(Z, axis=0) + 1
        return Z

    def transform(self, X):
        """Transform test responses, shape (n_stimuli, n_units) to (n_stimuli, n_varying)."""
        transformed = yeo_johnson(X[:, self.raw.varies_], self.lambdas_, self.reference_)
        Z = self.transformed.transform(transformed)
        xp = array_namespace(Z)
        clipped = xp.minimum(xp.maximum(Z, self.low_), self.high_)
        self.n_clipped_ = int(xp.count_nonzero(clipped != Z))
        return clipped
