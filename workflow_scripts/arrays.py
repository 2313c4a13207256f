"""Arrays of any library that keeps the array API standard: NumPy, or PyTorch on a GPU."""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
from array_api_compat import array_namespace, is_numpy_array, to_device

from workflow_scripts.errors import InputError

CACHE_ELEMENTS = 16_000


def to_numpy(array):
    """The same values as a NumPy array."""
    return np.asarray(to_device(array, "cpu"))


def transposed(matrix):
    """Transpose of a matrix, laid out anew so that its rows are contiguous."""
    xp = array_namespace(matrix)
    return xp.reshape(xp.reshape(matrix.T, (-1,)), matrix.T.shape)


def cached_rows(matrix):
    """How many rows of (..., n_rows, n_columns) to work on at a time.

    A processor is several times faster on pieces that stay in its cache; a GPU takes all at once.
    """
    n_rows, n_columns = matrix.shape[-2:]
    return max(1, CACHE_ELEMENTS // n_columns) if is_numpy_array(matrix) else max(1, n_rows)


def choose_device(setting):
    """Device of a configured ``auto`` (a GPU where there is one), ``cpu`` or ``cuda``.

    PyTorch, which takes seconds to import, is asked only where there is a driver.

    Raises
    ------
    InputError
        If there is no GPU for ``cuda``, or none is free.
    """
    if setting == "cpu" or (setting == "auto" and not shutil.which("nvidia-smi")):
        return "cpu"
    _take_one_gpu()
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if setting == "cuda":
        raise InputError(
            "config device: found cuda, expected a GPU that PyTorch can use, of which it finds none"
        )
    return "cpu"


def _take_one_gpu():
    """Of several GPUs in CUDA_VISIBLE_DEVICES, keep one until this process ends.

    Snakemake counts how many are in use, and does not say which.

    Raises
    ------
    InputError
        If other processes hold them all.
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    names = [name.strip() for name in visible.split(",")]
    if len(names) == 1:
        return
    for name in names:
        path = Path(tempfile.gettempdir(), f"gpu_{name}_of_{os.getuid()}.lock")
        # A bare descriptor, so that nothing closes it, and gives the lock back, before the end.
        lock = os.open(path, os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        # Read when the driver starts, which nothing has needed yet.
        os.environ["CUDA_VISIBLE_DEVICES"] = name
        return
    raise InputError(
        f"CUDA_VISIBLE_DEVICES: found {visible}, all in use, expected as many as the resource gpu "
        "of the profile"
    )


def on_device(values, device):
    """A NumPy array where a device works on it: as it is on the CPU, as a torch tensor on a GPU."""
    if device == "cpu":
        return values
    import torch

    return torch.as_tensor(values, device=device)
