"""Checksums: every result has one beside it, and the job that reads the result compares the two.

A bit that a disk or a copy has changed is a number like any other; only the checksum tells.
"""

from hashlib import file_digest
from pathlib import Path

from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import replacing

RESULTS = "results"
"""Folder of everything that jobs write, relative to the working directory."""


def checksum_of(path):
    """File beside a result that holds its checksum."""
    path = Path(path)
    return path.with_name(f".{path.name}.sha256")


def sha256_of(path):
    """SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _compute(path):
    """SHA-256 of a file, or of every file in a folder, in the lines that sha256sum writes."""
    path = Path(path)
    lines = []
    # Snakemake leaves a hidden file of its own in a folder.
    for file in sorted(path.glob("[!.]*")) if path.is_dir() else [path]:
        lines.append(f"{sha256_of(file)}  {file}\n")
    return "".join(lines)


def write_checksums(paths):
    """Write the checksum of each file or folder beside it."""
    for path in paths:
        with replacing(checksum_of(path)) as temporary:
            temporary.write_text(_compute(path))


def check(paths):
    """Refuse results that are not what their jobs wrote.

    Parameters
    ----------
    paths : iterable of str or path-like
        Files and folders; those outside of `RESULTS` are somebody's own, and pass.

    Raises
    ------
    InputError
        That names every one that has changed or has no checksum.
    """
    changed = []
    for path in map(Path, paths):
        if path.parts[0] != RESULTS:
            continue
        beside = checksum_of(path)
        if not beside.exists() or _compute(path) != beside.read_text():
            changed.append(str(path))
    if changed:
        raise InputError(
            f"{', '.join(changed)}: found content that no job wrote, or no checksum, expected its "
            "SHA-256 in .<name>.sha256 beside it; delete what is named here and run again"
        )
