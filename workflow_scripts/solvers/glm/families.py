"""Likelihoods of responses given their mean."""


class Poisson:
    """Negative log-likelihood ``mu - y log mu`` without its constant, in units of the mean."""

    @staticmethod
    def loss(Y, mu, log_mu, slope, log_slope):
        """Loss of each response and its derivative by the linear predictor."""
        return mu - Y * log_mu, slope - Y * log_slope

    @staticmethod
    def scale(mean, second):
        """What the loss of each target is divided by, from the first two moments."""
        return mean

    @staticmethod
    def weight(mean, slope, scale):
        """Expected second derivative of the loss by the linear predictor."""
        return slope**2 / (mean * scale)


class Gaussian:
    """Half the squared error, in units of the variance."""

    @staticmethod
    def loss(Y, mu, log_mu, slope, log_slope):
        """Loss of each response and its derivative by the linear predictor."""
        return (mu - Y) ** 2 / 2, (mu - Y) * slope

    @staticmethod
    def scale(mean, second):
        """What the loss of each target is divided by, from the first two moments."""
        return second - mean**2

    @staticmethod
    def weight(mean, slope, scale):
        """Expected second derivative of the loss by the linear predictor."""
        return slope**2 / scale


FAMILIES = {"poisson": Poisson, "gaussian": Gaussian}
