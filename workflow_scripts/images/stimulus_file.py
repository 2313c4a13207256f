"""A stimulus set on disk, as netCDF."""

import numpy as np
import xarray as xr

from workflow_scripts.common.errors import InputError


def image_dataset(images, labels=None):
    """Dataset of a stimulus set: ``image`` (stimulus, y, x, channel) uint8 and maybe ``label``."""
    variables = {"image": (("stimulus", "y", "x", "channel"), images)}
    if labels is not None:
        variables["label"] = ("stimulus", np.asarray(labels, np.int64))
    return xr.Dataset(variables, coords={"stimulus": np.arange(len(images))})


def read_images(path):
    """Stimulus set of a netCDF file, loaded.

    Raises
    ------
    InputError
        If the images are not uint8 with the dimensions (stimulus, y, x, channel).
    """
    with xr.open_dataset(path, engine="h5netcdf") as opened:
        data = opened.load()
    image = data.get("image")
    expected = ("stimulus", "y", "x", "channel")
    if image is None or image.dims != expected or image.dtype != np.uint8:
        found = "no variable image" if image is None else f"{image.dtype} with {image.dims}"
        raise InputError(f"{path}: found {found}, expected image as uint8 with {expected}")
    return data
