"""Yeo-Johnson transformation to normality, of all units at once."""

import numpy as np

from workflow_scripts.scaling import Standardiser

GOLDEN = (np.sqrt(5) - 1) / 2
LAMBDA_TOLERANCE = 1e-7
# Near-silent units have their maximum below -100; a bracket that has to be wider is a bug.
LAMBDA_LIMIT = 1e4


def yeo_johnson(X, lambdas):
    """Yeo-Johnson transformation of each column (Yeo & Johnson 2000, Biometrika 87, eq. 2.1).

    Parameters
    ----------
    X : numpy.ndarray, shape (n_stimuli, n_units)
    lambdas : numpy.ndarray, shape (n_units,)

    Returns
    -------
    numpy.ndarray, shape (n_stimuli, n_units)
    """
    exponent = np.where(X >= 0, lambdas, 2 - lambdas)
    log = np.log1p(np.abs(X))
    # expm1 keeps the digits that a power minus one loses where units are nearly silent.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        size = np.where(exponent == 0, log, np.expm1(exponent * log) / exponent)
    return np.copysign(size, X)


def log_likelihood(X, lambdas, jacobian):
    """Profile log-likelihood of each column's lambda, shape (n_units,).

    `jacobian` is the column sum of ``sign(x) log(1 + |x|)``.
    """
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        variance = yeo_johnson(X, lambdas).var(axis=0)
        value = -len(X) / 2 * np.log(variance) + (lambdas - 1) * jacobian
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

    Raises
    ------
    FloatingPointError
        If a column's likelihood still rises at a lambda of 10,000.
    """
    jacobian = (np.sign(X) * np.log1p(np.abs(X))).sum(axis=0)
    middle = np.ones(X.shape[1])
    best = log_likelihood(X, middle, jacobian)
    ends = []
    for direction in (-1, 1):
        # Walk away with doubling steps, taking the middle along, until the likelihood falls.
        step = np.ones_like(middle)
        end = middle + direction * step
        value = log_likelihood(X, end, jacobian)
        behind = middle.copy()
        rising = value > best
        while rising.any():
            if (step > LAMBDA_LIMIT).any():
                raise FloatingPointError(
                    f"the Yeo-Johnson likelihood of {rising.sum()} units rises without end"
                )
            behind = np.where(rising, middle, behind)
            middle, best = np.where(rising, end, middle), np.where(rising, value, best)
            step = np.where(rising, 2 * step, step)
            end = np.where(rising, middle + direction * step, end)
            value = log_likelihood(X, end, jacobian)
            rising = rising & (value > best)
        ends.append(end)
        if direction == -1:
            # What was left behind bounds the search from the other side.
            left_behind = np.where(behind > middle, behind, np.inf)
    low, high = ends
    high = np.minimum(high, left_behind)
    inner_low, inner_high = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    value_low = log_likelihood(X, inner_low, jacobian)
    value_high = log_likelihood(X, inner_high, jacobian)
    while (high - low > LAMBDA_TOLERANCE * (1 + np.abs(low))).any():
        left = value_low > value_high
        low, high = np.where(left, low, inner_low), np.where(left, inner_high, high)
        kept, kept_value = (
            np.where(left, inner_low, inner_high),
            np.where(left, value_low, value_high),
        )
        new = np.where(left, high - GOLDEN * (high - low), low + GOLDEN * (high - low))
        new_value = log_likelihood(X, new, jacobian)
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
        self.lambdas_ = fit_lambdas(X)
        transformed = yeo_johnson(X, self.lambdas_)
        self.transformed = Standardiser().fit(transformed)
        Z = self.transformed.transform(transformed)
        self.low_, self.high_ = Z.min(axis=0) - 1, Z.max(axis=0) + 1
        return Z

    def transform(self, X):
        """Transform test responses, shape (n_stimuli, n_units) to (n_stimuli, n_varying)."""
        transformed = yeo_johnson(X[:, self.raw.varies_], self.lambdas_)
        Z = self.transformed.transform(transformed)
        clipped = np.clip(Z, self.low_, self.high_)
        self.n_clipped_ = int((clipped != Z).sum())
        return clipped
