"""Where the minimisation of many targets stands."""

from dataclasses import dataclass

from array_api_compat import array_namespace

from workflow_scripts.solvers.arrays import Array


@dataclass
class State:
    """Where the minimisation of many targets stands; a step changes it.

    Attributes
    ----------
    theta : array, shape (n_targets, 1 + k)
        Intercept and weights.
    loss : array, shape (n_targets,)
        Objective at theta.
    gradient : array, shape (n_targets, 1 + k)
        Its gradient.
    step, change : array, shape (n_targets, 1 + k)
        The last step and the change of the gradient along it; zero where there was none.
    length : array, shape (n_targets,)
        Length of the next step, as a share of the full one.
    """

    theta: Array
    loss: Array
    gradient: Array
    step: Array
    change: Array
    length: Array

    def of(self, targets: Array) -> "State":
        """The state of some of the targets."""
        return State(*(values[targets] for values in vars(self).values()))


def start_at(theta: Array) -> State:
    """The state before the first evaluation, at theta, which is accepted whatever its loss is."""
    xp = array_namespace(theta)
    loss = xp.full_like(theta[:, 0], xp.inf)
    return State(
        theta=xp.asarray(theta, copy=True),
        loss=loss,
        gradient=xp.zeros_like(theta),
        step=xp.zeros_like(theta),
        change=xp.zeros_like(theta),
        length=xp.ones_like(loss),
    )
