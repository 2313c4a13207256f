"""Yeo-Johnson transformation to normality, of all units at once."""

import numpy as np

from workflow_scripts.scaling import Standardiser

GOLDEN = (np.sqrt(5) - 1) / 2
LAMBDA_TOLERANCE = 1e-7


def _power(exponent, log):
    """``(exp(exponent log) - 1) / exponent``, and its limit `log` at zero.

    expm1 keeps the digits that a power minus one loses where units are nearly silent.
    """
    return np.where(exponent == 0, log, np.expm1(exponent * log) / exponent)


def yeo_johnson(X, lambdas, reference):
    """Yeo-Johnson transformation of each column (Yeo & Johnson 2000, Biometrika 87, eq. 2.1).

    Shifted to zero at the response ``exp(reference) - 1`` and divided by
    ``exp(lambda reference)``, the slope there but for a constant: no standardised column and no
    likelihood changes, but responses that vary little about a large mean keep their digits. The
    plain transformation, about ``-1 / lambda`` for all of them, rounds them to a few values.

    Parameters
    ----------
    X : numpy.ndarray, shape (n_stimuli, n_units)
    lambdas, reference : numpy.ndarray, shape (n_units,)
        With a reference of 0 it is the plain transformation.

    Returns
    -------
    numpy.ndarray, shape (n_stimuli, n_units)
    """
    log, negative = np.log1p(np.abs(X)), X < 0
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        transformed = _power(lambdas, log - reference)
        if negative.any():
            below = -np.exp(-lambdas * reference) * _power(2 - lambdas, log)
            below -= _power(-lambdas, reference)
            transformed = np.where(negative, below, transformed)
    return transformed


def references(X):
    """Mean of ``log(1 + x)`` of each column, or 0 for a column with negative responses."""
    return np.where((X < 0).any(axis=0), 0, np.log1p(np.abs(X)).mean(axis=0))


def log_likelihood(X, lambdas, jacobian, reference):
    """Profile log-likelihood of each column's lambda, shape (n_units,).

    `jacobian` is the column sum of ``sign(x) log(1 + |x|)``; `reference` as in `yeo_johnson`.
    """
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        variance = yeo_johnson(X, lambdas, reference).var(axis=0)
        value = -len(X) / 2 * np.log(variance) - jacobian
        # Zero in exact arithmetic for columns without negative responses, whose sums of large
        # terms would cancel.
        value += lambdas * np.where(reference == 0, jacobian, 0)
    # A lambda that overflows, or flattens a unit to one value, is as unlikely as can be.
    return np.where(np.isfinite(value) & (variance > 0), value, -np.inf)


def fit_lambdas(X):
    """Maximum-likelihood lambda of each column by golden-section search.

    Parameters
    ----------
    X : numpy.ndarray, shape (n_stimuli, n_units)
        Columns that are not constant.

    Returns
    -------
    numpy.ndarray, shape (n_units,)
        Of any size: for a unit with one response r among n it is about ``-n / log(1 + r)``.
    """
    jacobian = (np.sign(X) * np.log1p(np.abs(X))).sum(axis=0)
    reference = references(X)
    middle = np.ones(X.shape[1])
    best = log_likelihood(X, middle, jacobian, reference)
    ends = []
    for direction in (-1, 1):
        # Walk away with doubling steps, taking the middle along, until the likelihood falls, as it
        # does in the end: the variance grows faster than the Jacobian, and then overflows.
        step = np.ones_like(middle)
        end = middle + direction * step
        value = log_likelihood(X, end, jacobian, reference)
        behind = middle.copy()
        rising = value > best
        while rising.any():
            behind = np.where(rising, middle, behind)
            middle, best = np.where(rising, end, middle), np.where(rising, value, best)
            step = np.where(rising, 2 * step, step)
            end = np.where(rising, middle + direction * step, end)
            value = log_likelihood(X, end, jacobian, reference)
            rising = rising & (value > best)
        ends.append(end)
        if direction == -1:
            # What was left behind bounds the search from the other side.
            left_behind = np.where(behind > middle, behind, np.inf)
    low, high = ends
    high = np.minimum(high, left_behind)
    inner_low, inner_high = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    value_low = log_likelihood(X, inner_low, jacobian, reference)
    value_high = log_likelihood(X, inner_high, jacobian, reference)
    while (high - low > LAMBDA_TOLERANCE * (1 + np.abs(low))).any():
        left = value_low > value_high
        low, high = np.where(left, low, inner_low), np.where(left, inner_high, high)
        kept, kept_value = (
            np.where(left, inner_low, inner_high),
            np.where(left, value_low, value_high),
        )
        new = np.where(left, high - GOLDEN * (high - low), low + GOLDEN * (high - low))
        new_value = log_likelihood(X, new, jacobian, reference)
        inner_low, inner_high = np.where(left, new, kept), np.where(left, kept, new)
        value_low = np.where(left, new_value, kept_value)
        value_high = np.where(left, kept_value, new_value)
    return (low + high) / 2


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
        self.low_, self.high_ = Z.min(axis=0) - 1, Z.max(axis=0) + 1
        return Z

    def transform(self, X):
        """Transform test responses, shape (n_stimuli, n_units) to (n_stimuli, n_varying)."""
        transformed = yeo_johnson(X[:, self.raw.varies_], self.lambdas_, self.reference_)
        Z = self.transformed.transform(transformed)
        clipped = np.clip(Z, self.low_, self.high_)
        self.n_clipped_ = int((clipped != Z).sum())
        return clipped
