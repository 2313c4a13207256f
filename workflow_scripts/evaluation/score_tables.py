"""The scores of a population, as they are read from the tables of `collect_scores`."""

import json
from dataclasses import dataclass
from typing import Self

import h5py
import numpy as np
import pandas as pd

from workflow_scripts.common.files import PathLike, read_table
from workflow_scripts.evaluation.metric import Card, Population, Scores

SINGLE = 2.0**-22
"""Relative size of a difference that may be the rounding of a number in single precision."""


@dataclass(frozen=True, eq=False)
class ScoreTables:
    """All cells, all splits, and both without each group; see `Scores`.

    The groups of subjects are those of each comparison.
    """

    cells: pd.DataFrame
    splits: pd.DataFrame
    without: dict[str, np.ndarray]
    subject_groups: dict[str, list[list[str]]]

    @classmethod
    def read(
        cls, scores: PathLike, splits: PathLike, jackknife: PathLike, by_split: bool = True
    ) -> Self:
        """Read the three files of `collect_scores`; what is of splits only if it is asked for."""
        cells = read_table(scores)
        # Of large populations, the scores of splits are most of what there is.
        split_scores = read_table(splits, n_rows=None if by_split else 0)
        without = {}
        with h5py.File(jackknife) as file:
            subject_groups = json.loads(file.attrs["subject_groups"])
            for name, variable in file.items():
                score, _, kind = name.partition("_without_")
                if not kind or (score == "split_score" and not by_split):  # a dimension, or unused
                    continue
                values = variable[()]
                exact = (split_scores if score == "split_score" else cells)[[score]].to_numpy()
                # Replicates are stored in single precision: what it has rounded is no difference.
                is_same = np.abs(values - exact) <= SINGLE * np.abs(exact)
                without[name] = np.where(is_same, exact, values)
        return cls(cells, split_scores, without, subject_groups)

    def of(self, population: Population, card: Card) -> Scores:
        """Scores that a metric with this card is given of the population."""
        cells, splits = (
            table[table["comparison"].isin(card.comparisons)] for table in (self.cells, self.splits)
        )
        # Brains that are compared may have seen fewer stimuli, in fewer groups.
        known = ~np.isnan(self.without["score_without_stimuli"][cells.index]).all(axis=0)
        without = {
            name: values[:, known] if name.endswith("stimuli") else values
            for name, values in self.without.items()
        }
        if population.kind == "networks":
            # Every network is left out alone.
            groups = [[name] for name in cells["target_subject"].unique()]
        else:
            # Subjects are those that take part in a comparison, which may be others between brains.
            found = (self.subject_groups.get(name) for name in card.comparisons)
            groups = next(filter(None, found), [])
        return Scores(cells, splits if card.by_split else splits[:0], without, groups)
