"""Networks: AlexNet with softplus units and noise, and torchvision's ResNet-18 and VGG-11."""

from itertools import pairwise

import torch
from torch import nn
from torch.nn.functional import softplus

# (output channels, kernel, stride, padding, max-pooled afterwards) of AlexNet's convolutions at
# 64 pixels (Nayebi et al. 2023, PLoS Comput Biol, e1011506).
ALEXNET_BLOCKS = (
    (64, 11, 4, 2, True),
    (192, 5, 1, 2, True),
    (384, 3, 1, 1, False),
    (256, 3, 1, 1, False),
    (256, 3, 1, 1, True),
)
ALEXNET_HIDDEN = 4096
RESNET_WIDTH = 512
VGG_FEATURES = 512 * 2 * 2  # channels and positions after the last pooling at 64 pixels
VGG_HIDDEN = 4096

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


class AlexNet(nn.Module):
    """AlexNet for 64-pixel images without a classifier: the last hidden layer is the output.

    At 64 pixels one position is left after the last pooling; the original's pooling to 6 x 6 would
    only copy it 36 times, so that the first hidden layer reads it directly.

    Parameters
    ----------
    width : float
        Multiplier of all channel counts.
    batchnorm : bool
        Batch normalisation before every softplus.
    dropout : float
        Share of the inputs of each hidden layer that is dropped in training.
    noise_gain : float or None
        See `NoisySoftplus`.
    """

    def __init__(self, width, batchnorm, dropout, noise_gain):
        super().__init__()
        channels = 3
        self.blocks = nn.ModuleDict()
        for number, (out, kernel, stride, padding, pooled) in enumerate(ALEXNET_BLOCKS, start=1):
            out = round(out * width)
            linear = nn.Conv2d(channels, out, kernel, stride, padding, bias=not batchnorm)
            layers = [linear, *([nn.BatchNorm2d(out)] if batchnorm else [])]
            pool = nn.MaxPool2d(3, 2) if pooled else nn.Identity()
            self.blocks[f"conv{number}"] = nn.Sequential(*layers, NoisySoftplus(noise_gain), pool)
            channels = out
        features = channels
        self.n_outputs = round(ALEXNET_HIDDEN * width)
        for name in ("fc6", "fc7"):
            linear = nn.Linear(features, self.n_outputs, bias=not batchnorm)
            layers = [linear, *([nn.BatchNorm1d(self.n_outputs)] if batchnorm else [])]
            self.blocks[name] = nn.Sequential(Dropout(dropout), *layers, NoisySoftplus(noise_gain))
            features = self.n_outputs

    def activations(self):
        """Non-linearity of each layer, by the layer's name."""
        return {
            name: next(module for module in block if isinstance(module, NoisySoftplus))
            for name, block in self.blocks.items()
        }

    def forward(self, images):
        x = images
        for name, block in self.blocks.items():
            if name == "fc6":
                x = x.flatten(1)
            x = block(x)
        return x


class ResNet18(nn.Module):
    """torchvision's ResNet-18 without its classifier, read at the stem and its four stages."""

    def __init__(self):
        from torchvision.models import resnet18

        super().__init__()
        self.body = resnet18(num_classes=1)
        self.body.fc = nn.Identity()
        self.n_outputs = RESNET_WIDTH
        keep_inputs(self)

    def activations(self):
        """Last rectification of each stage, by the stage's name."""
        stages = {f"layer{n}": getattr(self.body, f"layer{n}")[-1].relu for n in range(1, 5)}
        return {"stem": self.body.relu, **stages}

    def forward(self, images):
        return self.body(images)


class VGG11(nn.Module):
    """torchvision's VGG-11 for 64-pixel images without its classifier, read at its five stages.

    With batch normalisation, as the other networks: without it the initial weights (see
    `initialise`) would let responses shrink from layer to layer. At 64 pixels 2 x 2 positions are
    left after the last pooling; the original's pooling to 7 x 7 would only copy and average them,
    so that the first hidden layer reads them directly.

    Parameters
    ----------
    dropout : float
        Share of the outputs of each hidden layer that is dropped in training.
    """

    def __init__(self, dropout):
        from torchvision.models.vgg import cfgs, make_layers

        super().__init__()
        self.features = make_layers(cfgs["A"], batch_norm=True)
        self.n_outputs = VGG_HIDDEN
        self.hidden = nn.Sequential()
        for n_inputs in (VGG_FEATURES, VGG_HIDDEN):
            self.hidden.extend([nn.Linear(n_inputs, VGG_HIDDEN), nn.ReLU(), Dropout(dropout)])
        keep_inputs(self)

    def activations(self):
        """Last rectification of each stage, before it is pooled, by the stage's name."""
        last = [
            module
            for module, following in pairwise(self.features)
            if isinstance(following, nn.MaxPool2d)
        ]
        return {f"block{number}": module for number, module in enumerate(last, start=1)}

    def forward(self, images):
        return self.hidden(self.features(images).flatten(1))


def keep_inputs(network):
    """Let no module write into its input: the readout needs the values before a non-linearity."""
    for module in network.modules():
        if hasattr(module, "inplace"):
            module.inplace = False


def build_network(variant, generator):
    """New network with seeded weights.

    Parameters
    ----------
    variant : dict
        ``architecture`` (``alexnet``, ``resnet18`` or ``vgg11``), for AlexNet and VGG-11
        ``dropout``, and for AlexNet ``width``, ``batchnorm`` and ``noise_gain``.
    generator : torch.Generator
        CPU generator of the initial weights, see `initialise`.

    Returns
    -------
    torch.nn.Module
        With ``n_outputs`` and ``activations()``.
    """
    if variant["architecture"] == "alexnet":
        network = AlexNet(
            variant["width"], variant["batchnorm"], variant["dropout"], variant["noise_gain"]
        )
    elif variant["architecture"] == "vgg11":
        network = VGG11(variant["dropout"])
    else:
        network = ResNet18()
    initialise(network, generator)
    return network


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


def to_input(images, device):
    """uint8 images (n, y, x, 3) as float32 (n, 3, y, x) in [0, 1] on a device."""
    return torch.as_tensor(images, device=device).permute(0, 3, 1, 2).float().div_(255)


CHANNEL_MEAN = (0.485, 0.456, 0.406)
CHANNEL_SD = (0.229, 0.224, 0.225)


def normalise(images):
    """Subtract ImageNet's mean and divide by its standard deviation, per channel."""
    mean = torch.tensor(CHANNEL_MEAN, device=images.device).view(3, 1, 1)
    sd = torch.tensor(CHANNEL_SD, device=images.device).view(3, 1, 1)
    return (images - mean) / sd


def torch_generator(seed, device="cpu"):
    """Torch generator on a device with the given seed."""
    return torch.Generator(device).manual_seed(seed)
