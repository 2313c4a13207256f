"""What the rules of networks read and are told, and which networks there are."""

from collections.abc import Iterable
from dataclasses import dataclass

from workflow_scripts.common.config import NESTED, Config, File, Options, is_trained, validated
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.fingerprints import fingerprints
from workflow_scripts.common.outside import by_state, state_of
from workflow_scripts.common.planning import Settings, Wildcards, canonical
from workflow_scripts.common.sentences import one_of
from workflow_scripts.images.plan import ImagePlan
from workflow_scripts.networks.architecture import ARCHITECTURES
from workflow_scripts.networks.own_code import code_of
from workflow_scripts.networks.ready_files import ready_files

WEIGHTS = (".safetensors", ".pt", ".pth")
"""Suffixes of files with weights from elsewhere."""

PASSES = {"n_trials", "max_trials", "min_reliability"}
"""Keys of ``activations`` that say how many passes are averaged."""

IMAGE_SIDE = 64
"""Side in pixels of the images that networks trained here see."""


@dataclass(frozen=True)
class Network:
    """One network: a variant and a seed."""

    variant: str
    seed: int

    @classmethod
    def of(cls, wildcards: Wildcards) -> "Network":
        """The network that the wildcards of a job name."""
        return cls(wildcards.variant, int(wildcards.seed))

    def __str__(self) -> str:
        return f"{self.variant}/{self.seed}"


class NetworkPlan:
    """Variants, the population, the candidates, and the networks that simulated brains read out."""

    def __init__(self, config: Config, images: ImagePlan) -> None:
        self.config = config
        self.images = images
        population = config.population
        self.population = (
            [Network(population.variant, seed) for seed in population.seeds] if population else []
        )
        self.candidates = [Network(item.variant, item.seed) for item in config.candidates]
        self.truths = {
            name: Network(brain.simulated.truth.variant, brain.simulated.truth.seed)
            for name, brain in config.brains.items()
            if brain.source == "simulated" and brain.simulated
        }
        self.uses_gpu = config.device != "cpu"
        self._check()

    def variant(self, name: str) -> Options:
        """Settings of a variant: those under ``training``, overridden by its own.

        A model that is not trained here has only its own. Options of other architectures and
        objectives are left out, because they change nothing.
        """
        own = self.config.variants[name]
        if "activations" in own:
            return own
        architecture: str = own.get("architecture") or self.config.training["architecture"]
        if not is_trained(architecture):
            return own
        foreign = set().union(
            *(ARCHITECTURES.parameters(other) for other in ARCHITECTURES.names())
        ) - set(ARCHITECTURES.parameters(architecture))
        merged = {**self.config.training, **own}
        for key in NESTED:
            merged[key] = {**self.config.training[key], **own.get(key, {})}
        if merged["objective"] != "instance_recognition":
            foreign.add("instance_recognition")
        return {key: value for key, value in merged.items() if key not in foreign}

    def is_trained(self, name: str) -> bool:
        """Whether networks of a variant are trained by the workflow."""
        return not self.is_imported(name) and is_trained(self.variant(name)["architecture"])

    def is_imported(self, name: str) -> bool:
        """Whether a variant is activations that somebody has already: it is shown no images."""
        return "activations" in self.config.variants[name]

    def imported_variants(self) -> list[str]:
        """Variants whose activations somebody has already."""
        return [name for name in self.config.variants if self.is_imported(name)]

    def read_variants(self) -> list[str]:
        """Variants whose activations are read here."""
        return [name for name in self.config.variants if not self.is_imported(name)]

    def _check(self) -> None:
        activations = self.config.activations
        if activations.projection and activations.mode == "all":
            raise InputError(
                "config activations.projection",
                "true with mode all, which keeps every unit",
                "false, or another mode",
            )
        if activations.max_trials < activations.n_trials:
            raise InputError(
                "config activations.max_trials",
                str(activations.max_trials),
                f"at least activations.n_trials, {activations.n_trials}",
            )
        for name in self.config.variants:
            self._check_variant(name)
        if self.config.population:
            population = self.config.population
            self.check_reference("population", population.variant, population.layers)
        seen: dict[Network, str] = {}
        for index, candidate in enumerate(self.config.candidates):
            key = f"candidates.{index}"
            network = self.candidates[index]
            if network in seen:
                found = f"{network}, which is also {seen[network]}"
                raise InputError(f"config {key}", found, "another variant or seed")
            seen[network] = key
            self.check_reference(key, candidate.variant, candidate.layers, trained=False)

    def _check_variant(self, name: str) -> None:
        own = self.config.variants[name]
        if self.is_imported(name):
            self._check_ready(name, own["activations"])
            return
        weights = own.get("weights")
        if weights is not None:
            validated(File, weights, "variants", name, "weights")
            from os.path import isfile

            if not (weights.endswith(WEIGHTS) and isfile(weights)):
                raise InputError(
                    f"config variants.{name}.weights",
                    repr(weights),
                    f"null or an existing file that ends in {', '.join(WEIGHTS)}",
                )
        if "function" in own:
            try:
                code_of(own["function"])
            except InputError as error:
                _, found, expected = error.args
                raise InputError(f"config variants.{name}.function", found, expected) from error
        settings = self.variant(name)
        for option in ARCHITECTURES.parameters(settings["architecture"]):
            if option not in settings:
                raise InputError(
                    f"config variants.{name}",
                    f"no {option}, which {settings['architecture']} needs",
                    f"{option} here or under training",
                )

    def _check_ready(self, name: str, path: str) -> None:
        """Refuse activations that are not there."""
        from os.path import isdir, isfile

        place = f"config variants.{name}.activations"
        if not (isfile(path) if path.endswith(".nc") else isdir(path)):
            expected = "an existing folder, or an existing file that ends in .nc"
            raise InputError(place, repr(path), expected)
        [names] = ready_files(path, [])
        if not isfile(names):
            raise InputError(place, f"no file {names}", "one name of a stimulus on each line of it")
        for index, candidate in enumerate(self.config.candidates):
            for file in ready_files(path, candidate.layers if candidate.variant == name else []):
                if not isfile(file):
                    raise InputError(
                        f"config candidates.{index}.layers",
                        f"no file {file}",
                        f"the responses of each layer as {path}/<layer>.npy",
                    )

    def check_reference(
        self, key: str, variant: str, layers: Iterable[str], trained: bool = True
    ) -> None:
        """Refuse a reference to layers of a variant that does not exist or has no such layers.

        Parameters
        ----------
        key : str
            Where the reference stands.
        variant : str
        layers : iterable of str
        trained : bool
            Whether the variant must be one that is trained here.
        """
        if variant not in self.config.variants:
            raise InputError(f"config {key}.variant", repr(variant), one_of(self.config.variants))
        if not self.is_trained(variant):
            if trained:
                raise InputError(
                    f"config {key}.variant",
                    f"{variant!r}, a model that is not trained here",
                    "a network that is; other models can only be candidates",
                )
            # The job that reads the model checks its layers: torchvision takes seconds to import.
            return
        known = ARCHITECTURES.card(self.variant(variant)["architecture"]).layers
        for layer in layers:
            if layer not in known:
                expected = f"layers of {variant}: {', '.join(known)}"
                raise InputError(f"config {key}.layers", repr(layer), expected)
        self._check_training(variant)

    def _check_training(self, name: str) -> None:
        """Refuse a network whose training would not have a single step, or lacks a setting."""
        own, settings = self.config.variants[name], self.variant(name)

        def place(key: str) -> str:
            return f"config variants.{name}.{key}" if key in own else f"config training.{key}"

        if settings["objective"] == "untrained":
            return
        n, size = self.config.stimuli.n.training, settings["batch_size"]
        if size > n:
            raise InputError(place("batch_size"), str(size), f"at most stimuli.n.training, {n}")
        if settings["epochs"] * (n // size) <= 0.5:
            raise InputError(
                place("epochs"),
                str(settings["epochs"]),
                f"at least one step, 1/{n // size} of the {n} training images in batches of {size}",
            )
        recognition = settings.get("instance_recognition")
        if recognition and recognition["loss"] == "nce" and recognition["negatives"] is None:
            raise InputError(
                f"{place('instance_recognition')}.negatives",
                "null with the loss nce",
                "a number",
            )

    def layers_of(self, network: Network, stimuli: str) -> list[str]:
        """Layers of a network that any comparison reads for one stimulus set, in one order."""
        layers: list[str] = []
        population = self.config.population
        if stimuli == "population":
            if population and network in self.population:
                layers += population.layers
        else:
            if network in self.candidates:
                layers += self.config.candidates[self.candidates.index(network)].layers
            brain = self.config.brains[stimuli]
            if brain.simulated and self.truths.get(stimuli) == network:
                layers += [brain.simulated.layers[area] for area in brain.areas]
        return sorted(set(layers))

    def seeds_of(self, variant: str) -> list[int]:
        """Seeds of all networks of a variant, in the order in which jobs train them."""
        is_shown = any(brain.has_images for brain in self.config.brains.values())
        candidates = self.candidates if is_shown else []
        networks = [*self.population, *candidates, *self.truths.values()]
        return list(dict.fromkeys(item.seed for item in networks if item.variant == variant))

    def trained_variants(self) -> list[str]:
        """Variants of the networks that the run trains."""
        return [
            variant
            for variant in sorted(self.config.variants)
            if self.seeds_of(variant) and self.is_trained(variant)
        ]

    def trained(self, network: Network, suffix: str) -> str:
        """File of the job that trains a network, together with the others of its group.

        A new seed of the population joins or follows its groups. Networks outside the population
        are in groups of their own.
        """
        variant, seed = network.variant, network.seed
        seeds = [item.seed for item in self.population if item.variant == variant]
        if seed not in seeds:
            seeds = [other for other in self.seeds_of(variant) if other not in seeds]
        size = self.config.seeds_per_job
        start = seeds.index(seed) // size * size
        group = "_".join(str(other) for other in seeds[start : start + size])
        return f"results/models/{variant}/{group}.{suffix}"

    def curve_files(self, variants: Iterable[str]) -> list[str]:
        """Training curves of all networks of some variants."""
        paths = [
            self.trained(Network(variant, seed), "csv")
            for variant in variants
            for seed in self.seeds_of(variant)
        ]
        return list(dict.fromkeys(paths))

    def all_curves(self) -> list[str]:
        """Training curves of all networks."""
        return self.curve_files(self.trained_variants())

    def activations(self, network: Network, stimuli: str) -> str:
        """Activations of a network on one stimulus set."""
        return f"results/activations/{stimuli}/{network}.nc"

    def all_activations(self) -> list[str]:
        """Activations that are read here, of all networks on all stimulus sets that they see."""
        shown = [(network, "population") for network in self.population]
        for name, brain in self.config.brains.items():
            networks = self.candidates if brain.has_images else []
            shown += [(network, name) for network in networks]
            shown += [(self.truths[name], name)] if name in self.truths else []
        return list(
            dict.fromkeys(
                self.activations(network, stimuli)
                for network, stimuli in shown
                if not self.is_imported(network.variant)
            )
        )

    def weights(self, wildcards: Wildcards) -> str | list[str]:
        """Weights of a network; those of a model from elsewhere are its owner's file, or none."""
        settings = self.variant(wildcards.variant)
        if not is_trained(settings["architecture"]):
            return by_state(settings["weights"]) if settings["weights"] else []
        return self.trained(Network.of(wildcards), "safetensors")

    def weights_state(self, wildcards: Wildcards) -> str:
        """State of the weights of a network, if they are somebody's own."""
        settings = self.variant(wildcards.variant)
        if is_trained(settings["architecture"]) or not settings["weights"]:
            return ""
        return state_of("", [settings["weights"]])

    def ready_state(self, wildcards: Wildcards) -> str:
        """State of somebody's activations that a candidate needs."""
        return state_of("", self.ready_files(wildcards))

    def ready_files(self, wildcards: Wildcards) -> list[str]:
        """Files of somebody's activations that a candidate needs."""
        network = Network.of(wildcards)
        layers = self.layers_of(network, wildcards.stimuli)
        paths = ready_files(self.variant(network.variant)["activations"], layers)
        return [by_state(path) for path in paths]

    def images_seen(self, wildcards: Wildcards) -> str:
        """Images that a network sees; a model from elsewhere sees them at a size of its own."""
        if wildcards.stimuli == "population":
            return "results/stimuli/population.nc"
        side = self.variant(wildcards.variant).get("input_size", IMAGE_SIDE)
        return f"results/stimuli/{wildcards.stimuli}/{side}.nc"

    def architecture_code(self, wildcards: Wildcards) -> list[str]:
        """The file of a variant's architecture and every module that it imports.

        Of a model of one's own, also the file of the function that makes it.
        """
        settings = self.variant(wildcards.variant)
        own = code_of(settings["function"]) if "function" in settings else []
        return fingerprints(ARCHITECTURES.path(settings["architecture"])) + own

    def train_settings(self, wildcards: Wildcards) -> Settings:
        """Settings of `train_model`."""
        return self._settings(
            device=self.config.device,
            variant=self.variant(wildcards.variant),
            stimuli=self.images.training_settings(),
        )

    def activation_settings(self, wildcards: Wildcards) -> Settings:
        """Settings of `extract_activations`."""
        return self._settings(
            device=self.config.device,
            variant=self.variant(wildcards.variant),
            # Name of the random stream of the noise, the same for the images of all brains.
            stimuli="population" if wildcards.stimuli == "population" else "scenes",
            passes=self.config.activations.model_dump(include=PASSES),
            **self._unit_settings(wildcards),
        )

    def import_settings(self, wildcards: Wildcards) -> Settings:
        """Settings of `import_activations`."""
        settings = self._unit_settings(wildcards)
        if settings["units"]["mode"] == "hypercolumn":
            # Units without positions, whose order may be that of a map.
            settings["units"]["mode"] = "random_same_index"
        return self._settings(path=self.variant(wildcards.variant)["activations"], **settings)

    def _unit_settings(self, wildcards: Wildcards) -> Settings:
        """What is read of a network: layers, and which of their units."""
        network = Network.of(wildcards)
        options = self.config.activations
        # Units of the population and of simulated brains have a value before their non-linearity.
        is_candidate_only = network not in [*self.population, *self.truths.values()]
        return {
            "variant_name": network.variant,
            "layers": self.layers_of(network, wildcards.stimuli),
            "projected": options.projection and is_candidate_only,
            "units": options.model_dump(exclude={"projection", *PASSES}),
        }

    def summary_settings(self, wildcards: Wildcards) -> Settings:
        """Settings of `summarise_training`."""
        population = self.config.population
        if population is None:
            return self._settings(variant=None, seeds=[], max_accuracy_spread=None)
        return self._settings(
            variant=population.variant,
            seeds=population.seeds,
            max_accuracy_spread=population.max_accuracy_spread,
        )

    def description(self) -> str | None:
        """What the population of networks is, for claims and for the foot of every figure."""
        population = self.config.population
        if population is None:
            return None
        objective = self.variant(population.variant)["objective"].replace("_", " ")
        n_seeds = len(population.seeds)
        images = self.images.description
        return f"{n_seeds} seeds of {population.variant} ({objective}), images: {images}"

    def _settings(self, **items: object) -> Settings:
        return canonical({"seed": self.config.seed, **items})
