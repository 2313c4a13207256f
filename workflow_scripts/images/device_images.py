"""Training images on the device that trains."""

import numpy as np
import torch

FREE_SHARE = 0.5
"""Images stay on a GPU if they take at most this share of its free memory."""


class DeviceImages:
    """Training images, on the device where they fit, else copied to it a batch at a time.

    Parameters
    ----------
    training : workflow_scripts.images.sets.ImageSet
    device : torch.device
    """

    def __init__(self, training, device):
        self.device = device
        # Copied: a coordinate of xarray is read-only, of which PyTorch would warn.
        self.index = torch.tensor(training.index)
        self.images = torch.from_numpy(training.images)
        free = np.inf if device.type == "cpu" else torch.cuda.mem_get_info(device)[0]
        if training.images.nbytes <= FREE_SHARE * free:
            self.images = self.images.to(device)

    @property
    def side(self):
        """Side of the images in pixels."""
        return self.images.shape[1]

    def batch(self, positions):
        """Images at positions of the set (CPU), uint8 (n, side, side, 3) on the device."""
        rows = self.images[self.index[positions].to(self.images.device)]
        # By type: a tensor on "cuda" says that it is on "cuda:0".
        if rows.device.type == self.device.type:
            return rows
        return rows.pin_memory().to(self.device, non_blocking=True)
