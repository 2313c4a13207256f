"""Random transformations of training images, a batch at a time on the device that trains."""

import math

import torch
from torch.nn.functional import affine_grid, grid_sample

# Luminance of RGB (ITU-R BT.601), and the rotation of hue as an angle in the YIQ colour space.
LUMINANCE = (0.299, 0.587, 0.114)
RGB_TO_YIQ = ((0.299, 0.587, 0.114), (0.596, -0.274, -0.322), (0.211, -0.523, 0.312))


def _uniform(n, low, high, generator):
    return low + (high - low) * torch.rand(n, generator=generator, device=generator.device)


def augment(images, settings, generator):
    """Random resized crop, flip, colour jitter and greyscale, drawn for each image on its own.

    Parameters
    ----------
    images : torch.Tensor, shape (n, 3, size, size)
        Values in [0, 1].
    settings : dict
        ``crop_scale`` (smallest and largest area of a crop as a share of the image), ``flip``
        (probability), ``jitter`` (largest relative change of brightness, contrast and
        saturation, and of hue as a share of a turn) and ``greyscale`` (probability).
    generator : torch.Generator
        On the device of `images`.

    Returns
    -------
    torch.Tensor, shape (n, 3, size, size)
        Values in [0, 1], as a camera would saturate.
    """
    n = len(images)
    images = _crop_and_flip(images, settings, generator)
    jitter = settings["jitter"]
    if jitter:
        images = _jitter(images, jitter, generator)
    grey = _uniform(n, 0, 1, generator) < settings["greyscale"]
    luminance = torch.tensor(LUMINANCE, device=images.device).view(1, 3, 1, 1)
    return torch.where(
        grey.view(n, 1, 1, 1), (images * luminance).sum(1, keepdim=True), images
    ).clamp(0, 1)


def _crop_and_flip(images, settings, generator):
    n = len(images)
    area = _uniform(n, *settings["crop_scale"], generator)
    # The aspect ratio of a crop is log-uniform in [3/4, 4/3], as in Inception training.
    aspect = _uniform(n, math.log(3 / 4), math.log(4 / 3), generator).exp()
    width = (area * aspect).sqrt().clamp(max=1)
    height = (area / aspect).sqrt().clamp(max=1)
    x = (1 - width) * _uniform(n, -1, 1, generator)
    y = (1 - height) * _uniform(n, -1, 1, generator)
    sign = torch.where(_uniform(n, 0, 1, generator) < settings["flip"], -1.0, 1.0)
    theta = torch.zeros(n, 2, 3, device=images.device)
    theta[:, 0, 0], theta[:, 0, 2] = sign * width, x
    theta[:, 1, 1], theta[:, 1, 2] = height, y
    grid = affine_grid(theta, images.shape, align_corners=False)
    return grid_sample(images, grid, padding_mode="reflection", align_corners=False)


def _jitter(images, strength, generator):
    n = len(images)

    def factor():
        return _uniform(n, 1 - strength, 1 + strength, generator).view(n, 1, 1, 1)

    images = (images * factor()).clamp(0, 1)
    to_yiq = torch.tensor(RGB_TO_YIQ, device=images.device)
    yiq = torch.einsum("ij,njhw->nihw", to_yiq, images)
    mean = yiq[:, :1].mean((2, 3), keepdim=True)
    luma = mean + factor() * (yiq[:, :1] - mean)
    angle = _uniform(n, -strength, strength, generator).view(n, 1, 1) * 2 * math.pi
    saturation = factor().view(n, 1, 1)
    i, q = saturation * yiq[:, 1], saturation * yiq[:, 2]
    chroma = (angle.cos() * i - angle.sin() * q, angle.sin() * i + angle.cos() * q)
    yiq = torch.cat([luma, torch.stack(chroma, 1)], 1)
    return torch.einsum("ij,njhw->nihw", torch.linalg.inv(to_yiq), yiq).clamp(0, 1)
