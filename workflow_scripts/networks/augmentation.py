"""Random transformations of training images, one batch at a time on the device that trains.

They are torchvision's RandomResizedCrop, RandomHorizontalFlip, ColorJitter and RandomGrayscale,
drawn for each image on its own but computed for all images at once. The order of the jitter's
changes is fixed, where torchvision draws one at random.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from workflow_scripts.images.pixels import per_channel

ASPECT = (3 / 4, 4 / 3)
"""Smallest and largest aspect ratio of a crop, as in torchvision."""

ATTEMPTS = 10
"""Draws of a crop's area and aspect, as in torchvision; the first that fits is taken."""

GREY = (0.2989, 0.587, 0.114)
"""Weights of red, green and blue in a grey value, as torchvision rounds those of ITU-R BT.601."""

OFFSETS = (5.0, 3.0, 1.0)
"""Where red, green and blue stand in the hexcone model, in sixths of a turn of the hue."""


@dataclass
class Augmentation:
    """What is done to each image of a batch.

    Attributes
    ----------
    box : torch.Tensor of int64, shape (n, 4)
        Top, left, height and width of the crop in pixels.
    flip : torch.Tensor of bool, shape (n,)
        Whether left and right change places.
    jitter : tuple of four torch.Tensor, each of shape (n,), or None
        Factors of brightness, contrast and saturation, and the shift of the hue as a share of a
        turn; None changes nothing.
    grey : torch.Tensor of bool, shape (n,), or None
        Whether the image loses its colours; None leaves all images in colour.
    """

    box: torch.Tensor
    flip: torch.Tensor
    jitter: tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor] | None
    grey: torch.Tensor | None


def draw_augmentation(
    n: int, side: int, settings: Mapping[str, Any], generator: torch.Generator
) -> Augmentation:
    """Draw what is done to each of `n` images.

    Parameters
    ----------
    n : int
    side : int
        Side of the images in pixels.
    settings : dict
        ``crop_scale`` (smallest and largest area of a crop as a share of the image), ``flip``
        (probability), ``jitter`` (largest relative change of brightness, contrast and
        saturation, and of hue as a share of a turn) and ``greyscale`` (probability).
    generator : torch.Generator

    Returns
    -------
    Augmentation
        On the device of the generator.
    """

    def uniform(low: float, high: float, *shape: int) -> torch.Tensor:
        draw = torch.rand(n, *shape, generator=generator, device=generator.device)
        return low + (high - low) * draw

    area = uniform(*settings["crop_scale"], ATTEMPTS) * side**2
    aspect = uniform(math.log(ASPECT[0]), math.log(ASPECT[1]), ATTEMPTS).exp()
    size = torch.stack([(area / aspect).sqrt(), (area * aspect).sqrt()], -1).round().long()
    fits = ((size > 0) & (size <= side)).all(-1)
    first = fits.int().argmax(1)
    size = size[torch.arange(n, device=size.device), first]
    # Where none fits, the whole image is taken, the largest crop of an allowed aspect.
    size = torch.where(fits.any(1, keepdim=True), size, side)
    corner = (uniform(0, 1, 2) * (side - size + 1)).long()
    flip = uniform(0, 1) < settings["flip"]
    jitter, strength = None, settings["jitter"]
    if strength:
        brightness, contrast, saturation = (uniform(1 - strength, 1 + strength) for _ in range(3))
        jitter = brightness, contrast, saturation, uniform(-strength, strength)
    grey = uniform(0, 1) < settings["greyscale"] if settings["greyscale"] else None
    return Augmentation(torch.cat([corner, size], 1), flip, jitter, grey)


def augment(images: torch.Tensor, augmentation: Augmentation, size: int) -> torch.Tensor:
    """Crop, flip, and change colours.

    Equal to torchvision's ``v2.functional`` on each image with the same parameters, in the order
    crop, flip, brightness, contrast, saturation, hue, greyscale.

    Parameters
    ----------
    images : torch.Tensor of uint8, shape (n, side, side, 3)
    augmentation : Augmentation
    size : int
        Side of the results in pixels.

    Returns
    -------
    torch.Tensor of float32, shape (n, 3, size, size)
        Values are cut off at 0 and 1, as a camera saturates.
    """
    top, left, height, width = augmentation.box.T
    rows = _resampling(top, height, images.shape[1], size)
    columns = _resampling(left, width, images.shape[2], size)
    columns = torch.where(augmentation.flip[:, None, None], columns.flip(1), columns)
    pixels = images.permute(0, 3, 1, 2).float().div_(255)
    pixels = (rows[:, None] @ pixels @ columns[:, None].mT).clamp_(0, 1)
    if augmentation.jitter is not None:
        pixels = _jitter(pixels, *augmentation.jitter)
    if augmentation.grey is not None:
        pixels = torch.where(augmentation.grey.view(-1, 1, 1, 1), _grey(pixels), pixels)
    return pixels


def _resampling(start: torch.Tensor, length: torch.Tensor, side: int, size: int) -> torch.Tensor:
    """Weights of the pixels of a line in those of its resized crop, shape (n, size, side).

    Bilinear with antialiasing: around the centre of each result stands a triangle, as wide as the
    larger of the pixels of both grids, whose weights within the crop sum to 1.
    """
    scale = (length.float() / size)[:, None, None]
    centre = (torch.arange(size, device=start.device).float()[None, :, None] + 0.5) * scale
    pixel = torch.arange(side, device=start.device).float()[None, None] - start[:, None, None]
    weights = (1 - (pixel + 0.5 - centre).abs() / scale.clamp(min=1)).clamp_(min=0)
    weights = weights * ((pixel >= 0) & (pixel < length[:, None, None]))
    return weights / weights.sum(2, keepdim=True)


def _grey(pixels: torch.Tensor) -> torch.Tensor:
    """Grey values (n, 1, y, x) of RGB images."""
    return (pixels * per_channel(GREY, pixels.device)).sum(1, keepdim=True)


def _blend(pixels: torch.Tensor, other: torch.Tensor, factor: torch.Tensor) -> torch.Tensor:
    """Images blended with others, or moved away from them, by one factor per image."""
    factor = factor.view(-1, 1, 1, 1)
    return (factor * pixels + (1 - factor) * other).clamp_(0, 1)


def _jitter(
    pixels: torch.Tensor,
    brightness: torch.Tensor,
    contrast: torch.Tensor,
    saturation: torch.Tensor,
    hue: torch.Tensor,
) -> torch.Tensor:
    """Change brightness, contrast, saturation and hue, in this order."""
    pixels = (pixels * brightness.view(-1, 1, 1, 1)).clamp_(0, 1)
    mean = _grey(pixels).mean((2, 3), keepdim=True)
    pixels = _blend(pixels, mean, contrast)
    pixels = _blend(pixels, _grey(pixels), saturation)
    return _shift_hue(pixels, hue)


def _shift_hue(pixels: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
    """Turn the hue of the hexcone model (HSV) at constant value and saturation."""
    value, brightest = pixels.max(1)
    chroma = value - pixels.min(1).values
    red, green, blue = pixels.unbind(1)
    differences = torch.stack([green - blue, blue - red, red - green], 1)
    difference = differences.gather(1, brightest[:, None])[:, 0]
    grey = chroma == 0
    hue = 2 * brightest + difference / torch.where(grey, 1, chroma)
    hue = hue + 6 * shift.view(-1, 1, 1)
    # A channel is below the value by a share of the chroma that grows with its distance in hue.
    away = torch.remainder(hue[:, None] + per_channel(OFFSETS, pixels.device), 6)
    fall = torch.minimum(away, 4 - away).clamp_(0, 1)
    return value[:, None] - chroma[:, None] * fall
