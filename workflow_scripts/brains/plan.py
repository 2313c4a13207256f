"""What the rules of brains read and are told, and whether each brain can run."""

import json
import os.path
from collections.abc import Mapping
from typing import TYPE_CHECKING

from workflow_scripts.brains.allen.limits import AREAS, N_SCENES
from workflow_scripts.brains.allen.release import scene_name
from workflow_scripts.common.config import Brain, Config
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.planning import Settings, Wildcards, canonical
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


class BrainPlan:
    """Brains, where their recordings come from, and what is read of them."""

    def __init__(self, config: Config, networks: NetworkPlan) -> None:
        self.config = config
        self.networks = networks
        self.brains = config.brains
        sessions = {
            str(session): name for name, brain in self.brains.items() for session in brain.sessions
        }
        for name, brain in self.brains.items():
            _check_brain(name, brain)
        self.own = {name: _read_own(name, brain, sessions) for name, brain in self.brains.items()}
        """Labs' own recordings of each brain."""
        simulated: dict[int, str] = {}
        for name, brain in self.brains.items():
            if brain.source == "simulated":
                _check_simulated(name, brain, config, networks)
                for session in brain.sessions:
                    other = simulated.setdefault(session, name)
                    if other != name:
                        raise InputError(
                            f"config brains.{name}.sessions",
                            f"{session}, which is also simulated for {other}",
                            "other numbers, because a number decides what is drawn",
                        )

        for name, brain in self.brains.items():
            for other in brain.compare_with:
                self._check_pair(name, other)

    def _check_pair(self, name: str, other: str) -> None:
        """Refuse two brains that cannot be compared with each other."""
        key = f"config brains.{name}.compare_with"
        if other == name or other not in self.brains:
            others = [item for item in self.brains if item != name]
            raise InputError(key, repr(other), one_of(others))
        pair = {item: self.brains[item] for item in (name, other)}
        for item, brain in pair.items():
            own = self.own[item]
            lacking = [] if own is None else own.without_trials
            if lacking and any(brain.noise_correction is not None for brain in pair.values()):
                found = f"{item}, of which {lacking[0]} has no single trials"
                raise InputError(key, found, "single trials, for the noise_correction of either")
            if brain.preset == "nayebi":
                found = f"{item}, whose preset is nayebi"
                raise InputError(key, found, "preset ccn25, as windows must not differ")
        # Simulated images have the names of the Allen Institute's, and depend on their number.
        first, second = pair.values()
        sources = {brain.source for brain in pair.values()}
        if "simulated" in sources and (
            sources != {"simulated"} or first.n_scenes != second.n_scenes
        ):
            found = f"{other}, with {second.n_scenes} images of source {second.source!r}"
            expected = f"the images of {name}, {first.n_scenes} of source {first.source!r}"
            raise InputError(key, found, expected)

    def of_source(self, *sources: str) -> list[str]:
        """Names of the brains whose recordings come from these sources."""
        return [name for name, brain in self.brains.items() if brain.source in sources]

    def compared(self, name: str) -> list[str]:
        """Other brains that a brain is compared with: it names them, or they name it."""
        named = self.brains[name].compare_with
        return [
            other
            for other, brain in self.brains.items()
            if other in named or name in brain.compare_with
        ]

    def source_recordings(self, wildcards: Wildcards) -> list[str]:
        """Recordings of the brain whose areas predict those of another."""
        return self._recordings(wildcards.source_brain)

    def sessions(self) -> list[int]:
        """Sessions of all brains."""
        return [session for brain in self.brains.values() for session in brain.sessions]

    def areas(self) -> list[str]:
        """Areas of all brains."""
        areas = [area for brain in self.brains.values() for area in brain.areas]
        return list(dict.fromkeys(areas))

    def n_subjects(self, name: str) -> int:
        """Number of subjects that a brain has before any is left out."""
        return len(self.brains[name].sessions) + len(self._own_files(name))

    def recordings(self, wildcards: Wildcards) -> list[str]:
        """Recordings of all subjects of a brain, a lab's own last."""
        return self._recordings(wildcards.brain)

    def _recordings(self, name: str) -> list[str]:
        subjects = [*self.brains[name].sessions, *self._own_files(name)]
        return [f"results/brains/{name}/recordings/{subject}.nc" for subject in subjects]

    def own_recording(self, wildcards: Wildcards) -> str:
        """A lab's file of one subject."""
        return self._own_files(wildcards.brain)[wildcards.subject]

    def own_subjects(self) -> list[str]:
        """Names of the subjects of all brains whose recordings are a lab's own."""
        return sorted({subject for name in self.brains for subject in self._own_files(name)})

    def _own_files(self, name: str) -> dict[str, str]:
        own = self.own[name]
        return own.files if own else {}

    def import_settings(self, wildcards: Wildcards) -> Settings:
        """Settings of `import_recording`."""
        return self._settings()

    def stimulus_list(self, name: str) -> str | None:
        """A brain's list of stimuli, if it has one."""
        brain = self.brains[name]
        if brain.source == "simulated":
            return f"results/brains/{name}/stimuli.csv"
        own = self.own[name]
        return own.listed if own and brain.source == "recordings" else None

    def image_folder(self, name: str) -> str | None:
        """Folder of the images that a brain's subjects saw, if there is one."""
        brain = self.brains[name]
        if brain.source == "recordings":
            own = self.own[name]
            return own.images if own else None
        place = brain.directory if brain.source == "directory" else None
        return f"{place or f'results/brains/{name}'}/natural_scene_templates"

    def stimulus_inputs(self, wildcards: Wildcards) -> dict[str, object]:
        """What `list_stimuli` reads."""
        found = {
            "recordings": self.recordings(wildcards),
            "listed": self.stimulus_list(wildcards.brain),
            "images": self.image_folder(wildcards.brain),
        }
        return {name: paths for name, paths in found.items() if paths}

    def images(self, wildcards: Wildcards) -> str:
        """Folder that `prepare_images` reads."""
        folder = self.image_folder(wildcards.brain)
        assert folder
        return folder

    def image_table(self, wildcards: Wildcards) -> str | list[str]:
        """Table of the stimuli whose images are prepared; without it all of the folder are."""
        is_own = self.brains[wildcards.brain].source == "recordings"
        return f"results/tables/{wildcards.brain}/stimuli.csv" if is_own else []

    def image_state(self, wildcards: Wildcards) -> str:
        """Which of a lab's own images take part, and their sizes and times.

        Snakemake compares the time of a folder alone, which an image that is replaced leaves.
        """
        own = self.own[wildcards.brain]
        if self.brains[wildcards.brain].source != "recordings" or not own or not own.images:
            return ""
        from hashlib import sha256

        state = sha256()
        for name in own.stimuli:
            path = os.path.join(own.images, name)
            found = os.stat(path) if os.path.exists(path) else None
            state.update(f"{name} {found and (found.st_size, found.st_mtime_ns)}\n".encode())
        return state.hexdigest()

    def stimulus_settings(self, wildcards: Wildcards) -> Settings:
        """Settings of `list_stimuli`."""
        return {"brain": wildcards.brain}

    def image_settings(self, wildcards: Wildcards) -> Settings:
        """Settings of `prepare_images`."""
        own = self.own[wildcards.brain]
        kinds = {labels.data_kind for labels in own.labels.values()} if own else set()
        is_simulated = self.brains[wildcards.brain].source == "simulated" or "simulated" in kinds
        return self._settings(data_kind="simulated" if is_simulated else "recorded")

    def simulated_scene_settings(self, wildcards: Wildcards) -> Settings:
        """Settings of `simulate_scenes`."""
        return self._settings(
            n_scenes=self.brains[wildcards.brain].n_scenes,
            crop_scale=self.config.stimuli.crop_scale,
        )

    def truth(self, wildcards: Wildcards) -> str:
        """Activations of the network whose layers the simulated subjects read out."""
        return self.networks.activations(self.networks.truths[wildcards.brain], wildcards.brain)

    def session_settings(self, wildcards: Wildcards) -> Settings:
        """Settings of `simulate_session`."""
        brain = self.brains[wildcards.brain]
        assert brain.simulated
        options = brain.simulated.model_dump(exclude={"truth", "layers"})
        areas = {area: brain.simulated.layers[area] for area in brain.areas}
        return self._settings(session=int(wildcards.subject), areas=areas, **options)

    def session_file(self, wildcards: Wildcards) -> str:
        """A session's NWB file: simulated, fetched, or in the AllenSDK cache folder."""
        brain, session = self.brains[wildcards.brain], wildcards.subject
        if brain.source == "directory":
            return f"{brain.directory}/session_{session}/session_{session}.nwb"
        return f"results/brains/{wildcards.brain}/nwb/session_{session}.nwb"

    def fetch_settings(self, wildcards: Wildcards) -> str:
        """Settings of a download as text, for a script in another environment.

        Without the master seed, on which no download depends.
        """
        brain = self.brains[wildcards.brain]
        items = {
            "brain": wildcards.brain,
            "source": brain.source,
            "base_url": brain.base_url,
            "n_scenes": brain.n_scenes,
        }
        if hasattr(wildcards, "subject"):
            items["session"] = int(wildcards.subject)
        return json.dumps(canonical(items))

    def selection_settings(self, wildcards: Wildcards) -> Settings:
        """Settings of `select_sessions`."""
        brain = self.brains[wildcards.brain]
        assert brain.extraction
        return self._settings(
            brain=wildcards.brain,
            sessions=brain.sessions,
            areas=brain.areas,
            quality=brain.extraction.quality.model_dump(),
        )

    def extraction_settings(self, wildcards: Wildcards) -> str:
        """Settings of `extract_responses` as text, for a script in another environment."""
        brain = self.brains[wildcards.brain]
        assert brain.extraction
        settings = self._settings(
            brain=wildcards.brain,
            session=int(wildcards.subject),
            areas=brain.areas,
            preset=brain.preset,
            n_scenes=brain.n_scenes,
            **brain.extraction.model_dump(),
        )
        return json.dumps(settings)

    def filters(self, name: str) -> Settings:
        """What decides which units take part, as `workflow_scripts.brains.subjects.Filters`."""
        brain = self.brains[name]
        return {
            "areas": brain.areas,
            "preset": brain.preset,
            **brain.filters.model_dump(),
        }

    def summary_settings(self, wildcards: Wildcards) -> Settings:
        """Settings of `summarise_brain`."""
        return self._settings(
            brain=wildcards.brain,
            filters=self.filters(wildcards.brain),
            expected_subjects=self.brains[wildcards.brain].expected_subjects,
        )

    def _settings(self, **items: object) -> Settings:
        return canonical({"seed": self.config.seed, **items})


def _read_own(name: str, brain: Brain, sessions: Mapping[str, str]) -> "OwnFolder | None":
    """A lab's own recordings, without their responses, checked against the configuration.

    Jobs tell subjects by their names, so none may have that of a session, of which `sessions` says
    the brain.
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


def _check_brain(name: str, brain: Brain) -> None:
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


def _check_simulated(name: str, brain: Brain, config: Config, networks: NetworkPlan) -> None:
    """Refuse a simulation that contradicts the rest of the configuration."""
    key, simulated = f"config brains.{name}.simulated", brain.simulated
    if simulated is None:
        raise InputError(key, "null", "the keys of a simulation, for source 'simulated'")
    missing = [area for area in brain.areas if area not in simulated.layers]
    if missing:
        found = f"no layer for area {missing[0]!r}"
        raise InputError(f"{key}.layers", found, f"one for each of brains.{name}.areas")
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
    components = brain.n_scenes - 1
    if config.activations.mode != "all":
        components = min(components, config.activations.max_per_layer)
    if simulated.dimensions > components:
        raise InputError(
            f"{key}.dimensions",
            str(simulated.dimensions),
            f"at most {components}, fewer than n_scenes and no more than activations.max_per_layer",
        )
