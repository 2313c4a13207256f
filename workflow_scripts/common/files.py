"""Files that are whole or absent: written by one process at a time, renamed when they are whole."""

import errno
import fcntl
import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

PathLike = str | os.PathLike[str]

WITHOUT_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)
"""What file systems that have no locks answer to a process that wants one."""

NAMES = (
    *("comparison", "brain", "population", "method", "variant", "subject", "area", "unit"),
    *("source_subject", "source_part", "target_subject", "target_part", "part", "reason"),
    *("stimulus", "group", "measurement", "response_unit", "chosen"),
)
"""Columns of tables that hold names, which stay text even where they look like numbers."""


@contextmanager
def replacing(path: PathLike) -> Iterator[Path]:
    """Yield a temporary path in the folder of `path`, renamed to `path` when the block succeeds.

    The temporary name keeps the suffix of `path`, because writers choose the format by it. If the
    block raises, the temporary file is removed and an older file under `path` stays as it was.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    _remove_leftovers(path)
    try:
        yield temporary
        with open(temporary, "rb") as file:
            # Otherwise a loss of power could leave the name without the content.
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _remove_leftovers(path: Path) -> None:
    """Remove temporary files of `path` that processes left which were killed while they wrote."""
    name = re.compile(rf"\.{re.escape(path.stem)}\.(\d+)\.part{re.escape(path.suffix)}")
    for entry in path.parent.iterdir():
        left = name.fullmatch(entry.name)
        if left and not _is_running(int(left[1])):
            entry.unlink(missing_ok=True)


def _is_running(process: int) -> bool:
    """Whether a process other than this one runs on this machine."""
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def lock(file: IO[Any], waiting: str) -> None:
    """Lock an open file until it is closed or its process ends.

    On a file system without locks there is nothing to wait for, and nothing is locked.

    Parameters
    ----------
    file : file object
    waiting : str
        Message to log if another process holds the lock and this one has to wait.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        logging.warning(waiting)
        fcntl.flock(file, fcntl.LOCK_EX)
    except OSError as error:
        if error.errno not in WITHOUT_LOCKS:
            raise


def write_netcdf(
    data: "xr.Dataset | dict[str, xr.Dataset]",
    path: PathLike,
    encoding: Mapping[str, Any] | None = None,
) -> None:
    """Write a Dataset, or a mapping of group name to Dataset, to one netCDF file.

    Parameters
    ----------
    data : xarray.Dataset or dict of str to xarray.Dataset
        In a mapping, the key ``"/"`` is the root group, which holds the file's attributes.
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


def write_table(table: "pd.DataFrame", path: PathLike) -> None:
    """Write a pandas DataFrame as CSV without its index."""
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False)


def read_table(path: PathLike) -> "pd.DataFrame":
    """Read a table of the workflow.

    An empty field is a missing value and nothing else is: a method may be called ``null``. Columns
    of `NAMES` are text in every row, where pandas would take the subject ``007`` for the number 7.
    """
    import pandas as pd

    table = pd.read_csv(
        path, keep_default_na=False, na_values=[""], dtype={name: str for name in NAMES}
    )
    names = [name for name in NAMES if name in table]
    return table.assign(**{name: table[name].fillna("") for name in names})
