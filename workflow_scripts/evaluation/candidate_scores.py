"""Scores of the candidates that are compared with a brain, and the layer that stands for each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from workflow_scripts.alignment.scoring import mean_of_known

DIRECTIONS = {
    "model_to_brain": ("source", "target"),
    "brain_to_model": ("target", "source"),
}
"""Which side of a cell is the model, and which the brain."""


@dataclass(frozen=True)
class CandidateScores:
    """Scores of one method in one direction.

    Attributes
    ----------
    layers : list of str
        Layers of all candidates.
    score : numpy.ndarray, shape (n_areas, n_candidates, n_layers, n_subjects, n_splits)
        NaN where there is none, as for a layer of another candidate. From brain to model, the one
        subject is the pool.
    selection_score : numpy.ndarray, of the same shape
        Score inside the training stimuli of the split.
    """

    layers: list[str]
    score: np.ndarray
    selection_score: np.ndarray

    def of_best_layer(self) -> np.ndarray:
        """Score of the layer that stands for a candidate, an area and a split.

        It is the one with the highest selection score, mean over subjects: no test stimulus has a
        say in it.

        Returns
        -------
        numpy.ndarray, shape (n_areas, n_candidates, n_subjects, n_splits)
        """
        selection = mean_of_known(self.selection_score, axis=3)
        best = np.where(np.isnan(selection), -np.inf, selection).argmax(axis=2)
        chosen = np.take_along_axis(self.score, best[:, :, None, None, :], axis=2)[:, :, 0]
        is_known = ~np.isnan(selection).all(axis=2)
        return np.where(is_known[:, :, None], chosen, np.nan)


def candidate_scores(
    splits: pd.DataFrame, direction: str, candidates: Sequence[str], areas: Sequence[str]
) -> CandidateScores:
    """Rows of split_scores.csv of one method and direction, as arrays."""
    model, brain = DIRECTIONS[direction]
    layers = splits[f"{model}_part"].unique().tolist()
    axes: dict[str, Sequence] = {
        f"{brain}_part": areas,
        f"{model}_subject": candidates,
        f"{model}_part": layers,
        f"{brain}_subject": splits[f"{brain}_subject"].unique().tolist(),
        "split": range(splits["split"].max() + 1),
    }
    place = tuple(pd.Index(items).get_indexer(splits[name]) for name, items in axes.items())

    def spread(column: str) -> np.ndarray:
        values = np.full([len(items) for items in axes.values()], np.nan)
        values[place] = splits[column]
        return values

    return CandidateScores(layers, spread("split_score"), spread("selection_score"))
