"""Responses to the natural scenes, from an open session of AllenSDK.

Runs in the AllenSDK environment, whose `EcephysSession` gives the units and presentations.
"""

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from workflow_scripts.brains.allen.release import scene_name
from workflow_scripts.brains.allen.session_file import METRICS, count_units_in_file
from workflow_scripts.brains.presets import Preset, bin_edges
from workflow_scripts.brains.reliability import split_half_reliability
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike
from workflow_scripts.common.provenance import stamp
from workflow_scripts.common.random_streams import generator

MISSING = -1
"""Value that stands for a missing count: counts are integers, which have no NaN."""

EcephysSession = Any
"""AllenSDK's class, which has no types and is not installed in the main environment."""


@dataclass(frozen=True)
class Extraction:
    """What one extraction is told.

    Attributes
    ----------
    seed : int
        Master seed.
    brain : str
        Name of the brain in the configuration.
    session : int
    areas : list of str
    preset : {"ccn25", "nayebi"}
    n_scenes : int
        Number of scenes that the session must show.
    window_s : list of float
        Start and end of the window in which spikes are counted, s after the start of a
        presentation.
    quality : dict of str to float
        Inclusive limits: ``isi_violations_maximum``, ``amplitude_cutoff_maximum`` and
        ``presence_ratio_minimum``, as AllenSDK names them.
    min_trials : int
        Fewest valid presentations of every scene that a unit must have.
    n_halves : int
        Number of random divisions of the trials into halves, for the reliability.
    """

    seed: int
    brain: str
    session: int
    areas: list[str]
    preset: Preset
    n_scenes: int
    window_s: list[float]
    quality: dict[str, float]
    min_trials: int
    n_halves: int


@dataclass(frozen=True, eq=False)
class Counted:
    """Spike counts of a session, with its units after each filter and its presentations.

    Attributes
    ----------
    n_in_file : list of int
        Units of each area in the file.
    good : pandas.DataFrame
        AllenSDK's table of the units of sufficient quality in these areas.
    units : pandas.DataFrame
        Those of them with enough valid trials of every scene.
    counts : numpy.ndarray of int16, shape (n_scenes, n_trials, n_bins, n_units)
        Spike counts of `units`, `MISSING` where there is no valid count.
    n_trials : numpy.ndarray of int32, shape (n_scenes,)
        Valid presentations of each scene.
    reason : str
        Why the session has no responses; empty if it has.
    """

    n_in_file: list[int]
    good: pd.DataFrame
    units: pd.DataFrame
    counts: np.ndarray
    n_trials: np.ndarray
    reason: str


def select_scenes(session: EcephysSession, n_scenes: int, path: PathLike) -> pd.DataFrame:
    """Valid presentations of the natural scenes, without the blank, in order of time.

    AllenSDK gives another name to presentations that touch an interval without valid stimulus, so
    these are absent.

    Parameters
    ----------
    session : EcephysSession
        The open session.
    n_scenes : int
        Number of scenes; their frames are 0 to `n_scenes` - 1.
    path : str or path-like
        Its file.

    Returns
    -------
    pandas.DataFrame
        ``frame``, ``start_time`` and ``stop_time`` (s) by presentation id; without rows if the
        session did not show natural scenes.

    Raises
    ------
    InputError
        If frames were shown that are not among the scenes.
    """
    presentations = session.stimulus_presentations
    scenes = presentations[presentations["stimulus_name"] == "natural_scenes"]
    # Without natural scenes there is no column of frames.
    scenes = scenes.reindex(columns=["frame", "start_time", "stop_time"]).astype(float)
    scenes = scenes.sort_values("start_time")
    scenes = scenes[scenes["frame"] != -1]
    # Compared before they are made integers: a frame of 0.5 would become scene 0.
    unknown = sorted(set(scenes["frame"]) - set(range(n_scenes)))
    if unknown:
        listed = ", ".join(f"{frame:g}" for frame in unknown)
        raise InputError(path, f"frames [{listed}]", f"0 to {n_scenes - 1} and the blank -1")
    return scenes.astype({"frame": int})


def count_spikes(
    session: EcephysSession, scenes: pd.DataFrame, unit_ids: np.ndarray, edges: np.ndarray
) -> np.ndarray:
    """Spike counts of the units in bins after the start of each presentation.

    A spike exactly at either edge of a bin counts, which is how AllenSDK counts. If a bin of a
    presentation touches an interval that is marked as invalid for a probe, the counts of the
    probe's units in this presentation are missing.

    Parameters
    ----------
    session : EcephysSession
    scenes : pandas.DataFrame
        Presentations, from `select_scenes`.
    unit_ids : numpy.ndarray of int
    edges : numpy.ndarray
        Edges of the bins, s after the start of a presentation.

    Returns
    -------
    numpy.ndarray of int16, shape (n_presentations, n_bins, n_units)
        `MISSING` where there is no valid count.
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


def arrange_trials(counts: np.ndarray, frames: np.ndarray, n_scenes: int) -> np.ndarray:
    """Sort the counts of presentations by scene.

    Parameters
    ----------
    counts : numpy.ndarray of int16, shape (n_presentations, n_bins, n_units)
    frames : numpy.ndarray of int, shape (n_presentations,)
        Scene of each presentation.
    n_scenes : int
        Number of scenes.

    Returns
    -------
    numpy.ndarray of int16, shape (n_scenes, n_trials, n_bins, n_units)
        Trials are in order of presentation; scenes with fewer trials than the others end in
        `MISSING`.
    """
    order = np.argsort(frames, kind="stable")
    n_trials = np.bincount(frames, minlength=n_scenes)
    trial = np.arange(len(frames)) - np.repeat(np.cumsum(n_trials) - n_trials, n_trials)
    arranged = np.full((n_scenes, n_trials.max(), *counts.shape[1:]), MISSING, np.int16)
    arranged[frames[order], trial] = counts[order]
    return arranged


def count_areas(units: pd.DataFrame, areas: Sequence[str]) -> list[int]:
    """Number of units of each area in AllenSDK's table of units."""
    return [int((units["structure_acronym"] == area).sum()) for area in areas]


def find_obstacle(
    n_in_file: list[int], units: pd.DataFrame, n_trials: np.ndarray, settings: Extraction
) -> str:
    """Why a session cannot have responses, or an empty text.

    Parameters
    ----------
    n_in_file : list of int
        Units of each area in the file.
    units : pandas.DataFrame
        Those of sufficient quality.
    n_trials : numpy.ndarray of int, shape (n_scenes,)
        Valid presentations of each scene.
    settings : Extraction
    """
    areas, least = ", ".join(settings.areas), settings.min_trials
    few = np.flatnonzero(n_trials < least)
    if not n_trials.any():
        return "it shows no natural scenes"
    if len(few):
        return (
            f"{len(few)} scenes (first: scene {few[0]}, {n_trials[few[0]]} times) have fewer than "
            f"{least} valid presentations"
        )
    if not any(n_in_file):
        return f"it has no unit in any of {areas}"
    if units.empty:
        return f"no unit in any of {areas} passes quality control"
    return ""


def count_trials(
    session: EcephysSession,
    scenes: pd.DataFrame,
    units: pd.DataFrame,
    edges: np.ndarray,
    settings: Extraction,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Units with enough valid trials of every scene, and their spike counts.

    Parameters
    ----------
    session : EcephysSession
    scenes : pandas.DataFrame
        Presentations, from `select_scenes`.
    units : pandas.DataFrame
        Those of sufficient quality.
    edges : numpy.ndarray
        Edges of the bins, s after the start of a presentation.
    settings : Extraction

    Returns
    -------
    units : pandas.DataFrame
        Those with enough trials.
    counts : numpy.ndarray of int16, shape (n_scenes, n_trials, n_bins, n_units)
    """
    counts = count_spikes(session, scenes, units.index.to_numpy(), edges)
    counts = arrange_trials(counts, scenes["frame"].to_numpy(), settings.n_scenes)
    kept = ((counts[:, :, 0] != MISSING).sum(axis=1) >= settings.min_trials).all(axis=0)
    return units[kept], counts[..., kept]


def count_session(
    session: EcephysSession, path: PathLike, edges: np.ndarray, settings: Extraction
) -> Counted:
    """Count the spikes of a session, or find the reason why it cannot have responses.

    Parameters
    ----------
    session : EcephysSession
        The open session; its units are those of sufficient quality.
    path : str or path-like
        Its file.
    edges : numpy.ndarray, shape (n_bins + 1,)
        Edges of the bins, s after the start of a presentation.
    settings : Extraction

    Raises
    ------
    InputError
        If the session shows frames that are not among the scenes.
    """
    n_in_file = count_units_in_file(path, settings.areas)
    scenes = select_scenes(session, settings.n_scenes, path)
    n_trials = np.bincount(scenes["frame"], minlength=settings.n_scenes).astype(np.int32)
    good = session.units
    good = good[good["structure_acronym"].isin(settings.areas)].sort_index()
    reason = find_obstacle(n_in_file, good, n_trials, settings)
    if reason:
        shape = (settings.n_scenes, n_trials.max(), len(edges) - 1, 0)
        return Counted(n_in_file, good, good[:0], np.empty(shape, np.int16), n_trials, reason)
    units, counts = count_trials(session, scenes, good, edges, settings)
    if units.empty:
        reason = f"no unit has {settings.min_trials} valid trials of every scene"
    return Counted(n_in_file, good, units, counts, n_trials, reason)


def report(counted: Counted, settings: Extraction) -> None:
    """Log how many units and presentations there are, and why a session is left out."""
    logging.info(
        "%d units in the file, %d after quality control, %d with at least %d trials of every "
        "scene; %d to %d valid presentations per scene",
        sum(counted.n_in_file),
        len(counted.good),
        len(counted.units),
        settings.min_trials,
        counted.n_trials.min(),
        counted.n_trials.max(),
    )
    if counted.reason:
        logging.warning("session %d is left out: %s", settings.session, counted.reason)


def compute_responses(counts: np.ndarray, edges: np.ndarray, settings: Extraction) -> xr.Dataset:
    """Rates and reliabilities, from spike counts.

    Parameters
    ----------
    counts : numpy.ndarray of int16, shape (n_scenes, n_trials, n_bins, n_units)
    edges : numpy.ndarray, shape (n_bins + 1,)
        Edges of the bins in s.
    settings : Extraction

    Returns
    -------
    xarray.Dataset
        The variables of `extract` that depend on stimulus, trial, bin or unit.
    """
    # Either all bins of a presentation are missing, or none.
    spike_count = np.where(counts[:, :, 0] == MISSING, MISSING, counts.sum(axis=2))
    trial_response = np.where(spike_count == MISSING, np.nan, spike_count) / (edges[-1] - edges[0])
    bin_rate = np.nanmean(np.where(counts == MISSING, np.nan, counts), axis=1)
    bin_rate /= np.diff(edges)[:, None]
    random = generator(settings.seed, "extract_responses", settings.session)
    bin_reliability = np.array(
        [
            split_half_reliability(
                np.where(trials == MISSING, np.nan, trials), settings.n_halves, random
            )
            for trials in np.moveaxis(counts, 2, 0)
        ]
    )
    trials, spikes_per_s = ("stimulus", "trial", "unit"), {"units": "spikes/s"}
    variables = {
        "spike_count": (trials, spike_count.astype(np.int16)),
        "trial_response": (trials, trial_response.astype(np.float32), spikes_per_s),
        "response": (("stimulus", "unit"), bin_rate.mean(axis=1), spikes_per_s),
    }
    if settings.preset == "nayebi":
        variables |= {
            "bin_rate": (("stimulus", "bin", "unit"), bin_rate, spikes_per_s),
            "bin_reliability": (("bin", "unit"), bin_reliability),
            "bin_start": ("bin", edges[:-1], {"units": "s"}),
        }
    reliability = np.fmax.reduce(bin_reliability, axis=0)
    return xr.Dataset(variables, coords={"reliability": ("unit", reliability)})


def extract(
    session: EcephysSession, path: PathLike, data_kind: str, settings: Extraction
) -> xr.Dataset:
    """Responses of one session to the natural scenes.

    A session may have no responses, because of the stimuli that it shows or the units that were
    found. This is not an error: its verdict is ``skipped``, with a reason, and it has no units.

    Parameters
    ----------
    session : EcephysSession
        The open session; its units are those of sufficient quality.
    path : str or path-like
        Its file.
    data_kind : {"simulated", "recorded"}
    settings : Extraction

    Returns
    -------
    xarray.Dataset
        ``spike_count`` and ``trial_response`` (stimulus, trial, unit; the latter in spikes/s),
        ``response`` (stimulus, unit; spikes/s) and ``n_trials`` (stimulus), with area, quality and
        reliability of each unit; ``n_in_file``, ``n_after_quality`` and ``n_after_trials``
        (area_name), units before and after each filter.
        For preset nayebi also ``bin_rate`` (stimulus, bin, unit; spikes/s), ``bin_reliability``
        (bin, unit), whose largest value over bins is ``reliability``, and ``bin_start`` (bin; s).

    Raises
    ------
    InputError
        If the session shows frames that are not among the scenes.
    """
    edges = bin_edges(settings.preset, settings.window_s)
    counted = count_session(session, path, edges, settings)
    report(counted, settings)
    responses = compute_responses(counted.counts, edges, settings)
    responses = responses.assign(
        n_trials=("stimulus", counted.n_trials),
        n_in_file=("area_name", counted.n_in_file),
        n_after_quality=("area_name", count_areas(counted.good, settings.areas)),
        n_after_trials=("area_name", count_areas(counted.units, settings.areas)),
    )
    units = counted.units
    metrics = {metric: ("unit", units[metric].to_numpy(float)) for metric in METRICS}
    responses = responses.assign_coords(
        {
            "stimulus": [scene_name(scene) for scene in range(settings.n_scenes)],
            "unit": units.index.to_numpy(np.int64),
            "area": ("unit", units["structure_acronym"].to_numpy(str)),
            "area_name": settings.areas,
            **metrics,
        }
    )
    return responses.assign_attrs(
        subject=str(settings.session),
        measurement="spikes",
        verdict="skipped" if counted.reason else "ok",
        reason=counted.reason,
        window_start_s=float(edges[0]),
        window_stop_s=float(edges[-1]),
        **settings.quality,
        **stamp(asdict(settings), seed=settings.seed, data_kind=data_kind),
    )
