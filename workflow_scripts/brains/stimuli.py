"""Which stimuli of a brain take part, and which of them belong together.

Stimuli are matched by name. A brain may have a list of them, ``stimuli.csv``, with the columns
``stimulus`` and, if they are wanted, ``group`` and ``split``; other columns are not read.
"""

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike

MIN_STIMULI = 10
"""Fewest stimuli that all subjects of a brain must have seen, as anything less trains no map."""

SPLITS = ("train", "test")


@dataclass(frozen=True)
class Stimulus:
    """A row of the list of stimuli; ``split`` is empty if none is prescribed."""

    group: str
    split: str


def read_list(path: PathLike) -> dict[str, Stimulus]:
    """Read a list of stimuli.

    Parameters
    ----------
    path : str or path-like
        CSV file.

    Returns
    -------
    dict of str to Stimulus
        By name. A stimulus without a group is a group of its own.

    Raises
    ------
    InputError
        With one sentence on the first thing that is wrong.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            columns = reader.fieldnames or []
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(path, f"no readable CSV file ({error})", "a list of stimuli") from error
    if "stimulus" not in columns:
        found = f"the columns {', '.join(columns)}" if columns else "an empty file"
        raise InputError(path, found, "stimulus, and group or split if they are wanted")
    for column in columns:
        known = column.strip().lower()
        if known in ("stimulus", "group", "split") and column != known:
            raise InputError(path, f"the column {column!r}", repr(known))
    listed: dict[str, Stimulus] = {}
    split_of_group: dict[str, str] = {}
    for number, row in enumerate(rows, start=2):
        name, split = row["stimulus"] or "", row.get("split") or ""
        if not name or name in listed:
            found = f"the stimulus {name!r} again" if name else "no name"
            raise InputError(path, f"{found} in line {number}", "each stimulus once")
        if "split" in columns and split not in SPLITS:
            raise InputError(path, f"the split {split!r} in line {number}", " or ".join(SPLITS))
        group = row.get("group") or _own_group(name)
        if split_of_group.setdefault(group, split) != split:
            raise InputError(
                path,
                f"the group {group!r} in {split_of_group[group]} and in {split} (line {number})",
                "each group in one of them",
            )
        listed[name] = Stimulus(group, split)
    return listed


def natural_order(names: Iterable[str]) -> list[str]:
    """Names in order, with the numbers in them compared as numbers: image_2 before image_10."""

    def key(name: str) -> list[tuple[int, str]]:
        # Every second piece is a number; text and numbers are never compared with each other.
        pieces = re.split(r"(\d+)", name)
        return [(int(piece) if odd % 2 else 0, piece) for odd, piece in enumerate(pieces)]

    return sorted(names, key=key)


def shared_stimuli(
    seen: Mapping[str, Iterable[str]], listed: Mapping[str, Stimulus] | None, place: str
) -> list[str]:
    """Stimuli that all subjects saw and that are listed, if there is a list, in natural order.

    Parameters
    ----------
    seen : dict of str to iterable of str
        Stimuli of each subject.
    listed : dict of str to Stimulus, or None
        What `read_list` returns.
    place : str
        What to name if there are too few.

    Raises
    ------
    InputError
        If there are fewer than `MIN_STIMULI`.
    """
    sets = [set(names) for names in seen.values()]
    shared = set.intersection(*sets)
    if listed is not None:
        shared &= set(listed)
    if len(shared) < MIN_STIMULI:
        some = natural_order(next(iter(sets)) - shared)[:1]
        example = f"; not among them is {some[0]!r} of {next(iter(seen))}" if some else ""
        also = " and stimuli.csv lists" if listed is not None else ""
        raise InputError(
            place,
            f"{len(shared)} stimuli that all {len(seen)} subjects saw{also}{example}",
            f"at least {MIN_STIMULI} with the same names",
        )
    return natural_order(shared)


def group_of(name: str, listed: Mapping[str, Stimulus] | None) -> Stimulus:
    """Group and split of a stimulus; one that is not listed is a group of its own."""
    alone = Stimulus(_own_group(name), "")
    return alone if listed is None else listed.get(name, alone)


def _own_group(name: str) -> str:
    """Group of a stimulus alone, which differs from a group that has the name of the stimulus."""
    return f"stimulus {name}"
