"""Poisson regression of all target units at once, with exponential or softplus mean."""

import numpy as np

from workflow_scripts.errors import InputError, NotComparable
from workflow_scripts.ridge import check_alphas

ALPHAS = tuple(float(a) for a in np.logspace(-4, 2, 7))
MEMORY = 8
SUFFICIENT_DECREASE = 1e-4
SMALLEST_STEP = 1e-10
CAP = 1.2  # predictions end at this multiple of the unit's largest training response


class Exponential:
    """``mu = exp(eta)``, the canonical link of the Poisson distribution."""

    @staticmethod
    def evaluate(eta):
        """Mean, logarithm of the mean, and derivative of the mean, each shaped like `eta`."""
        mu = np.exp(eta)
        return mu, eta, mu

    @staticmethod
    def inverse(mu):
        """Linear predictor of a mean."""
        return np.log(mu)


class Softplus:
    """``mu = log(1 + exp(eta))``."""

    @staticmethod
    def evaluate(eta):
        """Mean, logarithm of the mean, and derivative of the mean, each shaped like `eta`."""
        small = np.exp(-np.abs(eta))
        mu = np.maximum(eta, 0) + np.log1p(small)
        # Far below zero the mean vanishes in double precision; its logarithm is eta itself.
        log_mu = np.log(mu, out=eta.copy(), where=mu > 0)
        slope = np.where(eta < 0, small, 1) / (1 + small)
        return mu, log_mu, slope

    @staticmethod
    def inverse(mu):
        """Linear predictor of a mean."""
        return mu + np.log(-np.expm1(-mu))


LINKS = {"exp": Exponential, "softplus": Softplus}


def objective(theta, A, Y, means, alphas, link):
    """Penalised loss of each column and its gradient.

    ``mean(mu - y log mu) / mean(y) + alpha / 2 |w|^2``; the first row of `theta` is the
    intercept, which is not penalised.

    Parameters
    ----------
    theta : numpy.ndarray, shape (1 + k, n_targets)
    A : numpy.ndarray, shape (n_stimuli, 1 + k)
        Design with a first column of ones.
    Y : numpy.ndarray, shape (n_stimuli, n_targets)
    means, alphas : numpy.ndarray, shape (n_targets,)
    link : type
        One of `LINKS`.

    Returns
    -------
    loss : numpy.ndarray, shape (n_targets,)
    gradient : numpy.ndarray, shape (1 + k, n_targets)
    """
    with np.errstate(over="ignore", invalid="ignore"):
        eta = A @ theta
        mu, log_mu, slope = link.evaluate(eta)
        loss = (mu - Y * log_mu).mean(axis=0) / means
        loss += alphas / 2 * (theta[1:] ** 2).sum(axis=0)
        # slope / mu tends to one where mu vanishes, for both links
        ratio = np.divide(slope, mu, out=np.ones_like(mu), where=mu > 0)
        gradient = A.T @ (slope - Y * ratio) / (len(A) * means)
    gradient[1:] += alphas * theta[1:]
    return loss, gradient


def minimise(A, Y, means, alphas, link, start, curvature, tolerance, max_iterations):
    """Minimise the objective of all columns by one batched, preconditioned L-BFGS.

    The curvature at the start is diagonal in the basis of `A`, so that scaling by its root leaves
    a problem that is well conditioned. Every column has its own line search; columns that have
    converged leave the batch.

    Parameters
    ----------
    A, Y, means, alphas, link
        See `objective`.
    start : numpy.ndarray, shape (1 + k, n_targets)
    curvature : numpy.ndarray, shape (1 + k, n_targets)
        Diagonal of the Hessian at the start, or near it.
    tolerance : float
        Largest norm of the gradient in scaled coordinates.
    max_iterations : int

    Returns
    -------
    theta : numpy.ndarray, shape (1 + k, n_targets)
    converged : numpy.ndarray of bool, shape (n_targets,)
    """
    theta = start.copy()
    converged = np.zeros(Y.shape[1], bool)
    columns = np.arange(Y.shape[1])
    scale = 1 / np.sqrt(curvature)
    x = start / scale
    loss, gradient = objective(start, A, Y, means, alphas, link)
    gradient = gradient * scale
    history = []  # (step, change of gradient, 1 / their product), newest last

    for _ in range(max_iterations):
        done = np.sqrt((gradient**2).sum(axis=0)) <= tolerance
        if done.any():
            converged[columns[done]] = True
            theta[:, columns[done]] = (x * scale)[:, done]
            keep = ~done
            columns, Y, means, alphas = columns[keep], Y[:, keep], means[keep], alphas[keep]
            x, scale, gradient, loss = x[:, keep], scale[:, keep], gradient[:, keep], loss[keep]
            history = [(s[:, keep], d[:, keep], r[keep]) for s, d, r in history]
        if not len(columns):
            break
        direction = _descent(gradient, history)
        slope = (direction * gradient).sum(axis=0)
        step = np.ones(len(columns))
        new_x, new_gradient, new_loss = x.copy(), gradient.copy(), loss.copy()
        searching = np.arange(len(columns))
        while len(searching):
            trial = x[:, searching] + step[searching] * direction[:, searching]
            value, grad = objective(
                trial * scale[:, searching],
                A,
                Y[:, searching],
                means[searching],
                alphas[searching],
                link,
            )
            bound = loss[searching] + SUFFICIENT_DECREASE * step[searching] * slope[searching]
            # At the optimum rounding decides: a step that changes nothing is accepted.
            good = value <= bound + 4 * np.finfo(float).eps * np.abs(loss[searching])
            found = searching[good]
            new_x[:, found], new_loss[found] = trial[:, good], value[good]
            new_gradient[:, found] = grad[:, good] * scale[:, found]
            searching = searching[~good]
            step[searching] /= 2
            searching = searching[step[searching] > SMALLEST_STEP]
        moved, change = new_x - x, new_gradient - gradient
        product = (moved * change).sum(axis=0)
        # A column that stood still adds nothing: its correction is zero.
        inverse = np.divide(1, product, out=np.zeros_like(product), where=product > 0)
        history = [*history[-(MEMORY - 1) :], (moved, change, inverse)]
        x, gradient, loss = new_x, new_gradient, new_loss
    theta[:, columns] = x * scale
    return theta, converged


def _descent(gradient, history):
    """L-BFGS direction of each column, by the two-loop recursion."""
    q = gradient.copy()
    weights = []
    for moved, change, inverse in reversed(history):
        weight = inverse * (moved * q).sum(axis=0)
        q -= weight * change
        weights.append(weight)
    if history:
        _, change, inverse = history[-1]
        size = inverse * (change**2).sum(axis=0)
        q /= np.where(size > 0, size, 1)
    for (moved, change, inverse), weight in zip(history, reversed(weights), strict=True):
        q += moved * (weight - inverse * (change * q).sum(axis=0))
    return -q


class PoissonRegression:
    """Penalised Poisson regression with a penalty for each target, chosen by cross-validation.

    The source is rotated to its principal axes first: by the representer theorem no weight is
    lost, and there the Hessian is nearly diagonal.

    Parameters
    ----------
    link : {"exp", "softplus"}
    alphas : sequence of float
        Penalties to choose from.
    n_folds : int
        Folds of the training stimuli; every `n_folds`-th stimulus belongs to one fold, which is
        random because the training stimuli of a split are in random order.
    tolerance : float
        See `minimise`; for the fits of the folds ten times as large.
    max_iterations : int

    Attributes
    ----------
    alpha_ : numpy.ndarray, shape (n_targets,)
    converged_ : numpy.ndarray of bool, shape (n_targets,)
        Of the final fit; False for a target that is silent throughout.
    n_capped_ : int
        Predictions that the last `predict` capped.
    """

    def __init__(self, link, alphas, n_folds, tolerance=1e-4, max_iterations=300):
        self.link = link
        self.alphas = alphas
        self.n_folds = n_folds
        self.tolerance = tolerance
        self.max_iterations = max_iterations

    def fit(self, Z, Y):
        """Fit on standardised sources Z (n_stimuli, n_units) and targets Y (n_stimuli, n_targets).

        Raises
        ------
        InputError
            If a penalty is not positive, or there are not 2 folds to as many as stimuli.
        NotComparable
            If a target response is negative or there is no target.
        """
        check_alphas(self.alphas)
        if not 2 <= self.n_folds <= len(Y):
            raise InputError(
                f"method parameter n_folds: found {self.n_folds!r}, expected 2 to {len(Y)}, the "
                f"number of training stimuli"
            )
        if Y.shape[1] == 0:
            raise NotComparable("the target has no units")
        if Y.min() < 0:
            raise NotComparable(
                f"a Poisson likelihood needs responses of at least 0, found {Y.min():.3g}"
            )
        spiking = Y.any(axis=0)
        # The exponential mean is free of scale: fitted on responses with a mean of one.
        self.scale_ = np.where(spiking, Y.mean(axis=0), 1) if self.link == "exp" else 1.0
        self.ceiling_ = CAP * Y.max(axis=0)
        Y = Y[:, spiking] / (self.scale_[spiking] if self.link == "exp" else 1.0)

        U, s, Vt = np.linalg.svd(Z, full_matrices=False)
        rank = (s > s[0] * max(Z.shape) * np.finfo(float).eps).sum()
        self.axes_ = Vt[:rank].T
        A = np.hstack([np.ones((len(Z), 1)), U[:, :rank] * s[:rank]])
        spread = np.r_[1, s[:rank] ** 2 / len(Z)]

        alphas = np.sort(np.asarray(self.alphas, float))[::-1]
        deviance = np.zeros((len(alphas), Y.shape[1]))
        for fold in range(self.n_folds):
            held_out = np.arange(len(A)) % self.n_folds == fold
            theta = None
            for number, alpha in enumerate(alphas):
                theta, _ = self._solve(
                    A[~held_out], Y[~held_out], np.full(Y.shape[1], alpha), spread, theta, 10
                )
                mu = self._mean(A[held_out], theta, spiking)
                log_mu = np.log(np.maximum(mu, np.finfo(float).tiny))
                deviance[number] += (mu - Y[held_out] * log_mu).sum(axis=0)
        best = alphas[np.argmin(deviance, axis=0)]
        theta, converged = self._solve(A, Y, best, spread, None, 1)

        n_targets = len(spiking)
        self.theta_ = np.zeros((A.shape[1], n_targets))
        self.theta_[:, spiking] = theta
        self.theta_[0, ~spiking] = -np.inf
        self.alpha_ = np.full(n_targets, np.nan)
        self.alpha_[spiking] = best
        self.converged_ = np.zeros(n_targets, bool)
        self.converged_[spiking] = converged
        return self

    def _solve(self, A, Y, alphas, spread, start, slack):
        link = LINKS[self.link]
        # A unit may be silent in the training part of a fold: its mean is then that of one spike.
        means = np.where(Y.any(axis=0), Y.mean(axis=0), 1 / len(Y))
        intercept = link.inverse(means)
        weight = (link.evaluate(intercept)[2] / means) ** 2
        curvature = spread[:, None] * weight + np.vstack(
            [np.zeros_like(alphas), np.tile(alphas, (len(spread) - 1, 1))]
        )
        if start is None:
            start = np.zeros((A.shape[1], Y.shape[1]))
            start[0] = intercept
        return minimise(
            A,
            Y,
            means,
            alphas,
            link,
            start,
            curvature,
            slack * self.tolerance,
            self.max_iterations,
        )

    def _mean(self, A, theta, columns):
        """Mean response in the units of the fit, capped."""
        scale = self.scale_[columns] if self.link == "exp" else 1.0
        with np.errstate(over="ignore"):
            mu = LINKS[self.link].evaluate(A @ theta)[0]
        return np.minimum(mu, self.ceiling_[columns] / scale)

    def predict(self, Z):
        """Predicted mean responses (n_stimuli, n_targets)."""
        A = np.hstack([np.ones((len(Z), 1)), Z @ self.axes_])
        spiking = np.isfinite(self.theta_[0])
        predicted = np.zeros((len(Z), len(spiking)))
        mu = self._mean(A, self.theta_[:, spiking], spiking)
        predicted[:, spiking] = mu * (self.scale_[spiking] if self.link == "exp" else 1.0)
        self.n_capped_ = int((predicted[:, spiking] >= self.ceiling_[spiking]).sum())
        return predicted


class TransformedPoisson:
    """Poisson regression from transformed source units: the shape of three alignment methods.

    Parameters
    ----------
    transformation : object
        With ``fit_transform(X)`` and ``transform(X)``.
    regression : PoissonRegression

    Attributes
    ----------
    alpha_, converged_ : numpy.ndarray, shape (n_targets,)
        See `PoissonRegression`.
    guards_ : dict of str to int
        How often the guards bound in the last `predict`.
    """

    def __init__(self, transformation, regression):
        self.transformation = transformation
        self.regression = regression

    def fit(self, X, Y):
        """Fit on training responses X (n_stimuli, n_units) and Y (n_stimuli, n_targets)."""
        self.regression.fit(self.transformation.fit_transform(X), Y)
        self.alpha_ = self.regression.alpha_
        self.converged_ = self.regression.converged_
        return self

    def predict(self, X):
        """Predicted mean responses (n_stimuli, n_targets)."""
        predicted = self.regression.predict(self.transformation.transform(X))
        self.guards_ = {
            "source clipped": getattr(self.transformation, "n_clipped_", 0),
            "prediction capped": self.regression.n_capped_,
        }
        return predicted
