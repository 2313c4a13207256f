"""What a claim compares: measured values by name, and the forms that comparisons of them have."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.stats import kendalltau, spearmanr


class Values:
    """Measured values of one population by name; NaN for what was not measured.

    Attributes
    ----------
    population : str
        ``networks``, or the name of a brain.
    layers : list of str
        From the image upwards, for the networks.
    mappings : list of str
        Methods that have a predictivity.
    networks : Values or None
        The networks' values, for claims that compare a brain with them.
    """

    def __init__(
        self,
        population: str,
        predictivity: pd.DataFrame,
        silhouette: pd.DataFrame,
        separability: pd.DataFrame,
        *,
        layers: Sequence[str] = (),
        networks: "Values | None" = None,
    ) -> None:
        self.population, self.layers, self.networks = population, layers, networks
        predictivity, silhouette, separability = (
            table[table["population"] == population]
            for table in (predictivity, silhouette, separability)
        )
        self.mappings = list(dict.fromkeys(predictivity["method"]))
        keys = ["method", "relation", "part", "statistic"]
        self._predictivity = predictivity.set_index(keys)["predictivity"]
        self._silhouette = silhouette[silhouette["default"].astype(bool)].set_index("method")
        means = separability[separability["area"] == "mean"]
        self._separability = means.set_index(["method", "direction"])["separability"]

    def predictivity(
        self, method: str, statistic: str, part: str = "overall", relation: str = "same part"
    ) -> float:
        """Mean over pairs of subjects, and over parts for ``overall``."""
        return self._predictivity.get((method, relation, part, statistic), np.nan)

    def silhouette(self, method: str, column: str = "silhouette") -> float:
        """A column of the silhouette with the configured options."""
        return self._silhouette[column].get(method, np.nan)

    def separability(self, method: str, direction: str) -> float:
        """Mean over areas."""
        return self._separability.get((method, direction), np.nan)


@dataclass(frozen=True)
class Comparison:
    """Two values, and the part, the methods or the coefficient for which they are compared."""

    part: str
    left: float
    right: float


Compare = Callable[[Values, str], list[Comparison]]
"""Comparisons of a claim, from the measured values and the name of the statistic."""

Quantity = Callable[[Values, str, str], float]
"""What is measured of one method: from the measured values, the statistic and the method."""


# Quantities of a method that are compared.


def predictivity(values: Values, statistic: str, method: str) -> float:
    """Predictivity, mean over parts."""
    return values.predictivity(method, statistic)


def silhouette(values: Values, statistic: str, method: str) -> float:
    """Silhouette with the configured options."""
    return values.silhouette(method)


def separability(direction: str) -> Quantity:
    """Separability in one direction, mean over areas."""
    return lambda values, statistic, method: values.separability(method, direction)


# How methods are compared.


def in_parts(left: str, right: str, *, overall: bool, layers: bool) -> Compare:
    """Predictivity of one method and of another, in each of these parts."""

    def compare(values: Values, statistic: str) -> list[Comparison]:
        parts = [*(["overall"] if overall else []), *(values.layers if layers else [])]
        return [
            Comparison(
                part,
                values.predictivity(left, statistic, part),
                values.predictivity(right, statistic, part),
            )
            for part in parts
        ]

    return compare


def pairs(
    of: Quantity, *methods: tuple[str, str], part: str = "{left} > {right}", slack: float = 0.0
) -> Compare:
    """A quantity of the first method of each pair, plus `slack`, and of the second."""

    def compare(values: Values, statistic: str) -> list[Comparison]:
        return [
            Comparison(
                part.format(left=left, right=right),
                of(values, statistic, left) + slack,
                of(values, statistic, right),
            )
            for left, right in methods
        ]

    return compare


def best(of: Quantity, method: str, others: Sequence[str], part: str) -> Compare:
    """A quantity of one method, and its largest value among other methods."""

    def compare(values: Values, statistic: str) -> list[Comparison]:
        largest = np.max([of(values, statistic, other) for other in others])
        return [Comparison(part, of(values, statistic, method), largest)]

    return compare


def zipper(pre: str, post: str) -> Compare:
    """Predictivity of the pre-softplus map, in a layer and in the next, and of the post map."""

    def compare(values: Values, statistic: str) -> list[Comparison]:
        return [
            Comparison(
                f"pre {layer} > post {below}",
                values.predictivity(pre, statistic, layer),
                values.predictivity(post, statistic, below),
            )
            for below, following in pairwise(values.layers)
            for layer in (below, following)
        ]

    return compare


def ranks(first: Quantity, second: Quantity) -> Compare:
    """Spearman's correlation of two quantities over the mappings, and 0."""

    def compare(values: Values, statistic: str) -> list[Comparison]:
        both = [
            [of(values, statistic, method) for method in values.mappings] for of in (first, second)
        ]
        return [Comparison("Spearman", correlation(spearmanr, *both), 0.0)]

    return compare


def ranks_on_networks(values: Values, statistic: str) -> list[Comparison]:
    """Kendall's correlation of the predictivity on a brain and on the networks, and 1."""
    both = [
        [population.predictivity(method, statistic) for method in values.mappings]
        for population in (values, values.networks)
        if population is not None
    ]
    return [Comparison("Kendall", correlation(kendalltau, *both), 1.0)]


def same_over_different_part(values: Values, statistic: str) -> list[Comparison]:
    """Predictivity of each mapping from the same part, and from different parts."""
    return [
        Comparison(
            method,
            values.predictivity(method, statistic),
            values.predictivity(method, statistic, relation="different part"),
        )
        for method in values.mappings
    ]


def distances(values: Values, statistic: str) -> list[Comparison]:
    """Distances within a layer, and how much larger those between layers are, of two methods."""
    soft, ridge = (
        [values.silhouette(method, column) for column in ("mean_a", "mean_b")]
        for method in ("soft_matching", "ridge_post")
    )
    return [
        Comparison("distance within, soft > ridge", soft[0], ridge[0]),
        Comparison(
            "distance between less within, ridge > soft", ridge[1] - ridge[0], soft[1] - soft[0]
        ),
    ]


def correlation(function: Callable, first: Sequence[float], second: Sequence[float]) -> float:
    """Rank correlation, NaN with fewer than three values or without variation."""
    known = ~(np.isnan(first) | np.isnan(second))
    x, y = np.asarray(first)[known], np.asarray(second)[known]
    if len(x) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return np.nan
    return float(function(x, y).statistic)
