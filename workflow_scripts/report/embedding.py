"""Files inside a page: each can be read, and saved as it was, without another request."""

import csv
import gzip
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from os.path import relpath
from pathlib import Path

from workflow_scripts.common.files import PathLike

MOST_BYTES = 26_000_000
"""Bytes of all tables inside the page: packed, they are 6 to 11 MB of it."""


@dataclass(frozen=True)
class EmbeddedTable:
    """A table of the page.

    Attributes
    ----------
    link : str
        Its file, seen from the page.
    n_rows : int
    content : str
        The compressed file as text, or nothing where the page has no room for it.
    """

    link: str
    n_rows: int
    content: str


def embed_tables(paths: Sequence[PathLike], folder: PathLike) -> list[EmbeddedTable]:
    """CSV files for a page in a folder: the smallest ones are inside it, up to `MOST_BYTES`."""
    sizes = {str(path): Path(path).stat().st_size for path in paths}
    inside, total = set(), 0
    for path, size in sorted(sizes.items(), key=lambda item: item[1]):
        total += size
        if total <= MOST_BYTES:
            inside.add(path)
    return [
        EmbeddedTable(
            link=relpath(path, folder),
            n_rows=_count_rows(path),
            content=_packed(path) if path in inside else "",
        )
        for path in sizes
    ]


def _count_rows(path: str) -> int:
    with open(path, newline="", encoding="utf-8") as file:
        return sum(1 for _ in csv.reader(file)) - 1


def _packed(path: str) -> str:
    """The file compressed, because browsers refuse addresses of more than 2 MB."""
    # Without a time, equal tables give equal pages.
    return b64encode(gzip.compress(Path(path).read_bytes(), mtime=0)).decode()


def image_address(path: PathLike) -> str:
    """An SVG file as the address of an image."""
    return f"data:image/svg+xml;base64,{b64encode(Path(path).read_bytes()).decode()}"
