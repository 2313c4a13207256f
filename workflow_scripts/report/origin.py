"""What the numbers were made by: the stamps of the shards, together."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import h5py

from workflow_scripts.common.files import PathLike


@dataclass(frozen=True)
class Origin:
    """Stamps of all shards.

    Attributes
    ----------
    commits : dict of str to int
        Number of shards that each commit of the workflow made.
    first, last : str
        When the first and the last of them were made, in UTC.
    devices, data_kinds : list of str
    versions : dict of str to list of str
        Versions of each library.
    """

    commits: dict[str, int]
    first: str
    last: str
    devices: list[str]
    data_kinds: list[str]
    versions: dict[str, list[str]]


def read_origin(shards: Iterable[PathLike]) -> Origin:
    """What the shards say of themselves; see `workflow_scripts.common.provenance.stamp`."""
    stamps = []
    for path in shards:
        with h5py.File(path) as file:
            stamps.append({name: file.attrs[name] for name in _STAMPED})
    versions: dict[str, set[str]] = {}
    for stamp in stamps:
        for library, version in json.loads(stamp["library_versions"]).items():
            versions.setdefault(library, set()).add(version)
    created = sorted(stamp["created"] for stamp in stamps)
    return Origin(
        commits=dict(sorted(Counter(stamp["workflow_version"] for stamp in stamps).items())),
        first=created[0],
        last=created[-1],
        devices=sorted({stamp["device"] for stamp in stamps}),
        data_kinds=sorted({stamp["data_kind"] for stamp in stamps}),
        versions={library: sorted(found) for library, found in sorted(versions.items())},
    )


_STAMPED = ("workflow_version", "created", "device", "data_kind", "library_versions")
