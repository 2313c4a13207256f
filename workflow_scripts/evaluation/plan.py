"""What the rules of evaluation read and are told: which metrics of which populations."""

import yaml

from workflow_scripts.alignment.plan import DIRECTIONS, AlignmentPlan
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
                    "name": "networks",
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
        found = ["brain"] if self.alignment.is_compared(name) else []
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
            and len(population["candidates"]) >= card.min_candidates
            and len(population["parts"]) >= card.min_parts
            and (
                not card.of_mappings
                or self.alignment.mappings(on_brains=population["kind"] == "brain")
            )
        ]

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
                "populations": self.measured(wildcards.metric),
            }
        )

    def claim_code(self, wildcards: Wildcards) -> list[str]:
        """The files of the metrics that claims compare, and every module that they import."""
        return sorted({line for name in CLAIMED for line in fingerprints(METRICS.path(name))})

    def subject_tables(self) -> list[str]:
        """Tables of the subjects of each brain."""
        return [f"results/tables/{name}/subjects.csv" for name in self.config.brains]

    def claim_settings(self, wildcards: Wildcards) -> Settings:
        """Settings of `check_claims`."""
        return canonical(
            {
                "seed": self.config.seed,
                "claims": yaml.safe_load(CLAIMS.read_text("utf-8")),
                "mappings": self.alignment.claimed_mappings(),
                "models": self.alignment.networks.description(),
                "populations": [
                    {
                        **population,
                        "metrics": {
                            name: self.config.metrics[name]
                            for name in CLAIMED
                            if name in self.config.metrics and population in self.measured(name)
                        },
                    }
                    for population in self.populations
                ],
            }
        )

    @property
    def has_claims(self) -> bool:
        """Whether claims are checked: nearly all need predictivities."""
        return "predictivity" in self.metrics()

    def tables(self) -> list[str]:
        """Every table of the run."""
        names = ["scores", "split_scores", *self.metrics()]
        if self.alignment.unit_shards():
            names.append("model_units")
        if self.has_claims:
            names.append("claims")
        if self.alignment.networks.trained_variants():
            names.append("training")
        if self.alignment.networks.all_activations():
            names.append("activations")
        per_brain = [
            f"results/tables/{name}/{table}.csv"
            for name in self.config.brains
            for table in ("subjects", "units", "stimuli")
        ]
        return [table_file(name) for name in names] + per_brain


def table_file(name: str) -> str:
    """File of a table of the whole run."""
    return f"results/tables/{name}.csv"
