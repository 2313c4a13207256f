"""Files that come from outside, known by their content.

Snakemake compares their times alone: it would plan everything again after a copy, and not see that
a file was replaced by an older one. Here, their times only tell whether to read them again.
"""

import json
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path

from workflow_scripts.common.checksums import sha256_of
from workflow_scripts.common.files import PathLike, replacing

KNOWN = ".snakemake/outside.json"
"""Sizes, times and SHA-256 of files that an earlier plan has read."""

MOST = 2**30
"""Bytes that are read to tell a state. Larger ones are told by sizes and times: a plan must not
take minutes, and the 150 GB of ImageNet are not read twice."""

SETTLED = 2 * 10**9
"""Nanoseconds after which a change of a file also changes its time, on every file system."""


def state_of(folder: PathLike, names: Iterable[str]) -> str:
    """Which files there are, and what is in them, in a few letters.

    As a parameter of the jobs that read them, it plans these again where a file is replaced, also
    by an older one, and where one is added or removed. Files of more than `MOST` bytes together are
    known by their sizes and times.

    Parameters
    ----------
    folder : str or path-like
    names : iterable of str
        Paths below the folder; one that cannot be read is noted as such.
    """
    found: dict[str, os.stat_result] = {}
    state = sha256()
    for name in names:
        try:
            found[name] = os.stat(os.path.join(folder, name))
        except OSError:
            state.update(os.fsencode(f"{name}\0"))
    if sum(stat.st_size for stat in found.values()) > MOST:
        content = {name: f"{stat.st_size}\0{stat.st_mtime_ns}" for name, stat in found.items()}
    else:
        content = _digests({name: os.path.join(folder, name) for name in found}, found)
    for name, text in content.items():
        state.update(os.fsencode(f"{name}\0{text}\0"))
    return state.hexdigest()


def _digests(paths: dict[str, str], found: dict[str, os.stat_result]) -> dict[str, str]:
    """SHA-256 of files, which are read only if their size or a time is not that of an earlier plan.

    The time of a file's last change of any kind is compared as well, which nobody can set.
    """
    place = Path(KNOWN).absolute()
    known = _known(place)
    digests, has_news = {}, False
    for name, path in paths.items():
        stat = found[name]
        facts = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]
        match known.get(path):
            case [*earlier, str(digest)] if earlier == facts:
                digests[name] = digest
                continue
        try:
            digests[name] = sha256_of(path)
        except OSError:
            digests[name] = ""
            continue
        if time.time_ns() - stat.st_ctime_ns > SETTLED:
            known[path] = [*facts, digests[name]]
            has_news = True
    if has_news:
        # Where nothing can be written, as in somebody else's folder, they are read in each plan.
        with suppress(OSError), replacing(place) as temporary:
            temporary.write_text(json.dumps(known))
    return digests


@cache
def _known(place: Path) -> dict[str, object]:
    try:
        known = json.loads(place.read_text())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def by_state(path: str) -> str:
    """A path as input of a job that has its state as a parameter: its time is not compared."""
    from snakemake.io import ancient

    marked: str = ancient(path)
    return marked


def files_below(folder: PathLike) -> list[str]:
    """Paths of all files below a folder, in one order; hidden ones are left out.

    Links to folders are followed in `folder` itself, as classes of images may be links. Further
    below nobody reads them, and they could lead in a circle.
    """
    linked = (path for path in Path(folder).glob("[!.]*") if path.is_symlink() and path.is_dir())
    found = []
    for top in (folder, *linked):
        for place, folders, files in os.walk(top):
            folders[:] = [name for name in folders if not name.startswith(".")]
            inside = Path(os.path.relpath(place, folder))
            found += [str(inside / name) for name in files if not name.startswith(".")]
    return sorted(found)
