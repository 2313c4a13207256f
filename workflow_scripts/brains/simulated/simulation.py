"""Simulate the recording of one mouse and write it as an Allen session file.

Every unit of an area reads out, linearly and with random weights of its own, the leading principal
components of what one layer of a ground-truth network computes before its softplus; a softplus
turns the drive into a firing rate and a Poisson process into spikes. The components are those of
the layer, so all mice share them: what an area knows is the same in every mouse, and only the
weights differ.
"""

import numpy as np
import pandas as pd

from workflow_scripts.common.errors import InputError
from workflow_scripts.common.random_streams import generator

SCENE_S = 0.25

N_BLOCKS = 3

NON_VISUAL = ("CA1", "LGd")

NON_VISUAL_UNITS = 2

CHANNELS_PER_LOCATION = 10


def principal_components(responses, n_components, name):
    """Scores of the leading principal components, each in units of the first one's deviation.

    Parameters
    ----------
    responses : numpy.ndarray
        Responses of a layer, stimulus x unit.
    n_components : int
        How many components to keep.
    name : str
        What to call the responses in an error.

    Returns
    -------
    numpy.ndarray
        Scores, stimulus x component.

    Raises
    ------
    InputError
        If the layer has fewer components.
    """
    centred = responses - responses.mean(axis=0)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    available = int((s > 1e-6 * s[0]).sum())
    if available < n_components:
        raise InputError(
            f"dimensions: {name} has {available} principal components, expected {n_components}"
        )
    scores = u[:, :n_components] * (s[:n_components] / s[0])
    # the sign of a component is arbitrary; fixing it keeps the mice the same on every machine
    peaks = scores[np.abs(scores).argmax(axis=0), np.arange(n_components)]
    return scores * np.sign(peaks) * np.sqrt(len(responses))


def draw_rates(components, n_units, *, mean_rate_hz, gain, random):
    """Firing rate of simulated units to each stimulus.

    Parameters
    ----------
    components : numpy.ndarray
        What the units read out, stimulus x component.
    n_units : int
        How many units to draw.
    mean_rate_hz : float
        Median over units of the mean rate over stimuli, spikes/s.
    gain : float
        Deviation of the drive before the softplus; the larger, the sparser the responses.
    random : numpy.random.Generator
        Source of the weights.

    Returns
    -------
    numpy.ndarray
        Rates in spikes/s, unit x stimulus.
    """
    drive = components @ random.normal(size=(components.shape[1], n_units))
    drive = gain * (drive - drive.mean(axis=0)) / drive.std(axis=0)
    shape = np.logaddexp(0, drive + random.normal(-1, 0.5, size=n_units))
    means = mean_rate_hz * random.lognormal(0, 0.5, size=n_units)
    return (means * shape / shape.mean(axis=0)).T


def draw_presentations(n_scenes, n_trials, random):
    """Presentations of a session, with no time between them.

    Returns
    -------
    dict of str to pandas.DataFrame
        ``natural_scenes`` (each scene and the blank, frame -1, `n_trials` times in random order
        and several blocks), ``gabors`` and ``spontaneous``; times in seconds.
    """
    order = random.permutation(np.repeat(np.arange(-1, n_scenes), n_trials)).astype(float)
    gabors = np.arange(36.0)
    sequence = [("spontaneous", 10.0, {}), ("gabors", SCENE_S, {"orientation": 5 * gabors})]
    for frames in np.array_split(order, N_BLOCKS):
        sequence += [
            ("spontaneous", 10.0, {}),
            ("natural_scenes", SCENE_S, {"frame": frames}),
        ]
    sequence.append(("spontaneous", 10.0, {}))
    now, tables = 0.0, {}
    for block, (name, duration, parameters) in enumerate(sequence):
        n = max(map(len, parameters.values()), default=1)
        edges = now + duration * np.arange(n + 1)
        table = pd.DataFrame({"start_time": edges[:-1], "stop_time": edges[1:], **parameters})
        tables.setdefault(name, []).append(table.assign(stimulus_block=float(block)))
        now = edges[-1]
    return {name: pd.concat(parts, ignore_index=True) for name, parts in tables.items()}


def draw_spikes(rates, starts, stops, random):
    """Poisson spike times at a rate that is constant within each interval.

    Parameters
    ----------
    rates : numpy.ndarray
        Rates in spikes/s, unit x interval.
    starts, stops : numpy.ndarray
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
    return [np.sort(part) for part in np.split(times, counts.sum(axis=1).cumsum()[:-1])]


def place_electrodes(session, areas):
    """Electrodes of one probe per area, which passes through a non-visual area below it.

    Returns
    -------
    pandas.DataFrame
        The columns that `workflow_scripts.brains.allen.nwb.write_session` takes.
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


def describe_units(session, locations, electrodes, random):
    """Table of units at the given locations, of which about a fifth are of low quality.

    Returns
    -------
    pandas.DataFrame
        The columns that `nwb.write_session` takes, without ``firing_rate``.
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


def simulate(layers, settings):
    """Everything that one session file holds.

    Parameters
    ----------
    layers : dict of str to numpy.ndarray
        Pre-softplus responses of the ground truth to the scenes, stimulus x unit, by area.
    settings : dict
        ``session``, ``units_per_area`` (least and most), ``n_trials``, ``dimensions``,
        ``mean_rate_hz``, ``gain``, ``seed``.

    Returns
    -------
    dict
        Arguments of `workflow_scripts.brains.allen.nwb.write_session`.
    """
    session, master = settings["session"], settings["seed"]

    def stream(*names):
        return generator(master, "simulate_session", session, *names)

    n_scenes = len(next(iter(layers.values())))
    low, high = settings["units_per_area"]
    locations, rates = [], []
    for area, responses in layers.items():
        random = stream("units", area)
        n_units = random.integers(low, high, endpoint=True)
        components = principal_components(responses, settings["dimensions"], area)
        locations += [area] * n_units
        rates.append(
            draw_rates(
                components,
                n_units,
                mean_rate_hz=settings["mean_rate_hz"],
                gain=settings["gain"],
                random=random,
            )
        )
    # Each probe passes through one of them, so that one area has one probe.
    for location in NON_VISUAL[: len(layers)]:
        locations += [location] * NON_VISUAL_UNITS
        rates.append(np.full((NON_VISUAL_UNITS, n_scenes), settings["mean_rate_hz"]))
    rates = np.concatenate(rates)

    presentations = draw_presentations(n_scenes, settings["n_trials"], stream("presentations"))
    timeline = pd.concat(presentations.values()).sort_values("start_time")
    frames = timeline["frame"].fillna(-1).to_numpy(int)
    baseline = rates.min(axis=1, keepdims=True)
    rates_in_time = np.hstack([rates, baseline])[:, frames]
    starts, stops = timeline["start_time"].to_numpy(), timeline["stop_time"].to_numpy()
    spike_times = draw_spikes(rates_in_time, starts, stops, stream("spikes"))

    electrodes = place_electrodes(session, list(layers))
    units = describe_units(session, locations, electrodes, stream("quality"))
    units["firing_rate"] = [len(times) / stops[-1] for times in spike_times]
    # a second without valid data, as most recordings have; it masks a few presentations
    scenes = presentations["natural_scenes"]
    gap = scenes["start_time"].iloc[len(scenes) // 2] + SCENE_S / 2
    return {
        "session": session,
        "description": "simulated session: no animal was recorded",
        "presentations": presentations,
        "electrodes": electrodes,
        "units": units,
        "spike_times": spike_times,
        "invalid_times": [(gap, gap + 1.0, ["stimulus", "all_probes"])],
    }
