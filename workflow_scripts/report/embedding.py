"""Files inside a page: each can be read, and saved as it was, without another request."""

import csv
import gzip
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

from workflow_scripts.common.files import PathLike

LARGEST = 30_000_000
"""Bytes of a table that still is inside the page. A larger one is a link to its file."""


@dataclass(frozen=True)
class EmbeddedTable:
    """A table of the page.

    Attributes
    ----------
    link : str
        Its file, seen from the page.
    n_rows : int
    content : str
        The compressed file as text, or nothing where it is too large.
    """

    link: str
    n_rows: int
    content: str


def embed_table(path: PathLike, link: str) -> EmbeddedTable:
    """A CSV file for the page: compressed, because browsers refuse addresses of more than 2 MB."""
    with open(path, newline="", encoding="utf-8") as file:
        n_rows = sum(1 for _ in csv.reader(file)) - 1
    if Path(path).stat().st_size > LARGEST:
        return EmbeddedTable(link, n_rows, "")
    # Without a time, equal tables give equal pages.
    packed = gzip.compress(Path(path).read_bytes(), mtime=0)
    return EmbeddedTable(link, n_rows, b64encode(packed).decode())


def image_address(path: PathLike) -> str:
    """An SVG file as the address of an image."""
    return f"data:image/svg+xml;base64,{b64encode(Path(path).read_bytes()).decode()}"
