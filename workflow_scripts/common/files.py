"""Files that are whole or absent, and written by one process at a time: renamed when whole."""

import fcntl
import logging
import os
from contextlib import contextmanager
from glob import escape
from pathlib import Path


@contextmanager
def replacing(path):
    """Yield a temporary path in the folder of `path`, renamed to `path` when the block succeeds.

    The temporary name keeps the suffix of `path`, because writers choose the format by it. If the
    block raises, the temporary file is removed and an older file under `path` stays as it was.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    # What jobs left that were killed while they wrote.
    for left in path.parent.glob(f".{escape(path.stem)}.*.part{escape(path.suffix)}"):
        left.unlink(missing_ok=True)
    try:
        yield temporary
        with open(temporary, "rb") as file:
            # Else a loss of power could leave the name without the content.
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def lock(file, waiting):
    """Lock an open file until it is closed, or its process ends.

    Parameters
    ----------
    file : file object
    waiting : str
        What to log if another process holds it, and has to be waited for.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        logging.warning(waiting)
        fcntl.flock(file, fcntl.LOCK_EX)


def write_netcdf(data, path, encoding=None):
    """Write a Dataset, or a mapping of group name to Dataset, to one netCDF file.

    Parameters
    ----------
    data : xarray.Dataset or dict of str to xarray.Dataset
        With a mapping, the key ``"/"`` is the root group, which holds the file's attributes.
    path : str or path-like
        Final name of the file.
    encoding : dict, optional
        Encoding of the variables, as `xarray.Dataset.to_netcdf` takes it (root group only).
    """
    groups = data if isinstance(data, dict) else {"/": data}
    with replacing(path) as temporary:
        for number, (group, dataset) in enumerate(groups.items()):
            dataset.to_netcdf(
                temporary,
                mode="a" if number else "w",
                group=group,
                engine="h5netcdf",
                encoding=encoding if group == "/" else None,
            )


def write_table(table, path):
    """Write a pandas DataFrame as CSV without its index."""
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False)
