"""Count the mice: units of each session and area before and after each filter, and who is left out.

A mouse takes part if one of its areas at least is a target, that is, keeps ``min_units`` units.
"""

import logging
from itertools import repeat

import h5netcdf
import numpy as np
import pandas as pd

from workflow_scripts.brains.subjects import keep_largest, read_mouse
from workflow_scripts.common.files import write_table
from workflow_scripts.common.job import job

COUNTS = ("n_in_file", "n_after_quality", "n_after_trials")


def summarise_session(path, recording, settings, mouse, largest):
    """Rows of one session.

    Parameters
    ----------
    path : str or path-like
        File of `extract_responses`.
    recording : workflow_scripts.brains.recording.Recording
    settings : dict
        ``areas``, ``min_reliability`` of a unit or None, ``min_units`` of a target.
    mouse, largest : dict of str to Profile
        Its areas, with the units that the filters leave, and with those that take part.

    Returns
    -------
    mice : pandas.DataFrame
        One row an area.
    units : pandas.DataFrame
        One row a unit that has enough trials: ``session``, ``area``, ``unit``, ``reliability`` (NaN
        where no half of the trials defines it, as for a silent unit), ``kept``, ``data_kind``.
    """
    areas, min_reliability = settings["areas"], settings["min_reliability"]
    session, kind = recording.subject, recording.data_kind
    no_value = np.full(len(recording.unit), np.nan)
    units = pd.DataFrame(
        {
            "session": session,
            "area": recording.area,
            "unit": recording.unit,
            "reliability": no_value if recording.reliability is None else recording.reliability,
        }
    )
    units["kept"] = True if min_reliability is None else units["reliability"] >= min_reliability
    units["data_kind"] = kind
    obstacle, counts, n_trials = read_history(path, areas)
    if counts is None:
        n_units = [(units["area"] == area).sum() for area in areas]
        counts = pd.DataFrame(dict.fromkeys(COUNTS, n_units), index=areas)
    rows = []
    for area in areas:
        of_area = units[units["area"] == area]
        n_left, n_units = (part[area].values.shape[1] for part in (mouse, largest))
        low, median, high = of_area["reliability"].quantile([0.25, 0.5, 0.75])
        is_target = n_units >= settings["min_units"]
        too_few = ""
        if n_units < n_left:
            too_few = f"{n_left} units are left, fewer than in the mice with most"
        elif not is_target:
            too_few = f"{n_left} units are left, fewer than {settings['min_units']}"
        rows.append(
            {
                "session": session,
                "area": area,
                **counts.loc[area],
                "n_after_reliability": n_left,
                "is_target": is_target,
                "reason": obstacle or too_few,
                "least_trials": min(n_trials, default=pd.NA),
                "most_trials": max(n_trials, default=pd.NA),
                "reliability_q1": low,
                "reliability_median": median,
                "reliability_q3": high,
                "data_kind": kind,
            }
        )
    return pd.DataFrame(rows), units


def read_history(path, areas):
    """What came before the units of a session file; a lab's own recording says nothing of it.

    Parameters
    ----------
    path : str or path-like
    areas : list of str

    Returns
    -------
    reason : str
        Why the session has no units; empty if it has.
    counts : pandas.DataFrame or None
        Units after each step of the extraction, a row an area.
    n_trials : list of int
        Valid presentations of each scene.
    """
    with h5netcdf.File(path) as data:
        if "verdict" not in data.attrs:
            return "", None, []
        names = [name.decode() for name in data["area_name"][...].astype(bytes)]
        counts = pd.DataFrame({name: data[name][...] for name in COUNTS}, index=names)
        return data.attrs["reason"], counts.loc[areas], data["n_trials"][...].tolist()


def report(mice, expected_subjects):
    """Log how many mice take part and why the others do not; warn if it is not the number expected.

    Parameters
    ----------
    mice : pandas.DataFrame
        Rows of all sessions.
    expected_subjects : int or None
        Number of mice that take part, where there is one to compare with.
    """
    sessions = mice.groupby("session", sort=False)
    takes_part = sessions["is_target"].any()
    left_out = [
        f"{session} ({_why(rows)})" for session, rows in sessions if not takes_part[session]
    ]
    text = f"{takes_part.sum()} of {len(takes_part)} mice take part"
    if left_out:
        text += f"; left out: {', '.join(left_out)}"
    if expected_subjects in (None, takes_part.sum()):
        logging.info("%s", text)
    else:
        logging.warning("%s; mouse.expected_subjects is %d", text, expected_subjects)


def _why(rows):
    """Why a mouse is left out: what all its areas share, or else what its largest area lacks."""
    if rows["reason"].nunique() == 1:
        return rows["reason"].iloc[0]
    largest = rows.loc[rows["n_after_reliability"].idxmax()]
    return f"at most, in {largest['area']}, {largest['reason']}"


def main(sessions, settings, mice_path, units_path):
    """Write mice.csv and mouse_units.csv."""
    filters = [settings[key] for key in ("areas", "min_reliability", "n_scenes", "preset")]
    subjects = {}
    read = [read_mouse(path, *filters, subjects) for path in sessions]
    profiles, recordings = zip(*read, strict=True)
    largest = keep_largest(profiles) if settings["preset"] == "nayebi" else profiles
    rows = map(summarise_session, sessions, recordings, repeat(settings), profiles, largest)
    mice, units = zip(*rows, strict=True)
    mice = pd.concat(mice, ignore_index=True)
    report(mice, settings["expected_subjects"])
    write_table(mice, mice_path)
    write_table(pd.concat(units, ignore_index=True), units_path)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(
            snakemake.input.sessions,
            snakemake.params.settings,
            snakemake.output.mice,
            snakemake.output.units,
        )


def describe_mice(mice):
    """Number and kind of the mice, such as ``3 simulated mice and 1 recorded mouse``.

    Taken from what the files of responses say of themselves, whatever place they came from.

    Parameters
    ----------
    mice : pandas.DataFrame
        Table of `summarise_mice`: a row a session and area.

    Returns
    -------
    str
    """
    counts = mice.drop_duplicates("session")["data_kind"].value_counts(sort=False)
    return " and ".join(
        f"{number} {kind} {'mouse' if number == 1 else 'mice'}" for kind, number in counts.items()
    )
