"""The public sets of Brain-Score that brainio_sets.yaml lists, and their download."""

import hashlib
from pathlib import Path, PurePosixPath
from typing import Literal
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel

from workflow_scripts.brains.download import PATIENCE, Patience, download
from workflow_scripts.common.files import PathLike

SETS = Path(__file__).with_name("brainio_sets.yaml")
"""The list of sets."""


class Remote(BaseModel, extra="forbid"):
    """A file on a server, and the SHA-1 of its content."""

    url: str
    sha1: str


class RemotePart(BaseModel, extra="forbid"):
    """An assembly and its stimulus set, and what its stimuli are for if that is prescribed."""

    assembly: Remote
    stimuli: Remote
    images: Remote
    split: Literal["train", "test"] | None = None


class PublicSet(BaseModel, extra="forbid"):
    """A set; `workflow_scripts.brains.converters.brainio.convert` says what the fields mean."""

    measurement: str
    units: str
    subject: str | None = None
    window: tuple[float, float] | None = None
    group: str | None = None
    reliability: str | None = None
    parts: list[RemotePart]


def read_sets(path: PathLike = SETS) -> dict[str, PublicSet]:
    """The sets, by name."""
    entries = yaml.safe_load(Path(path).read_text())
    return {name: PublicSet(**entry) for name, entry in entries.items()}


def fetch(part: RemotePart, folder: PathLike, patience: Patience = PATIENCE) -> dict[str, Path]:
    """Fetch the files of a part, from where an earlier call ended, and check them.

    Parameters
    ----------
    part : RemotePart
    folder : str or path-like
        Where files are kept under their names on the server.
    patience : Patience, optional

    Returns
    -------
    dict of str to Path
        ``assembly``, ``stimuli`` and ``images``.

    Raises
    ------
    workflow_scripts.brains.download.DownloadError
        If a file cannot be fetched, or has another SHA-1.
    """
    files = {"assembly": part.assembly, "stimuli": part.stimuli, "images": part.images}
    paths = {}
    for name, remote in files.items():

        def verify(path: Path, expected: str = remote.sha1) -> None:
            with open(path, "rb") as file:
                sha1 = hashlib.file_digest(file, "sha1").hexdigest()
            if sha1 != expected:
                raise ValueError(f"SHA-1 {sha1} instead of {expected}")

        paths[name] = Path(folder, PurePosixPath(urlsplit(remote.url).path).name)
        download(remote.url, paths[name], verify=verify, patience=patience)
    return paths
