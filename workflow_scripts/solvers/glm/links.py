"""Link functions: from a linear predictor ``eta`` to a mean response ``mu``."""

from types import ModuleType
from typing import Any, Protocol

import numpy as np
from array_api_compat import is_torch_namespace

from workflow_scripts.solvers.arrays import Array

Evaluated = tuple[Array, Array, Array, Array | float]
"""Mean, its logarithm, and the derivatives of both with respect to the linear predictor."""

SHARPNESS = 10.0
"""Factor ``s`` of the rounded rectifier: it differs from a ReLU by at most ``log(2) / s``, 7 % of
the mean response of a unit."""

CAP = 1.2
"""Predictions are capped at this multiple of a unit's largest training response: an exponential
mean can be wrong by orders of magnitude for stimuli unlike the training stimuli."""


class Link(Protocol):
    """A link function; `xp` is the namespace of the arrays."""

    @staticmethod
    def evaluate(eta: Array, xp: Any) -> Evaluated:
        """Mean, its logarithm, and the derivatives of both, each of the shape of `eta` or 1."""

    @staticmethod
    def inverse(mu: Array, xp: Any) -> Array:
        """Linear predictor of a mean."""


def _softplus(eta: Array, xp: Any) -> Evaluated:
    """``log(1 + exp(eta))``, its logarithm, its slope, and the slope of its logarithm."""
    # Nothing is selected element by element: that costs more than all the arithmetic.
    small = xp.exp(-xp.abs(eta))
    one = 1 + small
    # log1p to the last digit, by the logarithm that is vectorised.
    mu = xp.maximum(eta, 0 * eta) + (xp.log(one) + (small - (one - 1)) / one)
    slope = xp.maximum(small, xp.astype(eta >= 0, eta.dtype)) / one
    # Far below zero the mean vanishes, and its logarithm is eta itself.
    tiny = xp.finfo(eta.dtype).smallest_normal
    vanished = mu < tiny
    mu_or_tiny = mu + tiny * vanished
    return mu, xp.minimum(xp.log(mu_or_tiny), eta), slope, slope / mu_or_tiny + vanished


class Exponential:
    """``mu = exp(eta)``."""

    @staticmethod
    def evaluate(eta: Array, xp: Any) -> Evaluated:
        """See `Link`."""
        mu = xp.exp(eta)
        return mu, eta, mu, 1.0

    @staticmethod
    def inverse(mu: Array, xp: Any) -> Array:
        """Linear predictor of a mean."""
        return xp.log(mu)


class Softplus:
    """``mu = log(1 + exp(eta))``."""

    @staticmethod
    def evaluate(eta: Array, xp: Any) -> Evaluated:
        """See `Link`."""
        return _softplus(eta, xp)

    @staticmethod
    def inverse(mu: Array, xp: Any) -> Array:
        """Linear predictor of a mean."""
        return mu + xp.log(-xp.expm1(-mu))


class Rectifier:
    """``mu = log(1 + exp(s eta)) / s`` with s = 10: a ReLU with a rounded corner.

    A mean of exactly zero would make even a single spike impossible.
    """

    @staticmethod
    def evaluate(eta: Array, xp: Any) -> Evaluated:
        """See `Link`."""
        mu, log_mu, slope, log_slope = _softplus(SHARPNESS * eta, xp)
        return mu / SHARPNESS, log_mu - float(np.log(SHARPNESS)), slope, SHARPNESS * log_slope

    @staticmethod
    def inverse(mu: Array, xp: Any) -> Array:
        """Linear predictor of a mean."""
        return Softplus.inverse(SHARPNESS * mu, xp) / SHARPNESS


class NormalCdf:
    """``mu = Phi(eta)``."""

    @staticmethod
    def evaluate(eta: Array, xp: Any) -> Evaluated:
        """See `Link`."""
        special = _special(xp)
        log_mu = special.log_ndtr(eta)
        log_density = -0.5 * eta**2 - 0.5 * float(np.log(2 * np.pi))
        return xp.exp(log_mu), log_mu, xp.exp(log_density), xp.exp(log_density - log_mu)

    @staticmethod
    def inverse(mu: Array, xp: Any) -> Array:
        """Linear predictor of a mean."""
        return _special(xp).ndtri(mu)


def _special(xp: Any) -> ModuleType:
    """Module with the functions of the normal distribution for arrays of this library."""
    if is_torch_namespace(xp):
        import torch

        return torch.special
    import scipy.special

    return scipy.special


LINKS: dict[str, type[Link]] = {
    "exp": Exponential,
    "softplus": Softplus,
    "relu": Rectifier,
    "normcdf": NormalCdf,
}
