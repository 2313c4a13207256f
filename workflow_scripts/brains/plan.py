"""What the rules of brains read and are told, and whether each brain can run."""

import json
import os.path
from collections.abc import Iterable
from pathlib import Path

from workflow_scripts.brains.allen.limits import AREAS, N_SCENES
from workflow_scripts.common.config import Brain, Config
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.planning import Settings, Wildcards, canonical
from workflow_scripts.common.sentences import one_of
from workflow_scripts.networks.plan import NetworkPlan

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
        simulated: dict[int, str] = {}
        for name, brain in self.brains.items():
            _check_brain(name, brain, has_candidates=bool(config.candidates))
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

    def of_source(self, *sources: str) -> list[str]:
        """Names of the brains whose recordings come from these sources."""
        return [name for name, brain in self.brains.items() if brain.source in sources]

    def areas(self) -> list[str]:
        """Areas of all brains."""
        areas = [area for brain in self.brains.values() for area in brain.areas]
        return list(dict.fromkeys(areas))

    def check_own_responses(self) -> None:
        """Refuse a lab's own recordings that are not in the form, before anything runs."""
        for name, brain in self.brains.items():
            files = own_files(brain)
            if not files:
                continue
            # Imported only where it is needed: Snakemake would import it in every job.
            from workflow_scripts.brains.own_recordings import check_own_responses

            check_own_responses(name, brain, files)

    def recordings(self, wildcards: Wildcards) -> list[str]:
        """Recordings of all subjects of a brain, a lab's own last."""
        brain = self.brains[wildcards.brain]
        sessions = [
            f"results/brains/{wildcards.brain}/recordings/{session}.nc"
            for session in brain.sessions
        ]
        return sessions + own_files(brain)

    def scene_folder(self, wildcards: Wildcards) -> str:
        """Folder of the images that the subjects saw."""
        brain = self.brains[wildcards.brain]
        place = brain.directory if brain.source == "directory" else None
        return f"{place or f'results/brains/{wildcards.brain}'}/natural_scene_templates"

    def scene_settings(self, wildcards: Wildcards) -> Settings:
        """Settings of `prepare_scenes`."""
        brain = self.brains[wildcards.brain]
        data_kind = "simulated" if brain.source == "simulated" else "recorded"
        return self._settings(n_scenes=brain.n_scenes, data_kind=data_kind)

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
        return self._settings(
            brain=wildcards.brain,
            sessions=brain.sessions,
            areas=brain.areas,
            quality=brain.extraction.quality.model_dump(),
        )

    def extraction_settings(self, wildcards: Wildcards) -> str:
        """Settings of `extract_responses` as text, for a script in another environment."""
        brain = self.brains[wildcards.brain]
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
            "n_stimuli": brain.n_scenes,
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


def own_files(brain: Brain) -> list[str]:
    """A lab's own recordings: the ``*.nc`` of a folder, in order of name."""
    folder = brain.own_responses
    found: Iterable[Path] = (
        () if folder is None or not os.path.isdir(folder) else (Path(folder).glob("*.nc"))
    )
    # A leading dot marks a file that is still being written.
    return sorted(str(path) for path in found if not path.name.startswith("."))


def _check_brain(name: str, brain: Brain, has_candidates: bool) -> None:
    """Refuse a brain whose keys contradict each other, or whose files are not there."""
    key = f"config brains.{name}"
    _check_window(key, brain)
    _check_own_files(key, brain)
    n_own = len(own_files(brain))
    if len(brain.sessions) + n_own < 2:
        raise InputError(
            f"{key}.sessions",
            f"{len(brain.sessions)} sessions and {n_own} files of brains.{name}.own_responses",
            "at least two subjects",
        )
    if brain.source == "simulated":
        return
    if brain.sessions:
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
    if brain.directory is None and (brain.sessions or has_candidates):
        raise InputError(f"{key}.directory", "null", "an existing AllenSDK cache folder")
    scenes = os.path.join(brain.directory or "", "natural_scene_templates")
    if has_candidates and not os.path.isdir(scenes):
        found = f"{brain.directory!r}, which has no folder natural_scene_templates"
        expected = "the images that the subjects saw, as the candidates see them as well"
        raise InputError(f"{key}.directory", found, expected)
    for session in brain.sessions:
        path = os.path.join(str(brain.directory), f"session_{session}", f"session_{session}.nwb")
        if not os.path.isfile(path):
            raise InputError(
                f"{key}.sessions",
                f"no file {path} for session {session}",
                "the layout of an AllenSDK cache",
            )


def _check_window(key: str, brain: Brain) -> None:
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


def _check_own_files(key: str, brain: Brain) -> None:
    own = own_files(brain)
    if brain.own_responses is not None and not own:
        expected = "an existing folder with *.nc files"
        raise InputError(f"{key}.own_responses", repr(brain.own_responses), expected)
    for path in own:
        if not path.isprintable() or "{" in path or "}" in path:
            raise InputError(
                f"{key}.own_responses",
                f"the file {path!r}",
                "names without control characters and without braces, which Snakemake takes for "
                "wildcards",
            )
    if own and brain.preset == "nayebi":
        raise InputError(
            f"{key}.own_responses",
            f"{len(own)} files",
            "none for preset nayebi, which needs responses in bins of 10 ms",
        )
    if brain.source == "simulated" and not brain.sessions:
        raise InputError(
            f"{key}.sessions",
            "none for source 'simulated', whose images are simulated as well",
            "source 'directory' for own responses alone",
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
