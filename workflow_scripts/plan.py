"""The whole run, from its configuration: the plan of each stage, made and checked in turn."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workflow_scripts.alignment.plan import NETWORKS, AlignmentPlan
from workflow_scripts.brains.plan import BrainPlan
from workflow_scripts.common.config import Config, parse_config
from workflow_scripts.evaluation.plan import EvaluationPlan
from workflow_scripts.figures.plan import FigurePlan
from workflow_scripts.images.plan import ImagePlan
from workflow_scripts.networks.plan import NetworkPlan
from workflow_scripts.report.plan import PAGE, ReportPlan


class Plan:
    """Plans of all stages.

    Parameters
    ----------
    values : dict
        The configuration as YAML gives it.

    Raises
    ------
    InputError
        If a key is wrong, or contradicts another one.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.config: Config = parse_config(values)
        self.images = ImagePlan(self.config)
        self.networks = NetworkPlan(self.config, self.images)
        self.brains = BrainPlan(self.config, self.networks)
        self.alignment = AlignmentPlan(self.config, self.networks, self.brains)
        self.evaluation = EvaluationPlan(self.config, self.alignment)
        self.figures = FigurePlan(self.config, self.evaluation)
        self.report = ReportPlan(self.config, self.evaluation, self.figures)

    def final_files(self) -> list[str]:
        """Every table, every figure, and the page that shows them."""
        return [*self.evaluation.tables(), *self.figures.figures(), PAGE]

    def targets(self) -> dict[str, list[str]]:
        """Final files of the networks, of all brains, and of each name, whatever its population."""
        targets: dict[str, list[str]] = {"networks": [], "brains": []}
        for file in self.final_files():
            path = Path(file)
            if path.parent.name == NETWORKS:
                targets["networks"].append(file)
            elif path.parent.name in self.config.brains:
                targets["brains"].append(file)
            targets.setdefault(path.stem, []).append(file)
        return targets
