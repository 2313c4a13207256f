"""The tables of scores as arrays: what every aggregate starts from."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from workflow_scripts import bootstrap
from workflow_scripts.errors import InputError

CELL = ["source_subject", "source_part", "target_subject", "target_part"]
# Summaries of a cell over its target units, and their columns in scores.csv.
STATISTICS = {"median": "score", "floored_mean": "score_mean"}


def _read(path, text, numbers):
    # Only a number may be missing: a subject or area called "NA" is a name.
    table = pd.read_csv(
        path,
        dtype=dict.fromkeys(text, str) | dict.fromkeys(numbers, float),
        keep_default_na=False,
        na_values={column: [""] for column in numbers},
    )
    missing = [column for column in (*text, *numbers) if column not in table]
    if missing:
        raise InputError(f"{path}: lacks the columns {', '.join(missing)} of a table of scores")
    return table


def combined_data_kind(kinds):
    """``simulated`` if any of the kinds is, else ``recorded`` if any is, else ``networks``."""
    return next(kind for kind in ("simulated", "recorded", "networks") if kind in set(kinds))


def _array(table, column, labels):
    """Array of one column over axes of labels, NaN where the table has no row."""
    codes = []
    for axis, names in labels.items():
        code = pd.Index(names).get_indexer(table[axis])
        if (code < 0).any():
            raise InputError(
                f"scores.csv: found {axis} {table[axis][code < 0].iloc[0]!r}, expected one of "
                f"{', '.join(map(str, names))}"
            )
        codes.append(code)
    values = np.full([len(names) for names in labels.values()], np.nan)
    values[tuple(codes)] = table[column]
    return values


@dataclass(frozen=True)
class Scores:
    """Scores of all cells, and the draws of the bootstrap over them.

    Attributes
    ----------
    cells : pandas.DataFrame
        ``scores.csv``.
    splits : pandas.DataFrame
        ``split_scores.csv``.
    seed : int
        Master seed.
    n_draws : int
        Draws of the bootstrap.
    """

    cells: pd.DataFrame
    splits: pd.DataFrame
    seed: int
    n_draws: int

    @classmethod
    def read(cls, cells, splits, settings):
        """Scores from the two tables, with ``seed`` and ``bootstrap`` from the settings."""
        names = ["comparison", "method", *CELL]
        numbers = ["score", "score_mean", "seconds"]
        return cls(
            _read(cells, [*names, "verdict", "reason", "data_kind"], numbers),
            _read(splits, [*names, "split"], ["score"]),
            settings["seed"],
            settings["bootstrap"]["n"],
        )

    def has(self, comparison, method):
        """Whether a method has a score in a comparison, rather than none or skipped cells only."""
        return not self._of(comparison, method)[1].empty

    def data_kind(self, *comparisons):
        """Kind of the data of some comparisons."""
        return combined_data_kind(self.cells.data_kind[self.cells.comparison.isin(comparisons)])

    def _of(self, comparison, method):
        return [
            table[(table.comparison == comparison) & (table.method == method)]
            for table in (self.cells, self.splits)
        ]

    def subjects(self, comparison, role="target_subject"):
        """Names of the subjects in one role of a comparison, sorted."""
        return sorted(self.cells[role][self.cells.comparison == comparison].unique())

    def replicates(self, population, method, parts, statistic="median"):
        """Scores of one method within one population, in every draw.

        Parameters
        ----------
        population : {"models", "mouse"}
        method : str
        parts : list of str
            Layers or areas, in order.
        statistic : {"median", "floored_mean"}
            Of a cell, over its target units. Draws of splits move both by the deviations of the
            median, the one statistic that is stored by split.

        Returns
        -------
        numpy.ndarray
            For models, shape (n_draws + 1, source subject, source part, target subject, target
            part); for mice, whose source is the pool of the other mice, shape (n_draws + 1,
            source part, target subject, target part). NaN where a cell was skipped.
        numpy.ndarray, shape (n_draws + 1, n_subjects)
            How often each subject is drawn.
        """
        cells, splits = self._of(population, method)
        subjects = self.subjects(population)
        labels = {
            "source_subject": subjects,
            "source_part": parts,
            "target_subject": subjects,
            "target_part": parts,
        }
        if population == "mouse":
            del labels["source_subject"]
        names = sorted(splits.split.unique())
        values = _array(cells, STATISTICS[statistic], labels)
        per_split = _array(splits, "score", {**labels, "split": names})
        draws = bootstrap.split_weights(self.seed, population, self.n_draws, len(names))
        return (
            bootstrap.resample_splits(values, per_split, draws),
            bootstrap.subject_weights(self.seed, population, self.n_draws, len(subjects)),
        )

    def candidates(self, direction, method, candidates, areas):
        """Scores by split of one method between candidate models and mice, in one direction.

        Parameters
        ----------
        direction : {"model_to_mouse", "mouse_to_model"}
        method : str
        candidates : list of str
        areas : list of str

        Returns
        -------
        numpy.ndarray, shape (candidate, layer, mouse, area, split)
            Layers are numbered within each candidate, NaN where one has fewer; the mice are one,
            their pool, in the direction ``mouse_to_model``.
        """
        model, mouse = (
            ("source", "target") if direction == "model_to_mouse" else ("target", "source")
        )
        table = self._of(direction, method)[1]
        number = table.groupby(f"{model}_subject")[f"{model}_part"].transform(
            lambda layers: pd.factorize(layers, sort=True)[0]
        )
        table = table.assign(layer=number.astype(int))
        return _array(
            table,
            "score",
            {
                f"{model}_subject": candidates,
                "layer": range(table.layer.max() + 1),
                f"{mouse}_subject": self.subjects(direction, f"{mouse}_subject"),
                f"{mouse}_part": areas,
                "split": sorted(table.split.unique()),
            },
        )
