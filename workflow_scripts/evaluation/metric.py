"""Metrics: what a file in ``metrics/`` must have, and what it is given."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from workflow_scripts.common.cards import PACKAGE, Gallery

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

Kind = Literal["networks", "brain", "pairs"]


@dataclass(frozen=True, kw_only=True)
class Card:
    """What a metric says about itself; every value must be a literal.

    Attributes
    ----------
    label : str
        What it is called in documentation and figures.
    populations : tuple of str
        Kinds of populations that it is computed for: ``networks``, ``brain``, and ``pairs`` for a
        brain whose subjects are compared in pairs.
    comparisons : tuple of str
        Comparisons whose scores it is given: ``networks`` and ``brain`` (among the subjects of the
        population itself), ``model_to_brain`` and ``brain_to_model`` (with the candidates), and
        ``brain_to_brain`` (from other brains).
    columns : dict of str to str
        Columns of its table in their order, and what each holds; without ``population``, which is
        the first column of every metric's table, and ``data_kind``, which is the last.
    reference : str
        Where the metric is defined.
    by_split : bool
        Whether it reads the score of every split; otherwise it is given no rows of ``splits``.
    min_candidates : int
        Fewest candidates with which it is defined.
    min_parts : int
        Fewest layers or areas with which it is defined.
    of_mappings : bool
        Whether it is defined for methods that predict responses alone.
    """

    label: str
    populations: tuple[Kind, ...]
    comparisons: tuple[str, ...]
    columns: dict[str, str]
    reference: str
    by_split: bool = False
    min_candidates: int = 0
    min_parts: int = 1
    of_mappings: bool = False


@dataclass(frozen=True, kw_only=True)
class Population:
    """The subjects that a metric is computed for.

    Attributes
    ----------
    name : str
        ``networks``, or the name of a brain.
    kind : {"networks", "brain"}
    subjects : list of str
        Networks as ``variant/seed``; empty for a brain, whose subjects are in the scores.
    parts : list of str
        Layers from the image upwards, or areas in the order of the configuration.
    candidates : list of str
        Networks that are compared with the brain.
    mappings : list of str
        Methods that are mappings; the others are geometries.
    """

    name: str
    kind: Literal["networks", "brain"]
    subjects: list[str]
    parts: list[str]
    candidates: list[str]
    mappings: list[str]

    @property
    def stream(self) -> str:
        """Name of the population's random streams.

        That of the networks is ``models``, the name that they had when the first results were
        computed: another name would draw other numbers.
        """
        return "models" if self.kind == "networks" else self.name


@dataclass(frozen=True)
class Scores:
    """Scores of one population, from the comparisons that the metric's card names.

    Attributes
    ----------
    cells : pandas.DataFrame
        Rows of scores.csv: one per cell.
    splits : pandas.DataFrame
        Rows of split_scores.csv: one per cell and split.
    """

    cells: "pd.DataFrame"
    splits: "pd.DataFrame"


@dataclass(frozen=True)
class Random:
    """Random numbers of a metric, which depend on the master seed and a name alone.

    Attributes
    ----------
    seed : int
        Master seed.
    n_draws : int
        Number of bootstrap draws.
    """

    seed: int
    n_draws: int

    # NumPy is imported where it is needed, as Snakemake imports this file each time it starts.

    def generator(self, *names: str | int) -> "np.random.Generator":
        """Generator of the stream called `names`."""
        from workflow_scripts.common.random_streams import generator

        return generator(self.seed, *names)

    def seed_of(self, *names: str | int) -> int:
        """Seed of the stream called `names`, for a library that takes no generator."""
        from workflow_scripts.common.random_streams import derive_seed

        return derive_seed(self.seed, *names)


class Metric(Protocol):
    """The function ``measure`` of a metric's file; its keyword-only arguments are parameters."""

    def __call__(
        self, scores: Scores, population: Population, random: Random, **parameters: Any
    ) -> "pd.DataFrame":
        """Rows of the metric's table, with the columns that its card names."""


METRICS = Gallery(PACKAGE / "evaluation" / "metrics", Card, "measure")
