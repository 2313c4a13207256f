"""What the rules of evaluation read and are told: which metrics of which populations."""

import yaml

from workflow_scripts.alignment.plan import COLLECTED, DIRECTIONS, NETWORKS, AlignmentPlan
from workflow_scripts.common.cards import PACKAGE
from workflow_scripts.common.config import Config
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.fingerprints import fingerprints
from workflow_scripts.common.planning import Settings, Wildcards, canonical
from workflow_scripts.evaluation.metric import METRICS

TABLES = {
    "scores",
    "split_scores",
    "model_units",
    "claims",
    "training",
    "activations",
    "subjects",
    "units",
    "stimuli",
    "sessions",
    "svg",
    "png",
}
"""Names that a metric cannot have: other tables, and files of figures."""

CLAIMED = ("predictivity", "silhouette", "specificity", "separability", "recovery")
"""Metrics that the paper's claims compare."""

CLAIMS = PACKAGE / "evaluation" / "claims.yaml"


class EvaluationPlan:
    """Populations, and the metrics that can be computed for them."""

    def __init__(self, config: Config, alignment: AlignmentPlan) -> None:
        self.config = config
        self.alignment = alignment
        networks = alignment.networks
        for name in config.metrics:
            if name in TABLES:
                raise InputError(METRICS.path(name), f"a metric called {name}", "another name")
        self.populations: list[Settings] = []
        if config.population:
            self.populations.append(
                {
                    "name": NETWORKS,
                    "kind": "networks",
                    "subjects": [str(network) for network in networks.population],
                    "parts": config.population.layers,
                    "candidates": [],
                    "truth": None,
                }
            )
        for name, brain in config.brains.items():
            self.populations.append(
                {
                    "name": name,
                    "kind": "brain",
                    # Which subjects take part is known when the recordings are read.
                    "subjects": [],
                    "parts": brain.areas,
                    "candidates": [str(network) for network in alignment.candidates(name)],
                    "truth": self._truth(name),
                }
            )

    def _truth(self, name: str) -> Settings | None:
        """What a brain is simulated from, if one candidate is of its variant.

        With several, each would be a wrong choice where another one is taken.
        """
        simulated = self.config.brains[name].simulated
        if self.config.brains[name].source != "simulated" or not simulated:
            return None
        variants = [network.variant for network in self.alignment.candidates(name)]
        if variants.count(simulated.truth.variant) != 1:
            return None
        return {"variant": simulated.truth.variant, "layers": simulated.layers}

    def kinds(self, population: Settings) -> list[str]:
        """Kinds of a population, as cards of metrics and panels name them."""
        brain = self.config.brains.get(population["name"])
        kinds = [population["kind"]]
        if brain and brain.sources == "pairs":
            kinds.append("pairs")
        if population["truth"]:
            kinds.append("simulated")
        return kinds

    def comparisons(self, population: Settings) -> list[str]:
        """Comparisons in which a population has scores."""
        name = population["name"]
        if population["kind"] == "networks":
            return ["networks"]
        own = "groups" if self.config.brains[name].sources == "groups" else "brain"
        found = [own] if self.alignment.is_compared(name) else []
        found += DIRECTIONS if population["candidates"] else ()
        return found + (["brain_to_brain"] if self.alignment.brains.compared(name) else [])

    def measured(self, metric: str) -> list[Settings]:
        """Populations for which a metric can be computed."""
        card = METRICS.card(metric)
        return [
            population
            for population in self.populations
            if set(card.populations) & set(self.kinds(population))
            and set(card.comparisons) & set(self.comparisons(population))
            and set(card.needs) <= set(self.comparisons(population))
            and len(population["candidates"]) >= card.min_candidates
            and len(population["parts"]) >= card.min_parts
            and (
                not card.of_mappings
                or self.alignment.mappings(on_brains=population["kind"] == "brain")
            )
        ]

    def is_claimed(self, metric: str, population: Settings) -> bool:
        """Whether claims may be about a metric of a population.

        Not if it is of pseudo-subjects alone, whose values have no interval over subjects.
        """
        compared = set(METRICS.card(metric).comparisons) & set(self.comparisons(population))
        return population in self.measured(metric) and compared != {"groups"}

    def metrics(self) -> list[str]:
        """Configured metrics that can be computed for at least one population."""
        return [name for name in self.config.metrics if self.measured(name)]

    def metric_code(self, wildcards: Wildcards) -> list[str]:
        """A metric's file and every module that it imports."""
        return fingerprints(METRICS.path(wildcards.metric))

    def metric_settings(self, wildcards: Wildcards) -> Settings:
        """Settings of `compute_metric`."""
        return canonical(
            {
                "seed": self.config.seed,
                "n_draws": self.config.permutations.n,
                "metric": wildcards.metric,
                "parameters": self.config.metrics[wildcards.metric],
                "mappings": self.alignment.mappings(),
                "population": self.population(wildcards.population),
            }
        )

    def claim_code(self, wildcards: Wildcards) -> list[str]:
        """The files of the metrics that claims compare, and every module that they import."""
        return sorted({line for name in CLAIMED for line in fingerprints(METRICS.path(name))})

    def claim_inputs(self, wildcards: Wildcards) -> dict[str, str]:
        """What claims are checked against: claims about a brain compare it with the networks."""
        name = wildcards.population
        found = {key: path.format(population=name) for key, path in COLLECTED.items()}
        if name == NETWORKS:
            return found
        found["subjects"] = table_file(name, "subjects")
        if self.config.population:
            found |= {
                f"{NETWORKS}_{key}": path.format(population=NETWORKS)
                for key, path in COLLECTED.items()
            }
        return found

    def claim_settings(self, wildcards: Wildcards) -> Settings:
        """Settings of `check_claims`."""
        return canonical(
            {
                "seed": self.config.seed,
                "claims": yaml.safe_load(CLAIMS.read_text("utf-8")),
                "mappings": self.alignment.claimed_mappings(),
                "models": self.alignment.networks.description(),
                "population": self._claimed(wildcards.population),
                "networks": self._claimed(NETWORKS) if self.config.population else None,
            }
        )

    def _claimed(self, name: str) -> Settings:
        """A population, and the metrics of it that claims are about."""
        population = self.population(name)
        metrics = {
            metric: self.config.metrics[metric]
            for metric in CLAIMED
            if metric in self.config.metrics and self.is_claimed(metric, population)
        }
        return {**population, "metrics": metrics}

    def population(self, name: str) -> Settings:
        """A population by its name."""
        return next(item for item in self.populations if item["name"] == name)

    @property
    def has_claims(self) -> bool:
        """Whether claims are checked: nearly all need predictivities."""
        return "predictivity" in self.metrics()

    def tables_of(self, population: Settings) -> list[str]:
        """Every table of a population."""
        name = population["name"]
        tables = [metric for metric in self.metrics() if population in self.measured(metric)]
        if self.has_claims:
            tables.insert(0, "claims")
        tables += ["scores", "split_scores"]
        if name != NETWORKS:
            tables += ["model_units"] if self.alignment.has_units(name) else []
            tables += ["subjects", "units", "stimuli"]
        return [table_file(name, table) for table in tables]

    def tables(self) -> list[str]:
        """Every table of the run."""
        tables = [path for item in self.populations for path in self.tables_of(item)]
        if self.alignment.networks.trained_variants():
            tables.append("results/tables/training.csv")
        if self.alignment.networks.all_activations():
            tables.append("results/tables/activations.csv")
        return tables


def table_file(population: str, name: str) -> str:
    """File of a table of a population."""
    return f"results/tables/{population}/{name}.csv"
