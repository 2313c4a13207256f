"""Metrics: what a file in ``metrics/`` must have, and what it is given."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from workflow_scripts.common.cards import PACKAGE, Gallery

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

Kind = Literal["networks", "brain", "pairs", "simulated"]


ADDED_COLUMNS = {
    "first": {"population": "networks, or the name of a brain"},
    "last": {"data_kind": "recorded, simulated, or networks"},
}
"""Columns that the workflow adds to the table of every metric, before and after its own."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """What a metric says about itself; every value must be a literal.

    Attributes
    ----------
    label : str
        What it is called in documentation and figures.
    populations : tuple of str
        Kinds of populations that it is computed for: ``networks``, ``brain``, ``pairs`` for a
        brain whose subjects are compared in pairs, and ``simulated`` for a brain that is simulated
        from a network of a candidate's variant.
    comparisons : tuple of str
        Comparisons whose scores it is given: ``networks`` and ``brain`` (among the subjects of the
        population itself), ``groups`` (among pseudo-subjects of several random groupings of a
        brain's subjects, called ``<grouping>/<number>``), ``model_to_brain`` and
        ``brain_to_model`` (with the candidates), and ``brain_to_brain`` (from other brains).
    columns : dict of str to str
        Columns that it returns in their order, and what each holds; those before the first of
        `values` tell its rows apart.
    reference : str
        Where the metric is defined.
    values : tuple of str
        Columns with values that are measured again without each group of subjects and of stimuli,
        so that the table has their intervals: ``ci_low`` and ``ci_high`` of the first,
        and ``<value>_low`` and ``<value>_high`` of the others.
    needs : tuple of str
        Comparisons without which it is not defined.
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
    values: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    by_split: bool = False
    min_candidates: int = 0
    min_parts: int = 1
    of_mappings: bool = False

    @property
    def keys(self) -> list[str]:
        """Columns that tell the rows of its table apart."""
        names = list(self.columns)
        return names[: names.index(self.values[0])] if self.values else names

    @property
    def interval_columns(self) -> dict[str, tuple[str, str]]:
        """Columns with the lower and the upper end of the interval of each value."""
        first = {name: ("ci_low", "ci_high") for name in self.values[:1]}
        return {**first, **{name: (f"{name}_low", f"{name}_high") for name in self.values[1:]}}

    @property
    def table_columns(self) -> dict[str, str]:
        """Columns of its table, and what each holds."""
        interval = {
            name: f"{end} end of the 95 % interval of {value}"
            for value, names in self.interval_columns.items()
            for name, end in zip(names, ("lower", "upper"), strict=True)
        }
        if self.values:
            interval["resampled"] = (
                f"what the interval of {self.values[0]} is over: subjects and stimuli, one of the "
                "two, or nothing"
            )
        return {**ADDED_COLUMNS["first"], **self.columns, **interval, **ADDED_COLUMNS["last"]}


CORRELATIONS = ["correlation", "correlation_corrected"]
"""Columns of scores.csv that have no replicates."""


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
    truth : dict or None
        Of a brain that is simulated from a network of a candidate's variant: ``variant``, and
        ``layers``, the layer that the units of each area read out.
    """

    name: str
    kind: Literal["networks", "brain"]
    subjects: list[str]
    parts: list[str]
    candidates: list[str]
    mappings: list[str]
    truth: dict[str, Any] | None = None

    @property
    def stream(self) -> str:
        """Name of the population's random streams.

        That of the networks is ``models``, the name that they had when the first results were
        computed: another name would draw other numbers.
        """
        return "models" if self.kind == "networks" else self.name


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores of one population, from the comparisons that the metric's card names.

    Attributes
    ----------
    cells : pandas.DataFrame
        Rows of scores.csv: one per cell.
    splits : pandas.DataFrame
        Rows of split_scores.csv: one per cell and split.
    without : dict of str to numpy.ndarray, each of shape (n_rows, n_groups)
        ``<score>_without_stimuli``, ``<score>_without_subjects`` for each of ``score``,
        ``score_mean`` and ``split_score``: without the test stimuli of each jackknife group, or
        from a pool without each group of subjects, NaN for other cells. The index of `cells` and
        `splits` is the number of the row.
    subject_groups : list of list of str
        Names of the subjects of each group.
    """

    cells: "pd.DataFrame"
    splits: "pd.DataFrame"
    without: "dict[str, np.ndarray]" = field(default_factory=dict)
    subject_groups: list[list[str]] = field(default_factory=list)

    @property
    def n_stimulus_groups(self) -> int:
        """Number of jackknife groups of stimuli."""
        return self.without["score_without_stimuli"].shape[1] if self.without else 0

    def without_subjects(self, group: int) -> "Scores":
        """The scores between all other subjects, and from pools of these."""
        names = self.subject_groups[group]
        cells, splits = (
            table[~(table["source_subject"].isin(names) | table["target_subject"].isin(names))]
            for table in (self.cells, self.splits)
        )
        others = Scores(cells, splits, self.without)
        return others._replaced("subjects", group, only_pools=True) if self.without else others

    def without_stimuli(self, group: int) -> "Scores":
        """The scores without the test stimuli of one jackknife group, from the same fits.

        Correlations stay as they are.
        """
        return self._replaced("stimuli", group, only_pools=False)

    def _replaced(self, kind: str, group: int, only_pools: bool) -> "Scores":
        """The same rows with the scores without a group, perhaps of pools alone."""
        import numpy as np

        from workflow_scripts.common.profile import POOL

        replaced = []
        for table, names in (
            (self.cells, ("score", "score_mean")),
            (self.splits, ("split_score",)),
        ):
            rows = (table["source_subject"] == POOL) | (not only_pools)
            found = table.copy(deep=False)
            if rows.any():
                for name in names:
                    values = self.without[f"{name}_without_{kind}"][table.index, group]
                    found[name] = np.where(rows, values, table[name])
                # Correlations are not computed again from smaller pools.
                for name in table.columns.intersection(CORRELATIONS) if only_pools else ():
                    found[name] = np.where(rows, np.nan, table[name])
            replaced.append(found)
        cells, splits = replaced
        return Scores(cells, splits)


@dataclass(frozen=True)
class Random:
    """Random numbers of a metric, which depend on the master seed and a name alone.

    Attributes
    ----------
    seed : int
        Master seed.
    n_draws : int
        Number of permutations of a null; 0 where only the values are wanted.
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


def data_kind(cells: "pd.DataFrame") -> str:
    """Kind of the data behind some cells: simulated if any of them is."""
    kinds = set(cells["data_kind"])
    return "simulated" if "simulated" in kinds else str(kinds.pop())


class Metric(Protocol):
    """The function ``measure`` of a metric's file; its keyword-only arguments are parameters."""

    def __call__(
        self, scores: Scores, population: Population, random: Random, **parameters: Any
    ) -> "pd.DataFrame":
        """Rows of the metric's table, with the columns that its card names.

        Values only: their intervals come from measuring them again, see
        `workflow_scripts.evaluation.replicates`.
        """


METRICS = Gallery(PACKAGE / "evaluation" / "metrics", Card, "measure")
