"""Files that are whole or absent: written by one process at a time, renamed when they are whole."""

import errno
import fcntl
import logging
import os
import re
import socket
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

PathLike = str | os.PathLike[str]

WITHOUT_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)
"""What file systems that have no locks answer to a process that wants one."""

ABANDONED = 24 * 3600
"""Seconds without a change after which a temporary file of another machine is a leftover."""

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
    temporary = path.with_name(f".{path.stem}.{_machine()}.{os.getpid()}.part{path.suffix}")
    _remove_leftovers(path)
    try:
        yield temporary
        with open(temporary, "rb") as file:
            # Otherwise a loss of power could leave the name without the content.
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _machine() -> str:
    # Without dots, which separate the parts of a temporary name.
    return socket.gethostname().replace(".", "-")


def _remove_leftovers(path: Path) -> None:
    """Remove temporary files of `path` that processes left which were killed while they wrote."""
    _remove(path.parent, os.listdir(path.parent), re.escape(path.stem), re.escape(path.suffix))


def remove_leftovers(folder: PathLike) -> None:
    """Remove below a folder what killed processes left: nobody may want to write these files again.

    What cannot be removed now, as in a folder that may not be written, is left to the next run.
    """
    for place, _, names in os.walk(folder):
        with suppress(OSError):
            _remove(Path(place), names, ".+", r"(\..*)?")


def _remove(folder: Path, names: Iterable[str], stem: str, suffix: str) -> None:
    """Remove leftovers among these names, of files whose stem and suffix match these patterns."""
    name = re.compile(rf"\.{stem}\.(?P<machine>[^.]+)\.(?P<process>\d+)\.part{suffix}")
    for left in filter(None, map(name.fullmatch, names)):
        path = folder / left[0]
        if not _is_being_written(path, left["machine"], int(left["process"])):
            path.unlink(missing_ok=True)


def _is_being_written(path: Path, machine: str, process: int) -> bool:
    if machine == _machine():
        return process != os.getpid() and _is_running(process)
    # Whether a process of another machine still runs cannot be asked.
    with suppress(FileNotFoundError):
        return time.time() - path.stat().st_mtime < ABANDONED
    return False


def _is_running(process: int) -> bool:
    """Whether a process runs on this machine."""
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return True  # a system without /proc
    # A zombie has ended, and in a container nobody may ever ask how; a thread has the number of a
    # process that has ended before it began.
    return not re.search(r"^State:\s*[ZX]", status, re.MULTILINE) and bool(
        re.search(rf"^Tgid:\s*{process}$", status, re.MULTILINE)
    )


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


def read_table(path: PathLike, n_rows: int | None = None) -> "pd.DataFrame":
    """Read a table of the workflow.

    An empty field is a missing value and nothing else is: a method may be called ``null``. Columns
    of `NAMES` are text in every row, where pandas would take the subject ``007`` for the number 7.
    With `n_rows`, only as many rows are read.
    """
    import pandas as pd

    text = {name: str for name in NAMES}
    table = pd.read_csv(path, keep_default_na=False, na_values=[""], dtype=text, nrows=n_rows)
    names = [name for name in NAMES if name in table]
    return table.assign(**{name: table[name].fillna("") for name in names})
