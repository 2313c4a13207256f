"""Values that claims compare, each with its replicates, by metric and row."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Protocol

import numpy as np
import pandas as pd

from workflow_scripts.evaluation.candidate_scores import DIRECTIONS
from workflow_scripts.evaluation.jackknife import Intervals, intervals
from workflow_scripts.evaluation.metric import METRICS, Population, Random
from workflow_scripts.evaluation.replicates import Replicated, replicate
from workflow_scripts.evaluation.score_tables import ScoreTables
from workflow_scripts.evaluation.similarity import SYMMETRISATIONS

OVERALL = "overall"
"""Mean over parts, in tables of predictivity and recovery."""


@dataclass(eq=False)
class Measured:
    """Metrics of one population, measured when they are first asked for.

    A value comes as a vector: the value itself, and without each group of subjects and of stimuli.
    A difference of two vectors is a paired difference.

    Attributes
    ----------
    scores : ScoreTables
    population : Population
    metrics : dict of str to dict
        Parameters of each metric that the configuration has for this population.
    random : Random
        Without permutations, which no value needs.
    """

    scores: ScoreTables
    population: Population
    metrics: Mapping[str, Mapping[str, Any]]
    random: Random
    _found: dict[str, Replicated] = field(default_factory=dict)

    def __post_init__(self) -> None:
        every = [self.scores.of(self.population, METRICS.card(name)) for name in self.metrics]
        self.n_subject_groups = max((len(one.subject_groups) for one in every), default=0)
        self.n_stimulus_groups = max((one.n_stimulus_groups for one in every), default=0)

    def replicated(self, metric: str, **parameters: Any) -> Replicated | None:
        """The metric with its configured parameters but for these; None if it is not measured."""
        if metric not in self.metrics:
            return None
        options = {**self.metrics[metric], **parameters}
        key = f"{metric} {sorted(options.items())}"
        if key not in self._found:
            scores = self.scores.of(self.population, METRICS.card(metric))
            if not len(scores.cells):
                return None
            found = replicate(metric, scores, self.population, self.random, options)
            self._found[key] = found
        return self._found[key]

    @property
    def unknown(self) -> np.ndarray:
        """A vector of nothing that was measured."""
        return np.full(1 + self.n_subject_groups + self.n_stimulus_groups, np.nan)

    def vector(
        self, metric: str, column: str, keys: Mapping[str, Any], **parameters: Any
    ) -> np.ndarray:
        """Value and replicates of one row, NaN if it is not measured.

        The shape is (1 + n_subject_groups + n_stimulus_groups,).

        Parameters
        ----------
        metric, column : str
        keys : dict
            Key columns of the row that tell it apart.
        **parameters
            Parameters of the metric, where they differ from the configured ones.
        """
        found = self.replicated(metric, **parameters)
        if found is None:
            return self.unknown
        table = found.table
        is_row = np.ones(len(table), bool)
        for name, value in keys.items():
            is_row &= (table[name] == value).to_numpy()
        if not is_row.any():
            return self.unknown
        row = int(np.flatnonzero(is_row)[0])
        value = table[column].iloc[row]
        without = found.without_subjects[column][:, row], found.without_stimuli[column][:, row]
        return np.array([value, *without[0], *without[1]])

    def intervals(self, vectors: Sequence[np.ndarray]) -> Intervals:
        """Interval of each of several vectors."""
        n = 1 + self.n_subject_groups
        stacked = np.reshape(vectors, (-1, n + self.n_stimulus_groups)).T
        return intervals(stacked[0], stacked[1:n], stacked[n:])

    @property
    def cells(self) -> pd.DataFrame:
        """All cells that any of the metrics is measured on."""
        brain = "" if self.population.kind == "networks" else self.population.name
        return self.scores.cells[self.scores.cells["brain"] == brain]

    @property
    def mappings(self) -> list[str]:
        """Methods that have a predictivity."""
        found = self.replicated("predictivity")
        return [] if found is None else found.table["method"].unique().tolist()


class Side(Protocol):
    """Vector of one method."""

    def __call__(self, method: str, **keys: Any) -> np.ndarray: ...


@dataclass(frozen=True)
class Choice:
    """One way to measure something.

    Attributes
    ----------
    name : str
    is_default : bool
        Whether it is the configured one.
    side : callable
    """

    name: str
    is_default: bool
    side: Side


def predictivity(measured: Measured, direction: str = "") -> Iterator[Choice]:
    """The median and the mean over units, between equal parts unless another relation is given."""
    for statistic in ("median", "mean"):

        def side(method: str, statistic: str = statistic, **keys: Any) -> np.ndarray:
            row = {"relation": "same part", "part": OVERALL, "statistic": statistic, **keys}
            return measured.vector("predictivity", "predictivity", {"method": method, **row})

        yield Choice(f"{statistic} over units", statistic == "median", side)


def silhouettes(measured: Measured, direction: str = "") -> Iterator[Choice]:
    """Every silhouette; ``column`` chooses between it and its distances."""
    configured = {
        **{"symmetrisation": "mean", "clip": True, "exclude_same_subject": False},
        **measured.metrics.get("silhouette", {}),
    }
    for how, clip, excluded in product(SYMMETRISATIONS, (True, False), (False, True)):
        options = {"symmetrisation": how, "clip": clip, "exclude_same_subject": excluded}

        def side(
            method: str,
            column: str = "silhouette",
            options: Mapping[str, Any] = options,
            **keys: Any,
        ) -> np.ndarray:
            return measured.vector("silhouette", column, {"method": method, **options})

        name = (
            f"silhouette, {how} of directions, {'clipped' if clip else 'not clipped'}, "
            f"{'other subjects' if excluded else 'all pairs'}"
        )
        yield Choice(name, options == configured, side)


def specificity(measured: Measured, direction: str = "") -> Iterator[Choice]:
    """Every silhouette, and the other readings of the same scores."""
    yield from silhouettes(measured)
    for reading in ("d_prime", "auc", "identification"):

        def side(method: str, reading: str = reading, **keys: Any) -> np.ndarray:
            return measured.vector("specificity", "value", {"method": method, "reading": reading})

        yield Choice(reading, False, side)


def separability(measured: Measured, direction: str) -> Iterator[Choice]:
    """On both scales, under every rule, and as the signed margin of the true model."""
    configured = measured.metrics.get("separability", {})
    combinations = ["separabilities", "similarities"] if direction == "both" else [None]
    for scale, rule, combine in product(("raw", "relative"), ("best_cv", "mean"), combinations):
        options = {"layer_rule": rule, **({"combine": combine} if combine else {})}

        def side(
            method: str,
            scale: str = scale,
            options: Mapping[str, Any] = options,
            **keys: Any,
        ) -> np.ndarray:
            row = {"method": method, "direction": direction, "area": "mean", "scale": scale}
            return measured.vector("separability", "separability", row, **options)

        layers = "best layer" if rule == "best_cv" else "mean of layers"
        name = f"{scale} separability, {layers}{f', mean of {combine}' if combine else ''}"
        defaults = {"layer_rule": "best_cv", "combine": "separabilities", **configured}
        is_default = scale == "raw" and all(defaults[key] == options[key] for key in options)
        yield Choice(name, is_default, side)
    if measured.population.truth:
        directions = list(DIRECTIONS) if direction == "both" else [direction]

        def margin(method: str, **keys: Any) -> np.ndarray:
            row = {"method": method, "level": "model", "area": OVERALL, "is_truth": True}
            vectors = [
                measured.vector("recovery", "margin", {**row, "direction": one})
                for one in directions
            ]
            return np.mean(vectors, axis=0)

        yield Choice("signed margin of the true model", False, margin)
