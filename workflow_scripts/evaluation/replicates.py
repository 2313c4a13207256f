"""A metric measured on all scores, and without each group of subjects and of stimuli."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from workflow_scripts.evaluation.jackknife import Intervals, changes, intervals
from workflow_scripts.evaluation.metric import METRICS, Population, Random, Scores


@dataclass(frozen=True, eq=False)
class Replicated:
    """What a metric measures on one population, and its replicates.

    Attributes
    ----------
    table : pandas.DataFrame
        What ``measure`` returns.
    without_subjects : dict of str to numpy.ndarray, each of shape (n_groups, n_rows)
        Each value of the metric's card without each group of subjects; NaN where a row does not
        exist then.
    without_stimuli : dict of str to numpy.ndarray, each of shape (n_groups, n_rows)
        The same without the test stimuli of each jackknife group.
    """

    table: pd.DataFrame
    without_subjects: Mapping[str, np.ndarray]
    without_stimuli: Mapping[str, np.ndarray]

    def intervals(self, value: str) -> Intervals:
        """Interval of a value in every row."""
        return intervals(
            self.table[value].to_numpy(float),
            self.without_subjects[value],
            self.without_stimuli[value],
            (self._have_part(self.without_subjects), self._have_part(self.without_stimuli)),
        )

    def _have_part(self, replicates: Mapping[str, np.ndarray]) -> np.ndarray:
        """Whether each group has a part in a row: it changes any value of the row's method.

        A group that leaves a single share as it is counts, and one that no score depends on, as
        stimuli that are never tested, does not.
        """
        changed = np.any(
            [changes(self.table[name].to_numpy(float), of) for name, of in replicates.items()],
            axis=0,
        )
        methods = self.table["method"].to_numpy()
        of_rows = [changed[:, methods == method].any(axis=1) for method in methods]
        return np.array(of_rows, bool).reshape(changed.shape[::-1]).T


def replicate(
    metric: str,
    scores: Scores,
    population: Population,
    random: Random,
    parameters: Mapping[str, Any],
) -> Replicated:
    """Measure a metric, and again without each group of subjects and of stimuli."""
    card, measure = METRICS.card(metric), METRICS.load(metric).measure
    table: pd.DataFrame = measure(scores, population, random, **parameters)
    rows = pd.MultiIndex.from_frame(table[card.keys])

    def again(leave_out: Callable[[int], Scores], n_groups: int) -> np.ndarray:
        """Values of each row in each replicate, shape (n_groups, n_rows, n_values)."""
        values = np.full((n_groups, len(rows), len(card.values)), np.nan)
        for group in range(n_groups):
            without = leave_out(group)
            if len(without.cells):
                found = measure(without, population, values_only, **parameters)
                index = pd.MultiIndex.from_frame(found[card.keys])
                values[group] = found[list(card.values)].set_axis(index).reindex(rows)
        return values

    values_only = replace(random, n_draws=0)
    left_out = {}
    for kind, leave_out, left in (
        ("without_subjects", scores.without_subjects, len(scores.subject_groups)),
        ("without_stimuli", scores.without_stimuli, scores.n_stimulus_groups),
    ):
        values = again(leave_out, left if card.values else 0)
        left_out[kind] = {name: values[..., place] for place, name in enumerate(card.values)}
    return Replicated(table, **left_out)
