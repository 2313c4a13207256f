"""Files that come from outside, of whose changes Snakemake sees the newer ones alone."""

import os
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from workflow_scripts.common.files import PathLike


def state_of(folder: PathLike, names: Iterable[str]) -> str:
    """Which files there are, and their sizes and times, in a few letters.

    As a parameter of the jobs that read them, it plans these again where a file is replaced, also
    by an older one, and where one is added or removed.

    Parameters
    ----------
    folder : str or path-like
    names : iterable of str
        Paths below the folder; one that is not there is noted as such.
    """
    state = sha256()
    for name in names:
        path = os.path.join(folder, name)
        try:
            found = os.stat(path)
        except OSError:
            state.update(os.fsencode(f"{name}\0"))
        else:
            state.update(os.fsencode(f"{name}\0{found.st_size}\0{found.st_mtime_ns}\0"))
    return state.hexdigest()


def files_below(folder: PathLike) -> list[str]:
    """Paths of all files below a folder, in one order; hidden ones are left out."""
    found = []
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        inside = Path(os.path.relpath(place, folder))
        found += [str(inside / name) for name in files if not name.startswith(".")]
    return sorted(found)
