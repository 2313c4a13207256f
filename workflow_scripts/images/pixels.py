"""Pixels as networks take them: normalised float tensors."""

from functools import cache

import numpy as np
import torch

CHANNEL_MEAN = (0.485, 0.456, 0.406)
"""Mean of red, green and blue over ImageNet, as torchvision's models expect it."""

CHANNEL_SD = (0.229, 0.224, 0.225)
"""Standard deviation of red, green and blue over ImageNet, as torchvision's models expect it."""


def to_input(images: np.ndarray, device: torch.device) -> torch.Tensor:
    """uint8 images (n, y, x, 3) as float32 (n, 3, y, x) in [0, 1] on a device."""
    return torch.as_tensor(images, device=device).permute(0, 3, 1, 2).float().div_(255)


def normalise(images: torch.Tensor) -> torch.Tensor:
    """Subtract ImageNet's mean and divide by its deviation, in each channel of (n, 3, y, x)."""
    return (images - per_channel(CHANNEL_MEAN, images.device)) / per_channel(
        CHANNEL_SD, images.device
    )


@cache
def per_channel(values: tuple[float, float, float], device: torch.device) -> torch.Tensor:
    """One number for each channel, shape (3, 1, 1), copied to a device once.

    Each copy to a GPU waits until the GPU is idle.
    """
    return torch.tensor(values, device=device).view(3, 1, 1)
