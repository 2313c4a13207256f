"""The whole run, from its configuration: the plan of each stage, made and checked in turn."""

from collections.abc import Mapping
from typing import Any

from workflow_scripts.alignment.plan import AlignmentPlan
from workflow_scripts.brains.plan import BrainPlan
from workflow_scripts.common.config import Config, parse_config
from workflow_scripts.evaluation.plan import EvaluationPlan
from workflow_scripts.figures.plan import FigurePlan
from workflow_scripts.images.plan import ImagePlan
from workflow_scripts.networks.plan import NetworkPlan


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

    def final_files(self) -> list[str]:
        """Every table and every figure."""
        return self.evaluation.tables() + self.figures.figures()
