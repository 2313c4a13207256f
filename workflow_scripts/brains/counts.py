"""Counts of a brain's units before and after each filter, and why subjects are left out.

A subject takes part if at least one of its areas is a target, that is, keeps ``min_units`` units.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import h5netcdf
import numpy as np
import pandas as pd

from workflow_scripts.brains.recording import Labels
from workflow_scripts.brains.subjects import Filters, Subject, read_subject
from workflow_scripts.common.files import PathLike
from workflow_scripts.common.profile import Profile
from workflow_scripts.common.stimuli import Stimuli

COUNTS = ["n_in_file", "n_after_quality", "n_after_trials"]
"""Numbers of units that an extraction notes in its file, from the first filter to the last."""


@dataclass(frozen=True, eq=False)
class History:
    """What an extraction says of its recording; a lab's own recording says nothing.

    Attributes
    ----------
    reason : str
        Why the recording has no units; empty if it has some.
    counts : dict of str to dict of str to int, or None
        `COUNTS` of each area.
    n_trials : list of int
        Valid presentations of each image.
    """

    reason: str
    counts: dict[str, dict[str, int]] | None
    n_trials: list[int]


def read_history(path: PathLike) -> History:
    """History of a recording."""
    with h5netcdf.File(path) as data:
        if "verdict" not in data.attrs:
            return History("", None, [])
        areas = [name.decode() for name in data["area_name"][...].astype(bytes)]
        columns = [data[name][...].tolist() for name in COUNTS]
        counts = {
            area: dict(zip(COUNTS, numbers, strict=True))
            for area, *numbers in zip(areas, *columns, strict=True)
        }
        return History(data.attrs["reason"], counts, data["n_trials"][...].tolist())


def count_brain(
    paths: Sequence[PathLike], filters: Filters, brain: str, stimuli: Stimuli
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Count the units of all subjects.

    Parameters
    ----------
    paths : sequence of str or path-like
        Recordings.
    filters : Filters
    brain : str
        Name of the brain in the configuration.
    stimuli : Stimuli
        Those that take part.

    Returns
    -------
    subjects : pandas.DataFrame
        One row per subject and area, as results/README.md describes its columns.
    units : pandas.DataFrame
        One row per unit that has enough trials.

    Raises
    ------
    InputError
        If a file is not in the form of a recording.
    """
    read = [_read_numbers(path, filters, brain, stimuli) for path in paths]
    taking_part = filters.keep_subjects([left for left, _, _ in read])
    areas, units = [], []
    for path, (left, labels, complete), largest in zip(paths, read, taking_part, strict=True):
        of_subject = count_units(labels, filters, complete)
        rows = count_areas(of_subject, read_history(path), left, largest, filters)
        rows = rows.assign(measurement=labels.measurement, response_unit=labels.units)
        areas.append(rows.assign(data_kind=labels.data_kind))
        units.append(of_subject[of_subject["complete"]].drop(columns="complete"))
    tables = pd.concat(areas, ignore_index=True), pd.concat(units, ignore_index=True)
    for table in tables:
        table.insert(0, "brain", brain)
    return tables


def _read_numbers(
    path: PathLike, filters: Filters, brain: str, stimuli: Stimuli
) -> tuple[Subject, Labels, np.ndarray]:
    """The same as `read_subject`, with the numbers of units and without their responses."""
    subject, labels, complete = read_subject(path, filters, brain, stimuli)
    empty = {
        area: Profile(profile.subject, area, np.empty((0, profile.n_units)))
        for area, profile in subject.items()
    }
    return empty, labels, complete


def count_units(labels: Labels, filters: Filters, complete: np.ndarray) -> pd.DataFrame:
    """Reliability of each unit of the brain's areas, and whether it is kept.

    The reliability is NaN where it is not defined, as for a silent unit. `complete` says of each
    unit whether it has a response to every stimulus.
    """
    no_value = np.full(len(labels.unit), np.nan)
    units = pd.DataFrame(
        {
            "subject": labels.subject,
            "area": labels.area,
            "unit": labels.unit,
            "reliability": no_value if labels.reliability is None else labels.reliability,
            "complete": complete,
            "kept": filters.keeps(labels) & complete,
            "data_kind": labels.data_kind,
        }
    )
    return units[units["area"].isin(filters.areas)]


def count_areas(
    units: pd.DataFrame, history: History, left: Subject, taking_part: Subject, filters: Filters
) -> pd.DataFrame:
    """Counts of one subject's units, and why an area is not a target: one row per area.

    Parameters
    ----------
    units : pandas.DataFrame
        All units of the recording, from `count_units`.
    history : History
    left, taking_part : dict of str to Profile
        Its areas, with the units that are left after the filter on reliability, and with those
        that take part.
    filters : Filters
    """
    rows = []
    for area in filters.areas:
        of_area = units[units["area"] == area]
        counts = dict.fromkeys(COUNTS, len(of_area)) | (history.counts or {}).get(area, {})
        # An extraction has left out units without trials itself.
        of_area = of_area[of_area["complete"]]
        counts["n_after_trials"] = len(of_area)
        n_left, n_kept = (profiles[area].n_units for profiles in (left, taking_part))
        low, median, high = of_area["reliability"].quantile([0.25, 0.5, 0.75])
        rows.append(
            {
                "subject": left[area].subject,
                "area": area,
                **counts,
                "n_after_reliability": n_left,
                "is_target": filters.is_target(n_kept),
                "reason": history.reason or _too_few(n_left, n_kept, filters),
                "least_trials": min(history.n_trials, default=pd.NA),
                "most_trials": max(history.n_trials, default=pd.NA),
                "reliability_q1": low,
                "reliability_median": median,
                "reliability_q3": high,
            }
        )
    return pd.DataFrame(rows)


def _too_few(n_left: int, n_kept: int, filters: Filters) -> str:
    """Why an area with these numbers of units is not a target; empty if it is one."""
    found = "1 unit is left" if n_left == 1 else f"{n_left} units are left"
    if n_kept < n_left:
        return f"{found}, fewer than in the subjects with the most"
    if not filters.is_target(n_kept):
        return f"{found}, fewer than {filters.min_units}"
    return ""


def report(subjects: pd.DataFrame, expected_subjects: int | None, brain: str) -> None:
    """Log how many subjects take part and why the others do not.

    Parameters
    ----------
    subjects : pandas.DataFrame
        Table of `count_brain`.
    expected_subjects : int or None
        Warn if another number of subjects takes part; None never warns.
    brain : str
        Name of the brain in the configuration.
    """
    groups = subjects.groupby("subject", sort=False)
    takes_part = groups["is_target"].any()
    left_out = [f"{subject} ({_why(rows)})" for subject, rows in groups if not takes_part[subject]]
    text = f"{brain}: {takes_part.sum()} of {len(takes_part)} subjects take part"
    if left_out:
        text += f"; left out: {', '.join(left_out)}"
    if expected_subjects in (None, takes_part.sum()):
        logging.info("%s", text)
    else:
        key = f"config brains.{brain}.expected_subjects"
        logging.warning("%s; %s is %d", text, key, expected_subjects)


def _why(rows: pd.DataFrame) -> str:
    """Why a subject is left out: the reason that its areas share, or that of its largest area."""
    if rows["reason"].nunique() == 1:
        return rows["reason"].iloc[0]
    largest = rows.iloc[rows["n_after_reliability"].to_numpy().argmax()]
    return f"in {largest['area']}, its largest area, {largest['reason']}"
