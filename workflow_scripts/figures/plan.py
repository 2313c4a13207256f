"""What the rules of figures read and are told: which panels of which populations."""

from workflow_scripts.common.config import Config
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.fingerprints import fingerprints
from workflow_scripts.common.planning import Settings, Wildcards, canonical
from workflow_scripts.evaluation.plan import EvaluationPlan, table_file
from workflow_scripts.figures.captions import figure_caption, subjects_caption, training_caption
from workflow_scripts.figures.composition import COMPOSITIONS, composition, figures
from workflow_scripts.figures.panel import PANELS
from workflow_scripts.networks.plan import Network

SIMULATED = "simulated_brains"
"""All brains together that are simulated from a network of a candidate's variant."""


class FigurePlan:
    """Panels and composed figures, for each population that has their tables."""

    def __init__(self, config: Config, evaluation: EvaluationPlan) -> None:
        self.config = config
        self.evaluation = evaluation
        self.networks = evaluation.alignment.networks
        self.truths = {
            population["name"]: population["truth"]["variant"]
            for population in evaluation.populations
            if population["truth"]
        }
        """Variant of the network from which each brain is simulated, if a candidate has it."""
        self.populations = [*evaluation.populations]
        if self.truths:
            together: Settings = {"kind": SIMULATED, "name": SIMULATED, "parts": [], "truth": None}
            self.populations.append(together)
        for name in PANELS.names():
            if name in ("subjects", *COMPOSITIONS) or name.startswith("training_"):
                raise InputError(PANELS.path(name), f"a panel called {name}", "another name")

    def names(self, population: Settings) -> list[str]:
        """Panels and composed figures that can be drawn for one population."""
        return [
            name
            for name in figures(self.evaluation.kinds(population))
            if self._is_drawn(name, population)
        ]

    def _is_drawn(self, name: str, population: Settings) -> bool:
        figure = composition(name)
        if population["kind"] == SIMULATED:
            return set(figure.tables) <= set(self.evaluation.metrics())
        has_tables = all(
            metric in self.config.metrics and population in self.evaluation.measured(metric)
            for metric in figure.tables
            if metric != "claims"
        ) and ("claims" not in figure.tables or self.evaluation.has_claims)
        return has_tables and all(
            getattr(self.config.brains[population["name"]], key) is not None for key in figure.needs
        )

    def all_names(self) -> list[str]:
        """Panels and composed figures of all populations."""
        names = [name for item in self.populations for name in self.names(item)]
        return list(dict.fromkeys(names))

    def tables(self, wildcards: Wildcards) -> dict[str, object]:
        """Tables that a figure shows, by name; for a brain, also those of subjects and images."""
        population = wildcards.population
        populations = list(self.truths) if population == SIMULATED else [population]
        figure = composition(wildcards.figure)
        tables: dict[str, object] = {
            table: [table_file(name, table) for name in populations]
            for table in (*figure.tables, *figure.scores)
        }
        for table in ("subjects", "stimuli"):
            tables[table] = [table_file(name, table) for name in self._brains_shown(wildcards)]
        return tables

    def _brains_shown(self, wildcards: Wildcards) -> list[str]:
        """The brain that a figure shows, and those that it is compared with there."""
        name = wildcards.population
        if name == SIMULATED:
            return list(self.truths)
        if name not in self.config.brains:
            return []
        is_between = "between_brains" in composition(wildcards.figure).tables
        return [name, *(self.evaluation.alignment.brains.compared(name) if is_between else [])]

    def settings(self, wildcards: Wildcards) -> Settings:
        """Settings of `plot_figure`."""
        population = self._population(wildcards.population)
        is_networks, n_images = population["kind"] == "networks", self.config.stimuli.n.population
        return canonical(
            {
                "methods": [
                    {
                        "name": name,
                        "label": method.card.label,
                        "colour": method.card.colour,
                        "control": method.card.control,
                    }
                    for name, method in self.evaluation.alignment.methods.items()
                ],
                "parts": population["parts"],
                "brains": self._brains_shown(wildcards),
                "models": f"{self.networks.description()} (n = {n_images:,})"
                if is_networks
                else None,
                "truths": self.truths if population["kind"] == SIMULATED else {},
                "parameters": {
                    table: self.config.metrics[table]
                    for table in composition(wildcards.figure).tables
                    if table in self.config.metrics
                },
            }
        )

    def code(self, wildcards: Wildcards) -> list[str]:
        """The files of a figure's panels and every module that they import."""
        panels = composition(wildcards.figure).panels
        return sorted({line for name in panels for line in fingerprints(PANELS.path(name))})

    def caption(self, wildcards: Wildcards) -> str:
        """Caption of a panel or a composed figure in the report."""
        return figure_caption(wildcards.figure, wildcards.population, self.networks.description())

    def brain_caption(self, wildcards: Wildcards) -> str:
        """Caption of the figure of a brain's subjects in the report."""
        return subjects_caption(wildcards.brain)

    def training_caption(self, wildcards: Wildcards) -> str:
        """Caption of the figure of a variant's training in the report."""
        objective = self.networks.variant(wildcards.variant)["objective"]
        first = self.networks.seeds_of(wildcards.variant)[0]
        return training_caption(wildcards.variant, objective, first)

    def labels(self, wildcards: Wildcards) -> dict[str, str]:
        """Labels of a figure in the report."""
        figure = wildcards.figure
        return {"figure": figure.replace("_", " "), "shows": composition(figure).title}

    def brain_settings(self, wildcards: Wildcards) -> Settings:
        """Settings of `plot_brain`."""
        brain = self.config.brains[wildcards.brain]
        return canonical(
            {"brain": wildcards.brain, "areas": brain.areas, **brain.filters.model_dump()}
        )

    def curves(self, wildcards: Wildcards) -> list[str]:
        """Training curves of a variant's networks."""
        return self.networks.curve_files([wildcards.variant])

    def first_weights(self, wildcards: Wildcards) -> str:
        """Weights of the network whose filters are drawn."""
        first = self.networks.seeds_of(wildcards.variant)[0]
        return self.networks.trained(Network(wildcards.variant, first), "safetensors")

    def training_settings(self, wildcards: Wildcards) -> Settings:
        """Settings of `plot_training`."""
        stimuli = self.config.stimuli
        return canonical(
            {
                "seed": self.config.seed,
                "variant_name": wildcards.variant,
                "variant": self.networks.variant(wildcards.variant),
                "first_seed": self.networks.seeds_of(wildcards.variant)[0],
                "stimuli": {
                    "source": stimuli.source,
                    "n": {"training": stimuli.n.training, "validation": stimuli.n.validation},
                },
                "images": self.networks.images.description,
            }
        )

    def figures(self) -> list[str]:
        """Every figure of the run, in both formats."""
        names = [
            f"{population['name']}/{figure}"
            for population in self.populations
            for figure in self.names(population)
        ]
        names += [f"{brain}/subjects" for brain in self.config.brains]
        names += [f"networks/training_{name}" for name in self.networks.trained_variants()]
        return [f"results/figures/{name}.{format}" for name in names for format in ("svg", "png")]

    def _population(self, name: str) -> Settings:
        return next(item for item in self.populations if item["name"] == name)
