"""Simulate the recording of one mouse, with the content of an Allen session file.

Every unit of an area reads out, linearly and with random weights of its own, the leading principal
components of what one layer of a ground-truth network computes before its softplus; a softplus
turns the drive into a firing rate and a Poisson process into spikes. The components are those of
the layer, so all mice share them: an area represents the same thing in every mouse, and only the
weights differ. The variance of component k is that of the layer, or 1/k, as in the visual cortex of
mice (Stringer et al. 2019, Nature 571: 361-365). The spectrum of a small network falls faster, so
that a few components say nearly all about every unit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from workflow_scripts.brains.allen.nwb import Session
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.random_streams import generator

SCENE_S = 0.25
"""Duration of a presentation in seconds, as in the recorded sessions."""

PAUSE_S = 10.0
"""Duration of the spontaneous activity between blocks in seconds: short, to keep files small."""

N_BLOCKS = 3
"""Blocks in which the scenes are shown: several, as in the recorded sessions."""

NON_VISUAL = ("CA1", "LGd")
"""Areas below the visual ones, whose units the extraction has to leave out."""

NON_VISUAL_UNITS = 2
"""Units of each of these areas."""

GAIN_SPREAD = 0.7
"""Deviation between units of the logarithm of the gain: few units respond strongly, many hardly."""

CHANNELS_PER_LOCATION = 10
"""Channels of a probe in each location that it passes through."""


@dataclass(frozen=True)
class Simulation:
    """What the simulation of one session is told.

    Attributes
    ----------
    seed : int
        Master seed.
    session : int
        Number of the session; each is a different mouse.
    units_per_area : list of int
        Smallest and largest number.
    n_trials : int
        Presentations of each scene.
    max_dimensions : int
        Most principal components of a layer that units read out.
    spectrum : {"cortex", "layer"}
        Variance of component k: 1/k, or as it is in the layer.
    mean_rate_hz : float
        Median over units of the mean rate over stimuli, spikes/s.
    gain : float
        Median over units of the standard deviation over stimuli of the drive before the softplus;
        the larger, the more reliable and the sparser the responses.
    """

    seed: int
    session: int
    units_per_area: list[int]
    n_trials: int
    max_dimensions: int
    spectrum: str
    mean_rate_hz: float
    gain: float

    def stream(self, *names: str) -> np.random.Generator:
        """Source of randomness for one purpose."""
        return generator(self.seed, "simulate_session", self.session, *names)


def principal_components(responses: np.ndarray, most: int, spectrum: str, name: str) -> np.ndarray:
    """Scores of the leading principal components; the first has the variance 1.

    Parameters
    ----------
    responses : numpy.ndarray, shape (n_stimuli, n_units)
        Responses of a layer.
    most : int
        Largest number of components; a layer that has fewer is read out whole.
    spectrum : {"cortex", "layer"}
        See `Simulation`.
    name : str
        The area that reads out the layer, for an error.

    Returns
    -------
    numpy.ndarray, shape (n_stimuli, n_components)

    Raises
    ------
    InputError
        If no unit of the layer distinguishes the stimuli.
    """
    centred = responses - responses.mean(axis=0)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    n_components = min(most, int((s > 1e-6 * s[0]).sum()))
    if n_components == 0:
        found = "a layer that responds to all stimuli alike"
        raise InputError(f"area {name}", found, "one that tells stimuli apart")
    kept = u[:, :n_components]
    # The sign of a component is arbitrary; fixing it keeps the mice the same on every machine.
    peaks = kept[np.abs(kept).argmax(axis=0), np.arange(n_components)]
    in_cortex = np.arange(1, n_components + 1) ** -0.5
    deviations = in_cortex if spectrum == "cortex" else s[:n_components] / s[0]
    return kept * np.sign(peaks) * np.sqrt(len(responses)) * deviations


def draw_rates(
    components: np.ndarray,
    n_units: int,
    *,
    mean_rate_hz: float,
    gain: float,
    random: np.random.Generator,
) -> np.ndarray:
    """Firing rates of simulated units in response to each stimulus.

    Parameters
    ----------
    components : numpy.ndarray, shape (n_stimuli, n_components)
        What the units read out.
    n_units : int
        Number of units to draw.
    mean_rate_hz, gain : float
        See `Simulation`.
    random : numpy.random.Generator
        Source of the weights.

    Returns
    -------
    numpy.ndarray, shape (n_units, n_stimuli)
        In spikes/s.
    """
    drive = components @ random.normal(size=(components.shape[1], n_units))
    gains = gain * random.lognormal(0, GAIN_SPREAD, size=n_units)
    drive = gains * (drive - drive.mean(axis=0)) / drive.std(axis=0)
    shape = np.logaddexp(0, drive + random.normal(-1, 0.5, size=n_units))
    means = mean_rate_hz * random.lognormal(0, 0.5, size=n_units)
    return (means * shape / shape.mean(axis=0)).T


def draw_presentations(
    n_scenes: int, n_trials: int, random: np.random.Generator
) -> dict[str, pd.DataFrame]:
    """Presentations of a session, with no time between them.

    Returns
    -------
    dict of str to pandas.DataFrame
        ``natural_scenes`` (each scene and the blank, frame -1, `n_trials` times in random order
        over several blocks), ``gabors`` and ``spontaneous``; times in seconds.
    """
    order = random.permutation(np.repeat(np.arange(-1, n_scenes), n_trials)).astype(float)
    gabors = np.arange(36.0)
    spontaneous: tuple[str, float, dict[str, np.ndarray]] = ("spontaneous", PAUSE_S, {})
    sequence = [spontaneous, ("gabors", SCENE_S, {"orientation": 5 * gabors})]
    for frames in np.array_split(order, N_BLOCKS):
        sequence += [spontaneous, ("natural_scenes", SCENE_S, {"frame": frames})]
    sequence.append(spontaneous)
    now = 0.0
    tables: dict[str, list[pd.DataFrame]] = {}
    for block, (name, duration, parameters) in enumerate(sequence):
        n = max(map(len, parameters.values()), default=1)
        edges = now + duration * np.arange(n + 1)
        table = pd.DataFrame({"start_time": edges[:-1], "stop_time": edges[1:], **parameters})
        tables.setdefault(name, []).append(table.assign(stimulus_block=float(block)))
        now = edges[-1]
    return {name: pd.concat(blocks, ignore_index=True) for name, blocks in tables.items()}


def draw_spikes(
    rates: np.ndarray, starts: np.ndarray, stops: np.ndarray, random: np.random.Generator
) -> list[np.ndarray]:
    """Poisson spike times at a rate that is constant within each interval.

    Parameters
    ----------
    rates : numpy.ndarray, shape (n_units, n_intervals)
        In spikes/s.
    starts, stops : numpy.ndarray, shape (n_intervals,)
        Limits of the intervals in seconds.
    random : numpy.random.Generator
        Source of counts and times.

    Returns
    -------
    list of numpy.ndarray
        Ascending spike times of each unit in seconds.
    """
    durations = stops - starts
    counts = random.poisson(rates * durations)
    interval = np.repeat(np.tile(np.arange(len(starts)), len(rates)), counts.ravel())
    times = starts[interval] + durations[interval] * random.random(interval.size)
    return [np.sort(of_unit) for of_unit in np.split(times, counts.sum(axis=1).cumsum()[:-1])]


def place_electrodes(session: int, areas: Sequence[str]) -> pd.DataFrame:
    """Electrodes of one probe per area, which passes through a non-visual area below it.

    Returns
    -------
    pandas.DataFrame
        ``electrodes`` of `workflow_scripts.brains.allen.nwb.Session`.
    """
    tables = []
    for number, area in enumerate(areas):
        below = NON_VISUAL[number % len(NON_VISUAL)]
        locations = np.repeat([below, area, "None"], CHANNELS_PER_LOCATION)
        local = np.arange(len(locations))
        tables.append(
            pd.DataFrame(
                {
                    "id": session * 10_000 + number * 1_000 + local,
                    "probe_id": session * 100 + number,
                    "group_name": f"probe{chr(ord('A') + number)}",
                    "location": locations,
                    "local_index": local,
                    "probe_vertical_position": 20 * local,
                    "probe_horizontal_position": np.where(local % 2, 43, 11),
                    "valid_data": True,
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def describe_units(
    session: int, locations: Sequence[str], electrodes: pd.DataFrame, random: np.random.Generator
) -> pd.DataFrame:
    """Table of units at the given locations; about a fifth of them are of low quality.

    Returns
    -------
    pandas.DataFrame
        ``units`` of `workflow_scripts.brains.allen.nwb.Session`, without ``firing_rate``.
    """
    n = len(locations)
    channels = [
        random.choice(electrodes.loc[electrodes["location"] == location, "id"])
        for location in locations
    ]
    return pd.DataFrame(
        {
            "id": session * 10_000 + np.arange(n),
            "peak_channel_id": channels,
            "local_index": np.arange(n),
            "cluster_id": np.arange(n),
            "quality": np.where(random.random(n) < 0.05, "noise", "good"),
            "isi_violations": random.exponential(0.15, n),
            "amplitude_cutoff": random.exponential(0.04, n),
            "presence_ratio": 1 - np.minimum(random.exponential(0.015, n), 1),
            "snr": random.lognormal(1, 0.4, n),
        }
    )


def draw_units(layers: dict[str, np.ndarray], settings: Simulation) -> tuple[list[str], np.ndarray]:
    """Units of all areas, the visual ones first.

    Parameters
    ----------
    layers : dict of str to numpy.ndarray
        See `simulate`.
    settings : Simulation

    Returns
    -------
    locations : list of str, length n_units
        The area of each unit.
    rates : numpy.ndarray, shape (n_units, n_scenes)
        In spikes/s.
    """
    n_scenes = len(next(iter(layers.values())))
    low, high = settings.units_per_area
    locations: list[str] = []
    rates = []
    for area, responses in layers.items():
        random = settings.stream("units", area)
        n_units = int(random.integers(low, high, endpoint=True))
        components = principal_components(
            responses, settings.max_dimensions, settings.spectrum, area
        )
        locations += [area] * n_units
        rates.append(
            draw_rates(
                components,
                n_units,
                mean_rate_hz=settings.mean_rate_hz,
                gain=settings.gain,
                random=random,
            )
        )
    # Each probe passes through one non-visual area, so a single visual area comes with only one.
    for location in NON_VISUAL[: len(layers)]:
        locations += [location] * NON_VISUAL_UNITS
        rates.append(np.full((NON_VISUAL_UNITS, n_scenes), settings.mean_rate_hz))
    return locations, np.concatenate(rates)


def simulate(layers: dict[str, np.ndarray], settings: Simulation) -> Session:
    """Everything that one session file holds.

    Parameters
    ----------
    layers : dict of str to numpy.ndarray, shape (n_scenes, n_units)
        Pre-softplus responses of the ground truth to the scenes, by area.
    settings : Simulation
    """
    locations, rates = draw_units(layers, settings)
    presentations = draw_presentations(
        rates.shape[1], settings.n_trials, settings.stream("presentations")
    )
    timeline = pd.concat(presentations.values()).sort_values("start_time")
    frames = timeline["frame"].fillna(-1).to_numpy(int)
    baseline = rates.min(axis=1, keepdims=True)
    # Frame -1, the blank and all other stimuli, is the last column.
    rates_in_time = np.hstack([rates, baseline])[:, frames]
    starts, stops = timeline["start_time"].to_numpy(), timeline["stop_time"].to_numpy()
    spike_times = draw_spikes(rates_in_time, starts, stops, settings.stream("spikes"))

    electrodes = place_electrodes(settings.session, list(layers))
    random = settings.stream("quality")
    units = describe_units(settings.session, locations, electrodes, random)
    units["firing_rate"] = [len(times) / stops[-1] for times in spike_times]
    # A second without valid data, as most recordings have; it masks a few presentations.
    scenes = presentations["natural_scenes"]
    gap = scenes["start_time"].iloc[len(scenes) // 2] + SCENE_S / 2
    return Session(
        settings.session,
        "simulated session: no animal was recorded",
        presentations,
        electrodes,
        units,
        spike_times,
        [(gap, gap + 1.0, ["stimulus", "all_probes"])],
    )
