"""Blocks of networks: noisy softplus units, dropout, initial weights."""

import torch
from torch import nn
from torch.nn.functional import softplus

# Added under the root of the noise's variance: the derivative of a root at zero is infinite.
VARIANCE_FLOOR = 1e-4


class _PoissonLike(torch.autograd.Function):
    """``max(0, a + sqrt(a / gain + floor) e)``, ``a = softplus(z)``, and its slope in one pass."""

    @staticmethod
    def forward(ctx, z, e, gain):
        a = softplus(z)
        sd = (a / gain + VARIANCE_FLOOR).sqrt_()
        y = torch.addcmul(a, sd, e)
        slope = (e / sd).mul_(0.5 / gain).add_(1).mul_(z.sigmoid()).mul_(y > 0)
        ctx.save_for_backward(slope)
        return y.clamp_(min=0)

    @staticmethod
    def backward(ctx, gradient):
        (slope,) = ctx.saved_tensors
        return gradient * slope, None, None


class NoisySoftplus(nn.Module):
    """Softplus whose output is read as a spike count: its noise has a variance equal to its mean.

    ``y = max(0, a + sqrt(a / gain + 1e-4) * e)`` with ``a = softplus(z)`` and standard normal
    ``e``, the reparameterised Gaussian form of Poisson noise (after Dapello et al. 2020).

    Parameters
    ----------
    gain : float or None
        Spikes per unit of activation; the Fano factor is ``1 / gain``. None is noise-free.
    """

    def __init__(self, gain):
        super().__init__()
        self.gain = gain
        self.generator = None  # set by `set_noise`; None is noise-free

    def forward(self, z):
        if self.gain is None or self.generator is None:
            return softplus(z)
        e = torch.empty_like(z)
        # In the order of memory: drawn in another one, normal numbers take ten times as long.
        e.as_strided((e.numel(),), (1,)).normal_(generator=self.generator)
        return _PoissonLike.apply(z, e, self.gain)


class Dropout(nn.Module):
    """Dropout from a generator of its own, where PyTorch's draws from the global one.

    Parameters
    ----------
    share : float
        Share of the inputs that is dropped in training.
    """

    def __init__(self, share):
        super().__init__()
        self.share = share
        self.generator = None  # set by `set_noise`; None drops nothing

    def forward(self, x):
        if not self.training or self.share == 0 or self.generator is None:
            return x
        kept = torch.empty_like(x).bernoulli_(1 - self.share, generator=self.generator)
        return x * kept / (1 - self.share)


# Modules that apply one function to every unit: they have values before and after it.
NONLINEARITIES = (
    NoisySoftplus,
    nn.ReLU,
    nn.ReLU6,
    nn.GELU,
    nn.SiLU,
    nn.Hardswish,
    nn.Sigmoid,
    nn.Hardsigmoid,
)


def keep_inputs(network):
    """Let no module write into its input: the readout needs the values before a non-linearity."""
    for module in network.modules():
        if hasattr(module, "inplace"):
            module.inplace = False


def initialise(module, generator):
    """Draw all linear and convolutional weights anew, uniform in ±1/sqrt(inputs of a unit).

    This is PyTorch's default; He's larger weights let softplus units, whose mean is never zero,
    grow from layer to layer.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            bound = layer.weight[0].numel() ** -0.5
            nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
            if layer.bias is not None:
                nn.init.uniform_(layer.bias, -bound, bound, generator=generator)


def set_noise(network, generator):
    """Give all noisy units and dropouts one generator on their device, or None for no noise."""
    for module in network.modules():
        if isinstance(module, NoisySoftplus | Dropout):
            module.generator = generator


def torch_generator(seed, device="cpu"):
    """Torch generator on a device with the given seed."""
    return torch.Generator(device).manual_seed(seed)
