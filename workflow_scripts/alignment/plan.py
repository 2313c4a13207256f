"""What the rules of alignment read and are told: which method compares what, in which shard."""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from workflow_scripts.alignment.method import METHODS, Method, configured_methods
from workflow_scripts.alignment.splits import count_training
from workflow_scripts.brains.plan import BrainPlan
from workflow_scripts.common.config import Config, Splits
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.fingerprints import fingerprints
from workflow_scripts.common.planning import Settings, Wildcards, canonical
from workflow_scripts.networks.plan import Network, NetworkPlan

if TYPE_CHECKING:
    from workflow_scripts.brains.own_folder import OwnFolder

N_FOLDS = 5
"""Folds of methods that have folds, unless the configuration says another number."""

DIRECTIONS = ("model_to_brain", "brain_to_model")

NETWORKS = "networks"
"""Name of the population of networks; the others are brains."""

COLLECTED = {
    "scores": "results/tables/{population}/scores.csv",
    "splits": "results/tables/{population}/split_scores.csv",
    "jackknife": "results/scores/jackknife/{population}.nc",
}
"""What is collected of all shards of a population."""


class AlignmentPlan:
    """Methods, and the shards of all comparisons."""

    def __init__(self, config: Config, networks: NetworkPlan, brains: BrainPlan) -> None:
        self.config = config
        self.networks = networks
        self.brains = brains
        self.methods = configured_methods(config.methods)
        self.post_methods = {
            name: method for name, method in self.methods.items() if method.card.on_brains
        }
        """Methods that do not need the pre-softplus stage, which brains do not have."""
        self._check_looks()
        if config.population:
            n_stimuli = config.stimuli.n.population
            n_groups = n_stimuli if networks.images.is_packed else networks.images.n_pictures
            _check_splits("population", config.population.splits, n_stimuli, self.methods, n_groups)
        for name, brain in config.brains.items():
            place, own = f"brains.{name}", brains.own[name]
            if own:
                _check_own_splits(place, brain.splits, own, self.post_methods)
            elif brain.n_scenes:
                is_drawn = brain.source == "simulated"
                n_groups = networks.images.n_pictures if is_drawn else brain.n_scenes
                _check_splits(place, brain.splits, brain.n_scenes, self.post_methods, n_groups)
            if not (self.is_compared(name) or self.candidates(name) or brains.compared(name)):
                raise InputError(
                    f"config {place}",
                    "one subject, and no candidate that it can be compared with",
                    "two subjects, a candidate that can be shown its images, or another brain",
                )
            n_groups, n_subjects = brain.groups.n_groups, brains.n_subjects(name)
            if brain.sources == "groups" and n_subjects < 2 * n_groups:
                raise InputError(
                    f"config {place}.groups.n_groups",
                    f"{n_groups} for {n_subjects} subjects",
                    "at most half as many groups as subjects, which can then be dealt differently",
                )
        if config.brains and not self.post_methods:
            raise InputError(
                "config methods",
                ", ".join(self.methods),
                "at least one method for post-softplus responses, as brains have no others",
            )
        if not config.population and not config.brains:
            raise InputError(
                "config population", "null, and no brain under brains", "at least one of the two"
            )

    def _check_looks(self) -> None:
        for name, entry in self.config.methods.items():
            if "method" in entry and not {"label", "colour"} <= set(entry):
                raise InputError(
                    f"config methods.{name}",
                    "a method without label and colour",
                    "both for an entry with a name of its own",
                )
        for attribute in ("label", "colour"):
            seen: dict[str, str] = {}
            for name, method in self.methods.items():
                value = getattr(method.card, attribute)
                if value in seen:
                    found = f"the {attribute} {value!r}, which is also that of {seen[value]}"
                    raise InputError(f"config methods.{name}", found, "another one")
                seen[value] = name

    def is_compared(self, brain: str) -> bool:
        """Whether the subjects of a brain can be compared with each other."""
        return self.brains.n_subjects(brain) > 1

    def candidates(self, brain: str) -> list[Network]:
        """Candidates that a brain is compared with: those that have responses to its stimuli."""
        return [
            network
            for network in self.networks.candidates
            if self.config.brains[brain].has_images or self.networks.is_imported(network.variant)
        ]

    def mappings(self, on_brains: bool = False) -> list[str]:
        """Names of the methods that predict responses, perhaps of those alone for brains."""
        methods = self.post_methods if on_brains else self.methods
        return [name for name, method in methods.items() if method.card.kind == "mapping"]

    def claimed_mappings(self) -> list[str]:
        """Those that claims are about, which leave out controls."""
        return [name for name in self.mappings() if not self.methods[name].card.control]

    def method_code(self, wildcards: Wildcards) -> list[str]:
        """A method's file and every module that it imports."""
        return fingerprints(METHODS.path(self.methods[wildcards.method].implementation))

    def gpu(self, wildcards: Wildcards) -> int:
        """GPUs that a fit uses: none if the method takes arrays of NumPy only."""
        return int(self.networks.uses_gpu and self.methods[wildcards.method].card.array_api)

    def activations(self, wildcards: Wildcards) -> list[str]:
        """Activations of a shard's networks on the population's images."""
        return [
            self.networks.activations(network, "population") for network in _up_to(self, wildcards)
        ]

    def candidate_activations(self, wildcards: Wildcards) -> str:
        """Activations of a candidate on the images of a brain."""
        return self.networks.activations(Network.of(wildcards), wildcards.brain)

    def model_settings(self, wildcards: Wildcards) -> Settings:
        """Settings of `align_models`."""
        population = self.config.population
        assert population
        return self._settings(
            wildcards,
            subjects=[str(network) for network in _up_to(self, wildcards)],
            layers=population.layers,
            splits=population.splits.model_dump(),
        )

    def brain_settings(self, wildcards: Wildcards) -> Settings:
        """Settings of `align_brain`."""
        brain = self.config.brains[wildcards.brain]
        return self._brain_settings(
            wildcards,
            area=wildcards.area,
            sources=brain.sources,
            groups=brain.groups.model_dump() if brain.sources == "groups" else None,
        )

    def brains_settings(self, wildcards: Wildcards) -> Settings:
        """Settings of `align_brains`."""
        source = wildcards.source_brain
        filters = self.brains.filters(source)
        # The noise correction is that of the target brain, and needs the trials of both.
        filters["min_trials"] = self.brains.filters(wildcards.brain)["min_trials"]
        return self._brain_settings(wildcards, source_brain=source, source_filters=filters)

    def candidate_settings(self, wildcards: Wildcards) -> Settings:
        """Settings of `align_model_and_brain`."""
        network = Network.of(wildcards)
        candidate = self.config.candidates[self.networks.candidates.index(network)]
        return self._brain_settings(wildcards, subject=str(network), layers=candidate.layers)

    def shards(self, population: str) -> list[str]:
        """All shards of the networks or of a brain."""
        if population == NETWORKS:
            return [
                f"results/scores/networks/{method}/{network}.nc"
                for method in self.methods
                for network in self.networks.population
            ]
        areas = self.config.brains[population].areas
        paths = [
            f"results/scores/brain/{population}/{method}/{area}.nc"
            for method in self.post_methods
            for area in areas
            if self.is_compared(population)
        ]
        paths += [
            f"results/scores/{direction}/{population}/{method}/{network}.nc"
            for direction in DIRECTIONS
            for method in self.post_methods
            for network in self.candidates(population)
        ]
        return paths + [
            f"results/scores/brain_to_brain/{other}/{population}/{method}.nc"
            for other in self.brains.compared(population)
            for method in self.post_methods
        ]

    def score_shards(self, wildcards: Wildcards) -> list[str]:
        """Shards that `collect_scores` reads: all of the population."""
        return self.shards(wildcards.population)

    def unit_shards(self, wildcards: Wildcards) -> list[str]:
        """Shards that `collect_units` reads: units of candidates are predicted from the brain."""
        return [
            f"results/scores/brain_to_model/{wildcards.brain}/{method}/{network}.nc"
            for method in self.mappings(on_brains=True)
            for network in self.candidates(wildcards.brain)
        ]

    def has_units(self, brain: str) -> bool:
        """Whether units of candidates are predicted from a brain."""
        return bool(self.mappings(on_brains=True) and self.candidates(brain))

    def _settings(self, wildcards: Wildcards, **items: object) -> Settings:
        method = self.methods[wildcards.method]
        return canonical(
            {
                "seed": self.config.seed,
                "device": self.config.device,
                "method": wildcards.method,
                "implementation": method.implementation,
                "parameters": method.parameters,
                **items,
            }
        )

    def _brain_settings(self, wildcards: Wildcards, **items: object) -> Settings:
        brain = self.config.brains[wildcards.brain]
        return self._settings(
            wildcards,
            brain=wildcards.brain,
            filters=self.brains.filters(wildcards.brain),
            max_source_units=brain.max_source_units,
            noise_correction=brain.noise_correction,
            splits=brain.splits.model_dump(),
            **items,
        )


def _up_to(plan: AlignmentPlan, wildcards: Wildcards) -> list[Network]:
    """The shard's network and all networks before it in the configuration, itself last."""
    population = plan.networks.population
    return population[: population.index(Network.of(wildcards)) + 1]


def _n_folds(methods: Mapping[str, Method]) -> int:
    """Largest number of folds in which one of the methods divides the training stimuli."""
    folds = [
        method.parameters.get("n_folds", N_FOLDS)
        for method in methods.values()
        if "n_folds" in METHODS.parameters(method.implementation)
    ]
    return max(folds, default=2)


def _check_splits(
    place: str,
    splits: Splits,
    n_stimuli: int,
    methods: Mapping[str, Method],
    n_groups: int | None = None,
) -> None:
    """Refuse splits that do not leave what every fit and every score needs.

    `n_groups` is the largest number of groups that the stimuli can be in.
    """
    if n_groups and count_training(n_groups, splits.train_fraction) == n_groups:
        raise InputError(
            f"config {place}.splits.train_fraction",
            f"{splits.train_fraction}, which is all of {n_groups} groups of stimuli",
            "less, so that at least one group is left to test",
        )
    fewest = _n_folds(methods)
    n_train = count_training(n_stimuli, splits.train_fraction)
    if not fewest <= n_train <= n_stimuli - 2:
        raise InputError(
            f"config {place}.splits.train_fraction",
            f"{splits.train_fraction}, which is {n_train} of {n_stimuli} stimuli",
            f"at least {fewest}, the folds of the methods, and two left to test",
        )


def _check_own_splits(
    place: str, splits: Splits, own: "OwnFolder", methods: Mapping[str, Method]
) -> None:
    """The same for stimuli that may belong to groups, or have a prescribed split."""
    stimuli = list(own.stimuli.values())
    sizes = sorted(Counter(stimulus.group for stimulus in stimuli).values())
    if own.listed is None or (len(sizes) == len(stimuli) and not stimuli[0].split):
        _check_splits(place, splits, len(stimuli), methods)
        return
    if stimuli[0].split:
        n_test = sum(stimulus.split == "test" for stimulus in stimuli)
        n_train, found = len(stimuli) - n_test, "a split"
    else:
        n_train_groups = count_training(len(sizes), splits.train_fraction)
        # The division that leaves least to train on, and the one that leaves least to test.
        n_train = sum(sizes[:n_train_groups])
        n_test = sum(sizes[: len(sizes) - n_train_groups])
        found = f"{len(sizes)} groups, {n_train_groups} of them to train on,"
    fewest = _n_folds(methods)
    if n_train < fewest or n_test < 2:
        raise InputError(
            own.listed,
            f"{found} with at least {n_train} stimuli to train on and {n_test} to test",
            f"at least {fewest} to train on, the folds of the methods, and two to test",
        )
