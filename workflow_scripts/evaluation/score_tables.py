"""The scores of a whole run, as they are read from the tables of `collect_scores`."""

import json
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
import xarray as xr

from workflow_scripts.common.files import PathLike, read_table
from workflow_scripts.evaluation.metric import Card, Population, Scores

SINGLE = 2.0**-22
"""Relative size of a difference that may be the rounding of a number in single precision."""


@dataclass(frozen=True, eq=False)
class ScoreTables:
    """All cells, all splits, and both without each group; see `Scores`.

    The groups of subjects are those of each comparison and brain, by their names.
    """

    cells: pd.DataFrame
    splits: pd.DataFrame
    without: dict[str, np.ndarray]
    subject_groups: dict[str, list[list[str]]]

    @classmethod
    def read(cls, scores: PathLike, splits: PathLike, jackknife: PathLike) -> Self:
        """Read the three files of `collect_scores`."""
        with xr.open_dataset(jackknife, engine="h5netcdf") as data:
            without = {str(name): data[name].values.astype(float) for name in data}
            subject_groups = json.loads(data.attrs["subject_groups"])
        cells, by_split = read_table(scores), read_table(splits)
        for name, values in without.items():
            score = name.split("_without_")[0]
            exact = (by_split if score == "split_score" else cells)[[score]].to_numpy()
            # Replicates are stored in single precision: what it has rounded is no difference.
            is_same = np.abs(values - exact) <= SINGLE * np.abs(exact)
            without[name] = np.where(is_same, exact, values)
        return cls(cells, by_split, without, subject_groups)

    def of(self, population: Population, card: Card) -> Scores:
        """Scores that a metric with this card is given of a population."""
        brain = "" if population.kind == "networks" else population.name
        cells, splits = (
            table[(table["brain"] == brain) & table["comparison"].isin(card.comparisons)]
            for table in (self.cells, self.splits)
        )
        # Populations may have different numbers of groups of stimuli.
        known = ~np.isnan(self.without["score_without_stimuli"][cells.index]).all(axis=0)
        without = {
            name: values[:, known] if name.endswith("stimuli") else values
            for name, values in self.without.items()
        }
        if population.kind == "networks":
            # Every network is left out alone.
            groups = [[name] for name in dict.fromkeys(cells["target_subject"])]
        else:
            # Subjects are those that take part in a comparison, which may be others between brains.
            named = (f"{comparison} {brain}" for comparison in card.comparisons)
            groups = next((self.subject_groups[n] for n in named if n in self.subject_groups), [])
        return Scores(cells, splits if card.by_split else splits[:0], without, groups)
