"""Link functions: from a linear predictor to a mean response."""

import numpy as np
from array_api_compat import is_torch_namespace

SHARPNESS = 10.0  # of the smooth rectifier

CAP = 1.2  # predictions end at this multiple of the unit's largest training response


def _softplus(eta, xp):
    """``log(1 + exp(eta))``, its logarithm, its slope, and the slope of its logarithm."""
    # No selection by element: it costs more than all the arithmetic.
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
    """``mu = exp(eta)``, fitted to responses with a mean of one: free of the unit."""

    @staticmethod
    def evaluate(eta, xp):
        """Mean, its logarithm, and the derivatives of both, each shaped like `eta` or 1."""
        mu = xp.exp(eta)
        return mu, eta, mu, 1.0

    @staticmethod
    def inverse(mu, xp):
        """Linear predictor of a mean."""
        return xp.log(mu)

    @staticmethod
    def unit(mean, highest):
        """The response that counts as one."""
        return mean


class Softplus:
    """``mu = log(1 + exp(eta))``, fitted to responses as they are."""

    @staticmethod
    def evaluate(eta, xp):
        """Mean, its logarithm, and the derivatives of both, each shaped like `eta`."""
        return _softplus(eta, xp)

    @staticmethod
    def inverse(mu, xp):
        """Linear predictor of a mean."""
        return mu + xp.log(-xp.expm1(-mu))

    @staticmethod
    def unit(mean, highest):
        """The response that counts as one."""
        return mean * 0 + 1


class Rectifier:
    """``mu = log(1 + exp(s eta)) / s`` with s = 10: a ReLU with rounded corner.

    A mean of exactly zero would make a single spike impossible. Fitted to responses with a mean of
    one.
    """

    @staticmethod
    def evaluate(eta, xp):
        """Mean, its logarithm, and the derivatives of both, each shaped like `eta`."""
        mu, log_mu, slope, log_slope = _softplus(SHARPNESS * eta, xp)
        return mu / SHARPNESS, log_mu - float(np.log(SHARPNESS)), slope, SHARPNESS * log_slope

    @staticmethod
    def inverse(mu, xp):
        """Linear predictor of a mean."""
        return Softplus.inverse(SHARPNESS * mu, xp) / SHARPNESS

    @staticmethod
    def unit(mean, highest):
        """The response that counts as one."""
        return mean


class NormalCdf:
    """``mu = Phi(eta)``, fitted to responses as parts of the largest prediction allowed."""

    @staticmethod
    def evaluate(eta, xp):
        """Mean, its logarithm, and the derivatives of both, each shaped like `eta`."""
        special = _special(xp)
        log_mu = special.log_ndtr(eta)
        log_density = -0.5 * eta**2 - 0.5 * float(np.log(2 * np.pi))
        return xp.exp(log_mu), log_mu, xp.exp(log_density), xp.exp(log_density - log_mu)

    @staticmethod
    def inverse(mu, xp):
        """Linear predictor of a mean."""
        return _special(xp).ndtri(mu)

    @staticmethod
    def unit(mean, highest):
        """The response that counts as one."""
        return CAP * highest


def _special(xp):
    """Module with the functions of the normal distribution for arrays of this library."""
    if is_torch_namespace(xp):
        import torch

        return torch.special
    import scipy.special

    return scipy.special


LINKS = {"exp": Exponential, "softplus": Softplus, "relu": Rectifier, "normcdf": NormalCdf}
