"""What is minimised: the penalised losses of many targets."""

from dataclasses import dataclass, replace

from array_api_compat import array_namespace, device

from workflow_scripts.solvers.arrays import Array
from workflow_scripts.solvers.glm.families import Family, Poisson
from workflow_scripts.solvers.glm.links import Exponential, Link


@dataclass(frozen=True)
class Problem:
    """Fits of many targets to the same stimuli.

    The objective of a target is ``sum(loss) / divisor + alpha / 2 |w|^2``; the first coefficient is
    the intercept, which is not penalised.

    Attributes
    ----------
    A : array, shape (n_stimuli, 1 + k)
        Design with a first column of ones.
    Y : array, shape (n_targets, n_stimuli)
    divisors : array, shape (n_targets,)
        What sums of losses are divided by.
    spread : array, shape (1 + k,)
        Mean square of each column of the design.
    weights : array, shape (n_targets,)
        Second derivative of the divided loss where all weights are zero. With `spread` it
        approximates the diagonal of the Hessian.
    link, family : type
        Members of `LINKS` and of `FAMILIES`.
    """

    A: Array
    Y: Array
    divisors: Array
    spread: Array
    weights: Array
    link: type[Link]
    family: type[Family]

    @property
    def has_best_intercept(self) -> bool:
        """Whether the best intercept for given weights is known in closed form."""
        return self.link is Exponential and self.family is Poisson

    def of(self, targets: Array) -> "Problem":
        """The same problem for some of the targets."""
        Y, divisors, weights = (values[targets] for values in (self.Y, self.divisors, self.weights))
        return replace(self, Y=Y, divisors=divisors, weights=weights)

    def in_single_precision(self) -> "Problem":
        """The same problem with arrays of float32."""
        xp = array_namespace(self.A)
        names = "A", "Y", "divisors", "spread", "weights"
        return replace(self, **{name: xp.astype(getattr(self, name), xp.float32) for name in names})

    def curvature(self, alphas: Array) -> Array:
        """Approximate diagonal of the Hessian (n_targets, 1 + k) with penalties (n_targets,)."""
        curvature = self.weights[:, None] * self.spread
        curvature[:, 1:] += alphas[:, None]
        return curvature


def pose_problem(
    A: Array, Y: Array, link: type[Link], family: type[Family]
) -> tuple[Array, Problem]:
    """The problem, and a start whose weights are zero.

    Parameters
    ----------
    A : array, shape (n_stimuli, 1 + k)
    Y : array, shape (n_targets, n_stimuli)
    link, family : type

    Returns
    -------
    start : array, shape (n_targets, 1 + k)
        The intercept that gives each target its mean.
    problem : Problem
    """
    xp = array_namespace(A)
    n = A.shape[0]
    mean, second = xp.mean(Y, axis=1), xp.mean(Y**2, axis=1)
    # A unit may be silent for all training stimuli of a fold: it is then treated as if it had
    # responded to one of them, by one.
    mean, second = xp.where(mean > 0, mean, 1 / n), xp.where(mean > 0, second, 1 / n)
    intercept = link.inverse(mean, xp)
    scale = family.scale(mean, second)
    scale = xp.where(scale > 0, scale, mean)
    _, _, *slopes = link.evaluate(intercept, xp)
    weights = family.curvature(*slopes) / scale
    start = xp.zeros((Y.shape[0], A.shape[1]), dtype=A.dtype, device=device(A))
    start[:, 0] = intercept
    return start, Problem(A, Y, n * scale, xp.mean(A**2, axis=0), weights, link, family)
