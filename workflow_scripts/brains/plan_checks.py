"""Whether the keys of a brain fit each other, and the files that are there."""

import os.path
from collections.abc import Mapping
from typing import TYPE_CHECKING

from workflow_scripts.brains.allen.limits import AREAS, N_SCENES, SCENE_S
from workflow_scripts.brains.allen.release import scene_name
from workflow_scripts.common.config import Brain, Config
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.sentences import one_of
from workflow_scripts.networks.plan import NetworkPlan

if TYPE_CHECKING:
    from workflow_scripts.brains.own_folder import OwnFolder
    from workflow_scripts.brains.recording import Labels

FETCHED = ("s3", "warehouse")
"""Sources from which session files are fetched."""

MASKED_TRIALS = 5
"""Most trials that a simulated session loses: its second without valid data touches 5 of 0.25 s."""

NAYEBI_WINDOW = [0, 0.25]
"""Window in s of the bins of preset nayebi."""


def read_own(name: str, brain: Brain, sessions: Mapping[str, str]) -> "OwnFolder | None":
    """A lab's own recordings, without their responses, checked against the configuration.

    Jobs tell subjects apart by their names, so that no subject may be called like a session.
    `sessions` has the brain of each session.
    """
    if brain.recordings is None:
        return None
    # Imported only where it is needed: Snakemake would import it in every job.
    from workflow_scripts.brains.own_folder import read_folder

    key = f"config brains.{name}"
    scenes = [scene_name(scene) for scene in range(brain.n_scenes or 0)]
    others = {"sessions": scenes} if brain.sessions else {}
    own = read_folder(brain.recordings, f"{key}.recordings", others)
    if brain.sessions:
        _check_joins(key, brain, own)
    for subject, path in own.files.items():
        if subject in sessions:
            found = f"the subject {subject!r}, as in config brains.{sessions[subject]}.sessions"
            raise InputError(path, found, "a name that no other subject has")
        _check_own(key, path, brain, own.labels[subject])
    if not brain.sessions:
        for area in brain.areas:
            if area not in own.areas:
                raise InputError(f"{key}.areas", repr(area), one_of(own.areas))
    return own


def _check_joins(key: str, brain: Brain, own: "OwnFolder") -> None:
    """Refuse a folder that does not go with the sessions of its brain."""
    for path in (own.listed, own.images):
        if path is not None:
            expected = "none where recordings join sessions, whose images are known"
            raise InputError(path, "a list of stimuli or a folder of images", expected)
    if not set(own.areas) & set(brain.areas):
        found = f"the areas {', '.join(own.areas)}"
        raise InputError(f"{key}.recordings", found, f"some of {', '.join(brain.areas)}")
    first = next(iter(own.labels.values()))
    if (first.measurement, first.units) != ("spikes", "spikes/s"):
        found = f"{first.measurement} in {first.units}"
        raise InputError(f"{key}.recordings", found, "spikes in spikes/s, as sessions have")


def _check_own(key: str, path: str, brain: Brain, labels: "Labels") -> None:
    """Refuse a recording without something that the configuration needs."""
    if brain.preset == "nayebi":
        raise InputError(
            f"{key}.recordings",
            f"the file {path}",
            "none for preset nayebi, which needs responses in bins of 10 ms",
        )
    if brain.noise_correction is not None and not labels.has_trials:
        raise InputError(path, "no variable 'trial_response'", f"one, for {key}.noise_correction")
    is_known = labels.has_trials or labels.reliability is not None
    if brain.filters.min_reliability is not None and not is_known:
        raise InputError(
            path,
            "neither 'trial_response' nor 'reliability'",
            f"one of them, or {key}.filters.min_reliability: null, which keeps every unit",
        )


def check_brain(name: str, brain: Brain) -> None:
    """Refuse a brain whose keys contradict each other, or whose files are not there."""
    key = f"config brains.{name}"
    if brain.source == "recordings":
        _check_own_brain(key, brain)
        return
    for item in ("n_scenes", "extraction"):
        if getattr(brain, item) is None:
            raise InputError(f"{key}.{item}", "null", f"a value, for source {brain.source!r}")
    _check_window(key, brain)
    if not brain.sessions:
        expected = (
            f"at least one session for source {brain.source!r}, or source 'recordings' for "
            "recordings of your own alone"
        )
        raise InputError(f"{key}.sessions", "none", expected)
    if brain.source == "simulated":
        return
    for area in brain.areas:
        if area not in AREAS:
            raise InputError(f"{key}.areas", repr(area), one_of(AREAS))
    if brain.source in FETCHED:
        if brain.base_url is None and brain.n_scenes != N_SCENES:
            expected = (
                f"{N_SCENES}, the scenes of the sessions that source {brain.source!r} fetches"
            )
            raise InputError(f"{key}.n_scenes", str(brain.n_scenes), expected)
        return
    if not os.path.isdir(os.path.join(brain.directory or "", "natural_scene_templates")):
        found = "null"
        if brain.directory is not None:
            found = f"{brain.directory!r}, which has no folder natural_scene_templates"
        expected = "an existing AllenSDK cache folder with the images that the subjects saw"
        raise InputError(f"{key}.directory", found, expected)
    for session in brain.sessions:
        path = os.path.join(str(brain.directory), f"session_{session}", f"session_{session}.nwb")
        if not os.path.isfile(path):
            raise InputError(
                f"{key}.sessions",
                f"no file {path} for session {session}",
                "the layout of an AllenSDK cache",
            )


def _check_own_brain(key: str, brain: Brain) -> None:
    """Refuse a brain of a lab's own recordings alone that has keys of other sources."""
    if brain.recordings is None:
        raise InputError(f"{key}.recordings", "null", "a folder, for source 'recordings'")
    foreign = ("directory", "base_url", "sessions", "n_scenes", "extraction", "simulated")
    for item in foreign:
        if getattr(brain, item):
            raise InputError(
                f"{key}.{item}", "a value", "none for source 'recordings', which does not use it"
            )


def _check_window(key: str, brain: Brain) -> None:
    assert brain.extraction
    window = brain.extraction.window_s
    if window[0] >= window[1]:
        raise InputError(f"{key}.extraction.window_s", str(window), "a start before its end")
    if window[1] > SCENE_S:
        expected = f"an end of at most {SCENE_S}, when the next scene is shown"
        raise InputError(f"{key}.extraction.window_s", str(window), expected)
    if brain.preset != "nayebi":
        return
    if window != NAYEBI_WINDOW:
        expected = f"{NAYEBI_WINDOW} for preset nayebi"
        raise InputError(f"{key}.extraction.window_s", str(window), expected)
    if brain.noise_correction is not None:
        raise InputError(
            f"{key}.noise_correction",
            str(brain.noise_correction),
            "null for preset nayebi, whose window differs between subjects",
        )


def check_reliability(name: str, brain: Brain, own: "OwnFolder | None") -> None:
    """Refuse a reliability from training stimuli where these differ, or there are no trials."""
    if brain.filters.reliability_stimuli == "all":
        return
    key = f"config brains.{name}.filters.reliability_stimuli"
    if own is None or not next(iter(own.stimuli.values())).split:
        found = "training, of a brain whose splits are random: each has other training stimuli"
        raise InputError(key, found, "all, or a stimuli.csv with the column split")
    if own.without_trials:
        found = "no variable 'trial_response'"
        raise InputError(own.without_trials[0], found, f"one, for {key}: training")


def check_simulated(name: str, brain: Brain, config: Config, networks: NetworkPlan) -> None:
    """Refuse a simulation that contradicts the rest of the configuration."""
    key, simulated = f"config brains.{name}.simulated", brain.simulated
    if simulated is None:
        raise InputError(key, "null", "the keys of a simulation, for source 'simulated'")
    missing = [area for area in brain.areas if area not in simulated.layers]
    if missing:
        found = f"{missing[0]!r}, which has no layer in simulated.layers"
        expected = f"{one_of(simulated.layers)}, or a layer for it there"
        raise InputError(f"config brains.{name}.areas", found, expected)
    truth = simulated.truth
    networks.check_reference(
        f"brains.{name}.simulated.truth", truth.variant, simulated.layers.values()
    )
    if networks.truths[name] in networks.population:
        raise InputError(
            f"{key}.truth.seed",
            f"{truth.seed}, which is also in population.seeds",
            "a network outside the population",
        )
    assert brain.extraction and brain.n_scenes
    valid = simulated.n_trials - MASKED_TRIALS
    if brain.extraction.min_trials > valid:
        raise InputError(
            f"config brains.{name}.extraction.min_trials",
            str(brain.extraction.min_trials),
            f"at most {valid}, simulated.n_trials less the {MASKED_TRIALS} that may have no valid "
            "data",
        )
    if brain.filters.min_units > simulated.units_per_area[1]:
        raise InputError(
            f"config brains.{name}.filters.min_units",
            str(brain.filters.min_units),
            f"at most the largest of simulated.units_per_area, {simulated.units_per_area[1]}",
        )


def check_pair(
    name: str, other: str, brains: Mapping[str, Brain], own: "Mapping[str, OwnFolder | None]"
) -> None:
    """Refuse two brains that cannot be compared with each other."""
    key = f"config brains.{name}.compare_with"
    if other == name or other not in brains:
        raise InputError(key, repr(other), one_of([item for item in brains if item != name]))
    pair = {item: brains[item] for item in (name, other)}
    is_corrected = any(brain.noise_correction is not None for brain in pair.values())
    for item, brain in pair.items():
        folder = own[item]
        lacking = [] if folder is None else folder.without_trials
        if lacking and is_corrected:
            found = f"{item}, of which {lacking[0]} has no single trials"
            raise InputError(key, found, "single trials, for the noise_correction of either")
        if brain.preset == "nayebi":
            found = f"{item}, whose preset is nayebi"
            raise InputError(key, found, "preset ccn25, as windows must not differ")
    # Simulated images have the names of the Allen Institute's, and depend on their number.
    first, second = pair.values()
    sources = {brain.source for brain in pair.values()}
    if "simulated" in sources and (sources != {"simulated"} or first.n_scenes != second.n_scenes):
        found = f"{other}, with {second.n_scenes} images of source {second.source!r}"
        expected = f"the images of {name}, {first.n_scenes} of source {first.source!r}"
        raise InputError(key, found, expected)
