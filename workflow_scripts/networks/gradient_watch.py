"""The first step in which a gradient was not finite, noted without waiting for the device."""

from collections.abc import Iterable

import torch
from torch import nn


class GradientWatch:
    """Watch over the gradients of one network's weights.

    Parameters
    ----------
    parameters : iterable of (str, torch.nn.Parameter)
        Weights with their names, on the device that trains.
    device : torch.device
    """

    def __init__(
        self, parameters: Iterable[tuple[str, nn.Parameter]], device: torch.device
    ) -> None:
        self._names, self._weights = zip(*parameters, strict=True)
        self._bad_step = torch.full((len(self._weights),), -1, device=device)

    def note(self, step: int | torch.Tensor) -> None:
        """Note for each weight whether its gradient is not finite for the first time."""
        norms = torch.stack([weight.grad.norm() for weight in self._weights])
        fresh = ~norms.isfinite() & (self._bad_step < 0)
        self._bad_step.copy_(torch.where(fresh, step, self._bad_step))

    def require_finite(self, seed: int, n_steps: int) -> None:
        """Refuse weights that were changed by a gradient that was not finite.

        Parameters
        ----------
        seed : int
            Seed of the network, for the error.
        n_steps : int
            Number of steps of its training, for the error.

        Raises
        ------
        FloatingPointError
            If there are such weights; it names the first such step and the first layer in it.
        """
        bad = self._bad_step.cpu()
        if (bad < 0).all():
            return
        first = bad[bad >= 0].min()
        name = self._names[int((bad == first).int().argmax())]
        raise FloatingPointError(
            f"training of seed {seed} diverged: found a gradient of {name} that is not finite in "
            f"step {int(first) + 1} of {n_steps}, expected finite numbers; try a lower "
            "learning_rate"
        )
