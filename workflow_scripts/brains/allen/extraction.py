"""Responses to the natural scenes, from an open session of AllenSDK."""

import logging

import numpy as np
import xarray as xr

from workflow_scripts.brains.allen.session_file import METRICS, count_units_in_file
from workflow_scripts.brains.presets import bin_edges
from workflow_scripts.brains.reliability import split_half_reliability
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.provenance import stamp
from workflow_scripts.common.random_streams import generator

MISSING = -1


def select_scenes(session, expected_scenes, path):
    """Valid presentations of the natural scenes, without the blank, in order of time.

    AllenSDK has by then renamed the presentations that touch an interval without valid stimulus,
    so these are absent.

    Parameters
    ----------
    session : EcephysSession
        The open session.
    expected_scenes : int
        Number of scenes; their frames are 0 to `expected_scenes` - 1.
    path : str
        What to call the file in an error.

    Returns
    -------
    pandas.DataFrame
        ``frame``, ``start_time`` and ``stop_time`` (s) by presentation id; no rows for a session
        that did not show natural scenes.

    Raises
    ------
    InputError
        If other frames were shown than those expected.
    """
    presentations = session.stimulus_presentations
    scenes = presentations[presentations["stimulus_name"] == "natural_scenes"]
    # Without natural scenes there is no column of frames.
    scenes = scenes.reindex(columns=["frame", "start_time", "stop_time"]).astype(float)
    scenes = scenes.sort_values("start_time").astype({"frame": int})
    scenes = scenes[scenes["frame"] != -1]
    unknown = sorted(set(scenes["frame"]) - set(range(expected_scenes)))
    if unknown:
        raise InputError(
            f"{path}: shows frames {unknown}, expected 0 to {expected_scenes - 1} and the blank -1"
        )
    return scenes


def count_spikes(session, scenes, unit_ids, edges):
    """Spike counts of the units in bins after the start of each presentation.

    A spike exactly at either edge of a bin counts, which is how AllenSDK counts. Counts of a
    probe's units in a presentation in which a bin touches an interval that is marked as invalid for
    that probe are missing.

    Returns
    -------
    numpy.ndarray of int16
        Presentation x bin x unit, `MISSING` where there is no valid count.
    """
    counted = session.presentationwise_spike_counts(
        bin_edges=edges,
        stimulus_presentation_ids=scenes.index.to_numpy(),
        unit_ids=unit_ids,
    )
    counts = counted.values.astype(np.int16)
    probes = session.units.loc[unit_ids, "probe_description"].to_numpy()
    for interval in session.invalid_times.itertuples():
        touched = (scenes["start_time"] + edges[0] <= interval.stop_time) & (
            scenes["start_time"] + edges[-1] >= interval.start_time
        )
        silenced = np.isin(probes, interval.tags) | ("all_probes" in interval.tags)
        counts[np.ix_(touched, np.ones(counts.shape[1], bool), silenced)] = MISSING
    return counts


def arrange_trials(counts, frames, n_scenes):
    """Sort the counts of presentations by scene.

    Parameters
    ----------
    counts : numpy.ndarray of int16
        Presentation x bin x unit.
    frames : numpy.ndarray of int
        Scene of each presentation.
    n_scenes : int
        Number of scenes.

    Returns
    -------
    numpy.ndarray of int16
        Stimulus x trial x bin x unit, in order of presentation; scenes with fewer trials than the
        others end in `MISSING`.
    """
    order = np.argsort(frames, kind="stable")
    n_trials = np.bincount(frames, minlength=n_scenes)
    trial = np.arange(len(frames)) - np.repeat(np.cumsum(n_trials) - n_trials, n_trials)
    arranged = np.full((n_scenes, n_trials.max(), *counts.shape[1:]), MISSING, np.int16)
    arranged[frames[order], trial] = counts[order]
    return arranged


def count_areas(units, areas):
    """Number of units of each area in AllenSDK's table of units."""
    return [int((units["structure_acronym"] == area).sum()) for area in areas]


def find_obstacle(units_in_file, units, n_trials, settings):
    """Why a session cannot have responses, or an empty text.

    Parameters
    ----------
    units_in_file : list of int
        Units in each area.
    units : pandas.DataFrame
        Those of sufficient quality.
    n_trials : numpy.ndarray of int
        Valid presentations of each scene.
    settings : dict
        As `extract` takes them.
    """
    areas, least = ", ".join(settings["areas"]), settings["min_trials"]
    few = np.flatnonzero(n_trials < least)
    if not n_trials.any():
        return "it shows no natural scenes"
    if len(few):
        return (
            f"{len(few)} scenes (first: scene {few[0]}, {n_trials[few[0]]} times) have fewer than "
            f"{least} valid presentations"
        )
    if not any(units_in_file):
        return f"it has no unit in any of {areas}"
    if units.empty:
        return f"no unit in any of {areas} passes quality control"
    return ""


def extract(session, path, data_kind, settings):
    """Responses of one session to the natural scenes.

    A session that cannot have responses, because of what was shown or of which units were found,
    is data as they can be and no error: its verdict is ``skipped``, with a reason and no units.

    Parameters
    ----------
    session : EcephysSession
        The open session; units are those of sufficient quality.
    path : str
        Its file.
    data_kind : {"simulated", "recorded"}
    settings : dict
        ``session``, ``areas``, ``preset``, ``window_s`` (s after the start of a presentation),
        ``quality`` (limits, themselves accepted: ``isi_violations_maximum``,
        ``amplitude_cutoff_maximum``, ``presence_ratio_minimum``), ``min_trials`` (fewest valid
        presentations of every scene that a unit must have), ``n_halves``, ``expected_scenes``,
        ``seed``.

    Returns
    -------
    xarray.Dataset
        ``spike_count`` and ``trial_rate`` (stimulus, trial, unit; the latter in spikes/s),
        ``rate`` (stimulus, unit; spikes/s) and ``n_trials`` (stimulus), with area, quality and
        reliability of each unit; ``n_in_file``, ``n_after_quality`` and ``n_after_trials``
        (area_name), units before and after each filter.
        For preset nayebi also ``bin_rate`` (stimulus, bin, unit; spikes/s) and ``bin_reliability``
        (bin, unit), of which ``reliability`` is the largest.

    Raises
    ------
    InputError
        If the file is not what it is taken for.
    """
    areas, n_scenes = settings["areas"], settings["expected_scenes"]
    units_in_file = count_units_in_file(path, areas)
    scenes = select_scenes(session, n_scenes, path)
    n_trials = np.bincount(scenes["frame"], minlength=n_scenes).astype(np.int32)
    good = session.units
    good = good[good["structure_acronym"].isin(areas)].sort_index()
    edges = bin_edges(settings["preset"], settings["window_s"])
    reason = find_obstacle(units_in_file, good, n_trials, settings)
    if reason:
        units, counts = good[:0], np.empty((n_scenes, n_trials.max(), len(edges) - 1, 0), np.int16)
    else:
        counts = count_spikes(session, scenes, good.index.to_numpy(), edges)
        counts = arrange_trials(counts, scenes["frame"].to_numpy(), n_scenes)
        kept = ((counts[:, :, 0] != MISSING).sum(axis=1) >= settings["min_trials"]).all(axis=0)
        units, counts = good[kept], counts[..., kept]
        if units.empty:
            reason = f"no unit has {settings['min_trials']} valid trials of every scene"
    logging.info(
        "%d units in the file, %d after quality control, %d with at least %d trials of every "
        "scene; %d to %d valid presentations a scene",
        sum(units_in_file),
        len(good),
        len(units),
        settings["min_trials"],
        n_trials.min(),
        n_trials.max(),
    )
    if reason:
        logging.warning("session %d is left out: %s", settings["session"], reason)

    # All bins of a presentation are missing, or none.
    spike_count = np.where(counts[:, :, 0] == MISSING, MISSING, counts.sum(axis=2))
    trial_rate = np.where(spike_count == MISSING, np.nan, spike_count) / (edges[-1] - edges[0])
    bin_rate = np.nanmean(np.where(counts == MISSING, np.nan, counts), axis=1)
    bin_rate /= np.diff(edges)[:, None]
    random = generator(settings["seed"], "extract_responses", settings["session"])
    bin_reliability = np.array(
        [
            split_half_reliability(
                np.where(trials == MISSING, np.nan, trials), settings["n_halves"], random
            )
            for trials in np.moveaxis(counts, 2, 0)
        ]
    )
    rate = bin_rate.mean(axis=1)
    binned = {
        "bin_rate": (("stimulus", "bin", "unit"), bin_rate, {"units": "spikes/s"}),
        "bin_reliability": (("bin", "unit"), bin_reliability),
        "bin_start": ("bin", edges[:-1], {"units": "s"}),
    }
    return xr.Dataset(
        {
            "spike_count": (("stimulus", "trial", "unit"), spike_count.astype(np.int16)),
            "trial_rate": (
                ("stimulus", "trial", "unit"),
                trial_rate.astype(np.float32),
                {"units": "spikes/s"},
            ),
            "rate": (("stimulus", "unit"), rate, {"units": "spikes/s"}),
            "n_trials": ("stimulus", n_trials),
            "n_in_file": ("area_name", units_in_file),
            "n_after_quality": ("area_name", count_areas(good, areas)),
            "n_after_trials": ("area_name", count_areas(units, areas)),
            **(binned if settings["preset"] == "nayebi" else {}),
        },
        coords={
            "stimulus": np.arange(n_scenes),
            "unit": units.index.to_numpy(np.int64),
            "area": ("unit", units["structure_acronym"].to_numpy(str)),
            **{metric: ("unit", units[metric].to_numpy(float)) for metric in METRICS},
            "reliability": ("unit", np.fmax.reduce(bin_reliability, axis=0)),
            "area_name": areas,
        },
        attrs={
            "session_id": settings["session"],
            "verdict": "skipped" if reason else "ok",
            "reason": reason,
            "window_start_s": float(edges[0]),
            "window_stop_s": float(edges[-1]),
            **settings["quality"],
            **stamp(settings, seed=settings["seed"], data_kind=data_kind),
        },
    )
