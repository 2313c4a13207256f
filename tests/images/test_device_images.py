"""Training images on the device that trains."""

import numpy as np
import torch

from workflow_scripts.images.device_images import DeviceImages
from workflow_scripts.images.sets import ImageSet


def test_images_on_the_device_are_not_copied_to_it_again():
    """Devices with and without a number are the same, as "cuda" and "cuda:0"; here on the CPU."""
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (8, 64, 64, 3), dtype=np.uint8)
    training = ImageSet(images, np.zeros(8, np.int64), np.arange(8))
    batch = DeviceImages(training, torch.device("cpu:0")).batch(torch.tensor([3, 1]))
    np.testing.assert_array_equal(batch, images[[3, 1]])


def test_positions_count_in_the_set_and_not_in_the_array():
    images = np.arange(8, dtype=np.uint8)[:, None, None, None] * np.ones((64, 64, 3), np.uint8)
    odd = ImageSet(images, np.zeros(8, np.int64), np.array([1, 3, 5, 7]))
    batch = DeviceImages(odd, torch.device("cpu")).batch(torch.tensor([2, 0]))
    assert batch[:, 0, 0, 0].tolist() == [5, 1]
