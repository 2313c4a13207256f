"""Training images on the device that trains."""

import numpy as np
import torch

from workflow_scripts.images.sets import ImageSet

FREE_SHARE = 0.5
"""Images stay on a GPU if they take at most this share of its free memory: training needs some."""


class DeviceImages:
    """Training images, on the device where they fit, else copied to it one batch at a time.

    Parameters
    ----------
    training : workflow_scripts.images.sets.ImageSet
    device : torch.device
    """

    def __init__(self, training: ImageSet, device: torch.device) -> None:
        self.device = device
        # Copied: PyTorch would warn about a coordinate of xarray, which is read-only.
        self.index = torch.tensor(training.index)
        self.images = torch.from_numpy(training.images)
        free = np.inf if device.type == "cpu" else torch.cuda.mem_get_info(device)[0]
        if training.images.nbytes <= FREE_SHARE * free:
            self.images, self.index = self.images.to(device), self.index.to(device)

    @property
    def place(self) -> torch.device:
        """Where the images are."""
        return self.images.device

    @property
    def side(self) -> int:
        """Side of the images in pixels."""
        return self.images.shape[1]

    def batch(self, positions: torch.Tensor) -> torch.Tensor:
        """Some images of the set.

        Parameters
        ----------
        positions : torch.Tensor of int64, shape (n,)
            Positions in the set, at `place`.

        Returns
        -------
        torch.Tensor of uint8, shape (n, side, side, 3)
            On the device.
        """
        rows = self.images[self.index[positions]]
        # Compared by type: a tensor that was moved to "cuda" says that it is on "cuda:0".
        if rows.device.type == self.device.type:
            return rows
        return rows.pin_memory().to(self.device, non_blocking=True)
