"""Checksums: every result has one, and the job that reads the result compares the two.

A number whose bit a disk or a copy has changed looks like any other; only the checksum tells.
"""

import os
from collections.abc import Iterable
from hashlib import file_digest
from pathlib import Path

from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike, replacing

RESULTS = "results"
"""Folder of everything that jobs write, relative to the working directory."""

COPIES = os.environ.get("RESULTS_COPIES", RESULTS)
"""Where this job reads and writes results: elsewhere if a storage plugin of Snakemake copies them.

Plugins copy what rules declare, so checksums stay in `RESULTS`.
"""


def name_of(path: PathLike) -> Path:
    """Path of a result in `RESULTS`, of which `path` may be a copy."""
    path = Path(path)
    return RESULTS / path.relative_to(COPIES) if path.is_relative_to(COPIES) else path


def checksum_of(path: PathLike) -> Path:
    """File that holds the checksum of a result."""
    name = name_of(path)
    return name.with_name(f".{name.name}.sha256")


def sha256_of(path: PathLike) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _compute(path: Path) -> str:
    """SHA-256 of a file, or of every file in a folder, in the lines that sha256sum writes."""
    # Snakemake leaves a hidden file of its own in a folder.
    files = sorted(path.glob("[!.]*")) if path.is_dir() else [path]
    return "".join(f"{sha256_of(file)}  {name_of(file)}\n" for file in files)


def write_checksums(paths: Iterable[PathLike]) -> None:
    """Write the checksum of each file or folder."""
    for path in map(Path, paths):
        with replacing(checksum_of(path)) as temporary:
            temporary.write_text(_compute(path))


def check(paths: Iterable[PathLike]) -> None:
    """Refuse results that are not as their jobs wrote them.

    Parameters
    ----------
    paths : iterable of str or path-like
        Files and folders; those outside `RESULTS` are somebody's own, and are not checked.

    Raises
    ------
    InputError
        If a result has changed or has no checksum; it names all of them.
    """
    results = [path for path in map(Path, paths) if name_of(path).parts[0] == RESULTS]
    # They may be somebody's own, such as session files that were copied here: never to be deleted.
    foreign = [str(name_of(path)) for path in results if not checksum_of(path).exists()]
    if foreign:
        raise InputError(
            ", ".join(foreign),
            "no checksum of a job",
            "its SHA-256 in .<name>.sha256 next to it; move what is named here out of "
            f"{RESULTS}/, in which only jobs write, and run again",
        )
    changed = [
        str(name_of(path)) for path in results if _compute(path) != checksum_of(path).read_text()
    ]
    if changed:
        raise InputError(
            ", ".join(changed),
            "content that no job wrote",
            "its SHA-256 in .<name>.sha256 next to it; delete what is named here and run again",
        )
