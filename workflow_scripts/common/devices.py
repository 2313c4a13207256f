"""Where a job computes: on the processor, or on one GPU that no other job uses."""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

from workflow_scripts.common.errors import InputError


def choose_device(setting: str) -> str:
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
        raise InputError("config device", "cuda", "cpu or auto, as PyTorch finds no GPU")
    return "cpu"


def check_gpus(n_gpus: int) -> None:
    """Refuse to run more GPU jobs at a time than there are GPUs with a name.

    Of several jobs, each takes one of the GPUs that CUDA_VISIBLE_DEVICES names; where it names
    none, all jobs would take the first.

    Parameters
    ----------
    n_gpus : int
        The resource ``gpu`` of the profile or command line.
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    if n_gpus > len(visible.split(",")):
        raise InputError(
            "resource gpu",
            str(n_gpus),
            f"the number of GPUs that CUDA_VISIBLE_DEVICES names, which is {visible or 'not set'}",
        )


def _take_one_gpu() -> None:
    """Keep one of the GPUs in CUDA_VISIBLE_DEVICES until this process ends.

    Snakemake counts how many are in use, but does not say which.
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    names = [name.strip() for name in visible.split(",")]
    if len(names) == 1:
        return
    for name in names:
        path = Path(tempfile.gettempdir(), f"gpu_{name}_of_{os.getuid()}.lock")
        # Nothing closes this bare descriptor before the process ends, so the lock lasts until then.
        lock = os.open(path, os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        # The driver reads it when it starts, and nothing has needed the driver yet.
        os.environ["CUDA_VISIBLE_DEVICES"] = name
        return
    raise InputError(
        "CUDA_VISIBLE_DEVICES",
        f"{visible}, all in use",
        "as many GPUs as the resource gpu of the profile says",
    )
