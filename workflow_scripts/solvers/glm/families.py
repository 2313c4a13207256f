"""Likelihoods of responses given their mean."""

from typing import Protocol

from workflow_scripts.solvers.arrays import Array


class Family(Protocol):
    """A likelihood, as a loss to minimise."""

    @staticmethod
    def loss(
        Y: Array, mu: Array, log_mu: Array, slope: Array, log_slope: Array | float
    ) -> tuple[Array, Array]:
        """Loss of each response, and its derivative with respect to the linear predictor.

        Parameters
        ----------
        Y : array
            Responses.
        mu, log_mu : array
            Their means and the logarithms of these.
        slope, log_slope : array
            Derivatives of both with respect to the linear predictor.
        """

    @staticmethod
    def scale(mean: Array, second: Array) -> Array:
        """What the loss of each target is divided by, from its mean and its mean square."""

    @staticmethod
    def curvature(slope: Array, log_slope: Array | float) -> Array:
        """Expected second derivative of the loss with respect to the linear predictor."""


class Poisson:
    """Negative log-likelihood ``mu - y log mu``, without its constant, in units of the mean."""

    @staticmethod
    def loss(
        Y: Array, mu: Array, log_mu: Array, slope: Array, log_slope: Array | float
    ) -> tuple[Array, Array]:
        """See `Family`."""
        return mu - Y * log_mu, slope - Y * log_slope

    @staticmethod
    def scale(mean: Array, second: Array) -> Array:
        """The mean."""
        return mean

    @staticmethod
    def curvature(slope: Array, log_slope: Array | float) -> Array:
        """See `Family`."""
        return slope * log_slope


class Gaussian:
    """Half the squared error, in units of the variance."""

    @staticmethod
    def loss(
        Y: Array, mu: Array, log_mu: Array, slope: Array, log_slope: Array | float
    ) -> tuple[Array, Array]:
        """See `Family`."""
        return (mu - Y) ** 2 / 2, (mu - Y) * slope

    @staticmethod
    def scale(mean: Array, second: Array) -> Array:
        """The variance."""
        return second - mean**2

    @staticmethod
    def curvature(slope: Array, log_slope: Array | float) -> Array:
        """See `Family`."""
        return slope**2


FAMILIES: dict[str, type[Family]] = {"poisson": Poisson, "gaussian": Gaussian}
