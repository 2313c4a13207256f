"""What the rules of brains read and are told."""

import json

from workflow_scripts.brains.plan_checks import (
    check_brain,
    check_pair,
    check_reliability,
    check_simulated,
    read_own,
)
from workflow_scripts.common.config import Config
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.outside import by_state, files_below, state_of
from workflow_scripts.common.planning import Settings, Wildcards, canonical
from workflow_scripts.networks.plan import NetworkPlan


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
            check_brain(name, brain)
        self.own = {name: read_own(name, brain, sessions) for name, brain in self.brains.items()}
        """Labs' own recordings of each brain."""
        for name, brain in self.brains.items():
            check_reliability(name, brain, self.own[name])
        simulated: dict[int, str] = {}
        for name, brain in self.brains.items():
            if brain.source == "simulated":
                check_simulated(name, brain, config, networks)
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
                check_pair(name, other, self.brains, self.own)

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

    def import_inputs(self, wildcards: Wildcards) -> dict[str, str]:
        """A lab's file of one subject, and the list of stimuli if training stimuli are told."""
        name = wildcards.brain
        found = {"recording": by_state(self._own_files(name)[wildcards.subject])}
        own = self.own[name]
        if self.brains[name].filters.reliability_stimuli == "training":
            assert own and own.listed
            found["listed"] = by_state(own.listed)
        return found

    def own_subjects(self) -> list[str]:
        """Names of the subjects of all brains whose recordings are a lab's own."""
        return sorted({subject for name in self.brains for subject in self._own_files(name)})

    def _own_files(self, name: str) -> dict[str, str]:
        own = self.own[name]
        return own.files if own else {}

    def import_settings(self, wildcards: Wildcards) -> Settings:
        """Settings of `import_recording`."""
        filters = self.brains[wildcards.brain].filters
        return self._settings(reliability_stimuli=filters.reliability_stimuli)

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
        name = wildcards.brain
        found = {
            "recordings": self.recordings(wildcards),
            "listed": self._read(name, self.stimulus_list(name)),
            "images": self._read(name, self.image_folder(name)),
        }
        return {key: paths for key, paths in found.items() if paths}

    def images(self, wildcards: Wildcards) -> str:
        """Folder that `prepare_images` reads."""
        folder = self._read(wildcards.brain, self.image_folder(wildcards.brain))
        assert folder
        return folder

    def _read(self, name: str, path: str | None) -> str | None:
        """A path as an input of jobs, which have the state of what is somebody's own."""
        return by_state(path) if path and self._is_own(name) else path

    def _is_own(self, name: str) -> bool:
        """Whether what a brain is read from is somebody's own, and not made or fetched here."""
        return self.brains[name].source in ("recordings", "directory")

    def image_table(self, wildcards: Wildcards) -> str | list[str]:
        """Table of the stimuli whose images are prepared; without it all of the folder are."""
        is_own = self.brains[wildcards.brain].source == "recordings"
        return f"results/tables/{wildcards.brain}/stimuli.csv" if is_own else []

    def image_state(self, wildcards: Wildcards) -> str:
        """State of the images that take part, if they are somebody's own."""
        name = wildcards.brain
        folder, own = self.image_folder(name), self.own[name]
        if not folder or not self._is_own(name):
            return ""
        is_listed = self.brains[name].source == "recordings"
        return state_of(folder, own.stimuli if own and is_listed else files_below(folder))

    def stimulus_state(self, wildcards: Wildcards) -> str | list[str]:
        """State of what `list_stimuli` reads besides recordings, if it is somebody's own."""
        listed = self.stimulus_list(wildcards.brain)
        images = self.image_state(wildcards)
        if not listed or not self._is_own(wildcards.brain):
            return images
        return [images, state_of("", [listed])]

    def recording_state(self, wildcards: Wildcards) -> str:
        """State of a lab's own recording, and of the list of stimuli if it is read with it."""
        return state_of("", self.import_inputs(wildcards).values())

    def session_state(self, wildcards: Wildcards) -> str:
        """State of a session file, if it is somebody's own."""
        is_own = self._is_own(wildcards.brain)
        return state_of("", [self.session_file(wildcards)]) if is_own else ""

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
            n_generated=self.config.stimuli.n_generated,
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
            return by_state(f"{brain.directory}/session_{session}/session_{session}.nwb")
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
            # A noise correction compares two halves of the trials.
            "min_trials": 1 if brain.noise_correction is None else 2,
            # The reliabilities in a recording are those of these stimuli.
            **brain.filters.model_dump(exclude={"reliability_stimuli"}),
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
