"""What the rule of the report reads and is told: every table, and figures with their captions."""

from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from workflow_scripts.alignment.method import METHODS
from workflow_scripts.common.cards import PACKAGE
from workflow_scripts.common.config import Config
from workflow_scripts.common.planning import Settings, Wildcards, canonical
from workflow_scripts.evaluation.metric import METRICS
from workflow_scripts.evaluation.plan import EvaluationPlan
from workflow_scripts.figures.composition import COMPOSITIONS, composition
from workflow_scripts.figures.plan import FigurePlan
from workflow_scripts.report.method_cards import documentation, facts

PAGE = "results/report.html"
TEMPLATES = [PACKAGE / "report" / f"page.{suffix}" for suffix in ("html", "css", "js")]

TITLES = {
    "claims": "Verdict on each claim of the paper, with all ways to measure it.",
    "scores": "Score of each cell: one source and one target under one method.",
    "split_scores": "Score of each cell in each split into training and test stimuli.",
    "model_units": "Units of the candidates, and the area that predicts each best.",
    "subjects": "Units of each subject and area, and which subjects take part.",
    "units": "Reliability of each unit, and whether it is kept.",
    "stimuli": "Stimuli, which of them take part, and which belong together.",
    "training": "Loss and accuracy of each trained network after its last epoch.",
    "activations": "Reliability of the responses of each network, and its number of noisy passes.",
}
"""What a table shows. That of a metric says the first line of the metric's file."""


class ReportPlan:
    """One page of the whole run."""

    def __init__(self, config: Config, evaluation: EvaluationPlan, figures: FigurePlan) -> None:
        self.config = config
        self.evaluation = evaluation
        self.drawn = figures
        self.networks = evaluation.alignment.networks

    def tables(self) -> list[str]:
        """Every table, in the order of the page."""
        return self.evaluation.tables()

    def figures(self) -> list[str]:
        """Files of the figures of the page, in its order."""
        return [
            f"results/figures/{item['population']}/{item['name']}.svg" for item in self._figures()
        ]

    def shards(self) -> list[str]:
        """Files that say what made them."""
        return [
            shard
            for item in self.evaluation.populations
            for shard in self.evaluation.alignment.shards(item["name"])
        ]

    def settings(self, wildcards: Wildcards) -> Settings:
        """Settings of `write_report`."""
        methods = self.evaluation.alignment.methods
        return canonical(
            {
                "seed": self.config.seed,
                "populations": [
                    {"name": item["name"], "kind": item["kind"]}
                    for item in self.evaluation.populations
                ],
                "networks": self.networks.description(),
                "tables": [_table(path) for path in self.tables()],
                "figures": self._figures(),
                "methods": [
                    {
                        "name": name,
                        "label": method.card.label,
                        "colour": method.card.colour,
                        "control": method.card.control,
                        "title": documentation(METHODS, method.implementation)[0],
                        "text": documentation(METHODS, method.implementation)[1],
                        "facts": facts(method.card),
                        "parameters": method.parameters,
                    }
                    for name, method in methods.items()
                ],
                # The page is made again where its template changes.
                "template": sha256(b"".join(file.read_bytes() for file in TEMPLATES)).hexdigest(),
            }
        )

    def _figures(self) -> list[Settings]:
        """Figures of the page: of panels that also are in a composed figure, the latter alone."""
        found = []
        for item in self.drawn.populations:
            population, names = item["name"], self.drawn.names(item)
            inside = {
                panel
                for name in names
                if name in COMPOSITIONS
                for panel in composition(name).panels
            }
            for name in names:
                if name not in inside:
                    job = _job(population=population, figure=name)
                    title, caption = self.drawn.labels(job)["shows"], self.drawn.caption(job)
                    found.append(_figure(population, name, caption, title))
        for brain in self.config.brains:
            caption = self.drawn.brain_caption(_job(brain=brain))
            found.append(_figure(brain, "subjects", caption))
        for variant in self.networks.trained_variants():
            caption = self.drawn.training_caption(_job(variant=variant))
            found.append(_figure("networks", f"training_{variant}", caption))
        return found


def _job(**names: str) -> Wildcards:
    return cast(Wildcards, SimpleNamespace(**names))


def _figure(population: str, name: str, caption: str, title: str = "") -> Settings:
    return {
        "population": population,
        "name": name,
        "title": title,
        "caption": caption,
        "is_composed": name in COMPOSITIONS,
    }


def _table(path: str) -> Settings:
    """Name of a table, the population whose folder it is in, and what it and its columns hold."""
    *folders, _ = Path(path).relative_to("results/tables").parts
    name = Path(path).stem
    card = METRICS.card(name) if name in METRICS.names() else None
    return {
        "population": "/".join(folders),
        "name": name,
        "title": documentation(METRICS, name)[0] if card else TITLES[name],
        "columns": card.table_columns if card else {},
    }
