"""What networks are made of: their common form, noisy softplus units, dropout, initial weights."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.functional import softplus

from workflow_scripts.images.pixels import normalise

VARIANCE_FLOOR = 1e-4
"""Added to the variance of the noise: the derivative of its root would be infinite at zero.

It is small against 0.7, the mean of a softplus unit with input 0 and, at a gain of 1, its variance.
"""


TOKENS = ("class", "patches", "mean")
"""What the name of a layer of tokens may say behind ``@``; see `readout`."""


@dataclass(frozen=True)
class Prefix:
    """Tokens of a transformer before its patches.

    Attributes
    ----------
    n : int
        Their number: a class token and registers.
    has_class : bool
        Whether the first of them is a class token.
    """

    n: int
    has_class: bool


class Network(nn.Module):
    """What every architecture builds: a network that names its layers.

    It is called with images (n, 3, y, x) as `preprocess` gives them, and returns features
    (n, `n_outputs`).

    Attributes
    ----------
    n_outputs : int
        Number of features of an image, from which a head learns its objective.
    prefix : Prefix or None
        Tokens before the patches; None if the network does not say it, or has no tokens.
    """

    n_outputs: int
    prefix: Prefix | None = None

    def preprocess(self, images: torch.Tensor) -> torch.Tensor:
        """Images (n, 3, y, x) in [0, 1] as the network wants them."""
        return normalise(images)

    def activations(self) -> dict[str, nn.Module]:
        """Modules that can be read, by the name of the layer that each of them is."""
        raise NotImplementedError


class _PoissonLike(torch.autograd.Function):
    """``max(0, a + sqrt(a / gain + floor) e)``, ``a = softplus(z)``, and its slope in one pass."""

    @staticmethod
    def forward(ctx: Any, z: torch.Tensor, e: torch.Tensor, gain: float) -> torch.Tensor:
        a = softplus(z)
        sd = (a / gain + VARIANCE_FLOOR).sqrt_()
        y = torch.addcmul(a, sd, e)
        slope = (e / sd).mul_(0.5 / gain).add_(1).mul_(z.sigmoid()).mul_(y > 0)
        ctx.save_for_backward(slope)
        return y.clamp_(min=0)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        (slope,) = ctx.saved_tensors
        return gradient * slope, None, None


class NoisySoftplus(nn.Module):
    """Softplus whose output is read as a spike count: its noise has a variance equal to its mean.

    ``y = max(0, a + sqrt(a / gain + 1e-4) * e)`` with ``a = softplus(z)`` and standard normal
    ``e``, the reparameterised Gaussian form of Poisson noise (after Dapello et al. 2020, NeurIPS).

    Parameters
    ----------
    gain : float or None
        Spikes per unit of activation; the Fano factor is ``1 / gain``. None is noise-free.
    """

    def __init__(self, gain: float | None) -> None:
        super().__init__()
        self.gain = gain
        self.generator: torch.Generator | None = None  # set by `set_noise`; None is noise-free

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        if self.gain is None or self.generator is None:
            return softplus(z)
        e = torch.empty_like(z)
        # In the order of memory: in another order, drawing normal numbers takes ten times as long.
        e.as_strided((e.numel(),), (1,)).normal_(generator=self.generator)
        noisy: torch.Tensor = _PoissonLike.apply(z, e, self.gain)
        return noisy


class Dropout(nn.Module):
    """Dropout from a generator of its own, where PyTorch's draws from the global one.

    Parameters
    ----------
    share : float
        Share of the inputs that is dropped in training.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share
        self.generator: torch.Generator | None = None  # set by `set_noise`; None drops nothing

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training or self.share == 0 or self.generator is None:
            return x
        kept = torch.empty_like(x).bernoulli_(1 - self.share, generator=self.generator)
        return x * kept / (1 - self.share)


def keep_inputs(network: nn.Module) -> None:
    """Keep modules from writing into their input: the readout needs what a non-linearity gets."""
    for module in network.modules():
        if "inplace" in vars(module):
            vars(module)["inplace"] = False


def initialise(module: nn.Module, generator: torch.Generator) -> None:
    """Draw all linear and convolutional weights, uniform in ±1/sqrt(inputs of a unit).

    This is PyTorch's default. With He's larger weights, the responses of softplus units, whose mean
    is never zero, would grow from layer to layer.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            bound = layer.weight[0].numel() ** -0.5
            nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
            if layer.bias is not None:
                nn.init.uniform_(layer.bias, -bound, bound, generator=generator)


def set_noise(network: nn.Module, generator: torch.Generator | None) -> None:
    """Give all noisy units and dropouts one generator on their device, or None for no noise."""
    for module in network.modules():
        if isinstance(module, NoisySoftplus | Dropout):
            module.generator = generator


def torch_generator(seed: int, device: torch.device | str = "cpu") -> torch.Generator:
    """Torch generator on a device with the given seed."""
    return torch.Generator(device).manual_seed(seed)
