"""Where a job works: the processor, or one GPU of its own."""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

from workflow_scripts.common.errors import InputError


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
