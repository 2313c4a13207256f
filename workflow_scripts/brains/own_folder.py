"""A lab's folder: its recordings, one file per subject, and its list of stimuli and its images."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from workflow_scripts.brains.recording import Labels, read_labels
from workflow_scripts.brains.stimuli import Stimulus, group_of, read_list, shared_stimuli
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike

CLOCKS_S = 60
"""Most seconds by which the clock of a file server may be ahead of this one."""


@dataclass(frozen=True, eq=False)
class OwnFolder:
    """What is in a lab's folder, without the responses.

    Attributes
    ----------
    files : dict of str to str
        File of each subject, in order of the files' names.
    labels : dict of str to Labels
        What the recording of each subject says of itself.
    listed : str or None
        The list of stimuli, if there is one.
    images : str or None
        The folder of images, if there is one.
    stimuli : dict of str to Stimulus
        Stimuli that all subjects saw and that are listed, in their order.
    """

    files: dict[str, str]
    labels: dict[str, Labels]
    listed: str | None
    images: str | None
    stimuli: dict[str, Stimulus]

    @property
    def without_trials(self) -> list[str]:
        """Files that have no single trials."""
        return [path for subject, path in self.files.items() if not self.labels[subject].has_trials]

    @property
    def areas(self) -> list[str]:
        """Areas of all subjects."""
        found = (area for labels in self.labels.values() for area in labels.area.tolist())
        return sorted(set(found))


def recording_files(folder: PathLike) -> list[str]:
    """Recordings of a folder, in order of name; a leading dot marks a file being written."""
    return sorted(str(path) for path in Path(folder).glob("*.nc") if not path.name.startswith("."))


def read_folder(
    folder: PathLike, place: str, others: Mapping[str, list[str]] | None = None
) -> OwnFolder:
    """Read a lab's folder, and refuse what is not in the form or does not belong together.

    Parameters
    ----------
    folder : str or path-like
    place : str
        What to name if the folder as a whole is wrong.
    others : dict of str to list of str, optional
        Stimuli that subjects of the same brain saw whose recordings are not in the folder.

    Returns
    -------
    OwnFolder

    Raises
    ------
    InputError
        With one sentence on the first thing that is wrong.
    """
    paths = recording_files(folder)
    if not paths:
        found = repr(str(folder))
        if not os.path.isabs(folder):
            found += f" in {os.getcwd()}"
        raise InputError(place, found, "an existing folder with *.nc files")
    files: dict[str, str] = {}
    labels: dict[str, Labels] = {}
    for path in paths:
        if not path.isprintable() or "{" in path or "}" in path:
            expected = (
                "names without control characters and without braces, which Snakemake takes for "
                "wildcards"
            )
            raise InputError(place, f"the file {path!r}", expected)
        _check_time(path)
        read = read_labels(path)
        other = next((name for name in files if name.casefold() == read.subject.casefold()), None)
        if other is not None:
            found = f"the subject {read.subject!r}, as in {files[other]}"
            if other != read.subject:
                found = f"the subject {read.subject!r}, and {other!r} in {files[other]}"
            expected = "a name that no other subject has, in capital or small letters"
            raise InputError(path, found, expected)
        files[read.subject], labels[read.subject] = path, read
        _check_measurement(path, read, paths[0], next(iter(labels.values())))
    seen = {subject: read.stimulus.tolist() for subject, read in labels.items()}
    listed, images = (os.path.join(folder, name) for name in ("stimuli.csv", "images"))
    rows = None
    if os.path.isfile(listed):
        _check_time(listed)
        rows = read_list(listed)
    shared = shared_stimuli({**seen, **(others or {})}, rows, place)
    return OwnFolder(
        files,
        labels,
        listed if rows is not None else None,
        images if os.path.isdir(images) else None,
        {name: group_of(name, rows) for name in shared},
    )


def _check_time(path: str) -> None:
    """Refuse a file from the future: Snakemake would take what a job makes of it for outdated."""
    changed = os.path.getmtime(path)
    if changed > time.time() + CLOCKS_S:
        found = f"a file that was last changed on {time.ctime(changed)}, in the future"
        raise InputError(path, found, "a time that has passed, which the command touch sets")


def _check_measurement(path: str, labels: Labels, first_path: str, first: Labels) -> None:
    """Refuse a recording that was measured otherwise than the first one."""
    for what in ("measurement", "units"):
        value, expected = getattr(labels, what), getattr(first, what)
        if value != expected:
            raise InputError(path, f"the {what} {value!r}", f"{expected!r}, as in {first_path}")
