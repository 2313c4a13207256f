"""One fit of a mapping, and what it predicts for the test stimuli."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from workflow_scripts.alignment.method import METHODS, Mapping, make_estimator
from workflow_scripts.common.errors import InputError, NotComparable
from workflow_scripts.solvers.arrays import Array, on_device, to_numpy, varying


@dataclass(frozen=True)
class Fit:
    """A fitted mapping, and its predictions for the test stimuli of one split.

    Attributes
    ----------
    estimator : Mapping
        Fitted to the units that vary.
    varies : numpy.ndarray of bool, shape (n_units,)
        Whether a target unit varies over the training stimuli; the others are not fitted.
    converged : numpy.ndarray of bool, shape (n_units,)
        Whether a unit is fitted and its optimum was reached.
    predicted : numpy.ndarray of float64, shape (n_test, n_units)
        NaN for units whose fit has not converged, and for those without a fit.
    """

    estimator: Mapping
    varies: np.ndarray
    converged: np.ndarray
    predicted: np.ndarray


@dataclass(frozen=True)
class Fitter:
    """How every fit of a shard is done.

    Attributes
    ----------
    implementation : str
        Name of the method's file.
    parameters : dict
        Parameters of its estimator; those not named keep their defaults.
    device : {"cpu", "cuda"}
    """

    implementation: str
    parameters: dict[str, Any]
    device: str

    def place(self, values: np.ndarray) -> Array:
        """The values on the device that fits them."""
        return on_device(values, self.device)

    def fit(self, X: Array, Y: Array, train: np.ndarray | slice, test: np.ndarray | slice) -> Fit:
        """Fit a new estimator to one split.

        Parameters
        ----------
        X, Y : array, shape (n_stimuli, n_source_units) and (n_stimuli, n_target_units)
            Placed on the device.
        train, test : numpy.ndarray of int, or slice
            Indices of stimuli; slices are not copied.

        Raises
        ------
        NotComparable
            If no target unit varies, or the method refuses these data.
        InputError
            If the method's predictions have another shape than the test responses.
        """
        training, X_test = Y[train], X[test]
        varies = to_numpy(varying(training))
        if not varies.any():
            raise NotComparable("no target unit varies over the training stimuli")
        estimator = make_estimator(self.implementation, self.parameters)
        estimator = estimator.fit(X[train], training if varies.all() else training[:, varies])
        return self._predict(estimator, X_test, varies)

    def refit(
        self, fit: Fit, X: Array, Y: Array, train: np.ndarray | slice, test: np.ndarray | slice
    ) -> Fit:
        """The same fit to other stimuli, or from a part of the source.

        For comparisons of scores with each other, and for how much a score varies. A method whose
        penalties are costly to choose keeps those of `fit`.

        Raises
        ------
        NotComparable, InputError
            See `fit`.
        """
        estimator = make_estimator(self.implementation, self.parameters)
        if not hasattr(estimator, "fit_like"):
            return self.fit(X, Y, train, test)
        training = Y[train] if fit.varies.all() else Y[train][:, fit.varies]
        estimator = estimator.fit_like(fit.estimator, X[train], training)
        return self._predict(estimator, X[test], fit.varies)

    def _predict(self, estimator: Mapping, X_test: Array, varies: np.ndarray) -> Fit:
        """Predictions of a fit for the test stimuli, with what is to be known of it."""
        found = to_numpy(estimator.predict(X_test))
        expected = len(X_test), int(varies.sum())
        if found.shape != expected:
            raise InputError(
                METHODS.path(self.implementation),
                f"predictions of shape {found.shape}",
                f"{expected}, one row per test stimulus and one column per target unit",
            )
        predicted = found.astype(float, copy=False)
        if not varies.all():
            predicted = np.full((len(X_test), len(varies)), np.nan)
            predicted[:, varies] = found
        converged = varies.copy()
        converged[varies] = getattr(estimator, "converged_", True)
        if not converged.all():
            predicted = np.where(converged, predicted, np.nan)
        return Fit(estimator, varies, converged, predicted)
