"""Files of activations that somebody has already; for plans, without a library that reads them."""

from collections.abc import Iterable

STIMULI = "stimuli.txt"
"""File of the names of the stimuli, in a folder with a file for each layer."""


def ready_files(path: str, layers: Iterable[str]) -> list[str]:
    """Files that are read for some layers: one netCDF file, or several of a folder.

    Parameters
    ----------
    path : str
        A netCDF file, whose name ends in ``.nc``, or a folder.
    layers : iterable of str
    """
    if path.endswith(".nc"):
        return [path]
    return [f"{path}/{STIMULI}", *(f"{path}/{layer}.npy" for layer in layers)]
