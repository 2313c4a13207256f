"""What the plans of all stages share: parameters that Snakemake can compare, such as code."""

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from workflow_scripts.common.fingerprints import fingerprints

PACKAGE = Path(__file__).parents[1]

Settings = dict[str, Any]
"""Everything that one job is told."""


class Wildcards(Protocol):
    """Wildcards of a job, as attributes."""

    def __getattr__(self, name: str) -> str: ...


def canonical(value: Any) -> Any:
    """The same value with the keys of all dicts sorted: Snakemake compares their text."""
    if isinstance(value, Mapping):
        return {key: canonical(value[key]) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return [canonical(item) for item in value]
    return value


def code(driver: str) -> list[str]:
    """A driver and every module of the package that it imports, as parameters of its jobs."""
    return fingerprints(PACKAGE / driver)


def command_hash(command: str) -> str:
    """Short hash of a shell command, as a parameter of its jobs."""
    return sha256(command.encode()).hexdigest()[:12]


def link_folder(link: str, folder: Path) -> None:
    """Give a folder of the workflow the same name in every working directory.

    Parameters
    ----------
    link : str
        Name in the working directory. What is there is kept, unless it is a link.
    folder : pathlib.Path
        Made if it is not there.
    """
    place = Path(link).absolute()
    if place.parent.samefile(folder.parent) or (place.exists() and not place.is_symlink()):
        return
    # Another Snakemake may have made it meanwhile; or nothing can be written, and nothing runs.
    with suppress(OSError):
        folder.mkdir(exist_ok=True)
        if not place.is_symlink() or os.readlink(place) != str(folder):
            place.unlink(missing_ok=True)
            place.symlink_to(folder)


def growing(amount: int) -> Callable[..., int]:
    """A request for MB or minutes that grows with each attempt that a profile's retries allow."""

    def request(wildcards: Wildcards, attempt: int) -> int:
        return amount * attempt

    return request


def growing_with_input(amount: int, factor: int) -> Callable[..., int]:
    """A request for MB that is `factor` times the size of the input files, and grows as `growing`.

    At least `amount`, and this alone where the input is not there yet, as in a plan.
    """

    def request(wildcards: Wildcards, input: Any, attempt: int) -> int:
        try:
            size = int(input.size_mb)
        except (FileNotFoundError, ValueError):
            size = 0
        return max(amount, factor * size) * attempt

    return request


def pattern(names: Iterable[object]) -> str:
    """Regular expression of a wildcard that is one of these names."""
    from re import escape

    return "|".join(escape(str(name)) for name in names) or "(?!)"
