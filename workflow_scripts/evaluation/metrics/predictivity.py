"""Predictivity of each mapping: how well it predicts one subject from another.

The predictivity of a method is the mean, over pairs of different subjects, of the score of the cell
from a part of the one to the same part of the other; overall, it is the mean over parts. In a brain
the source of a pair is the pool of all other subjects, unless its subjects are compared in pairs.
``different part`` is the same mean where source and target are different parts. ``statistic`` says
which value of each cell is averaged. The 95 % intervals are over subjects: a bootstrap draws
subjects with replacement, and the weight of a pair is the number of draws of its source times that
of its target. A pool is not drawn, so the weight of a pair with a pool is the number of draws of
its target.
Reference: Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapters 6 and 13.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from workflow_scripts.evaluation.bootstrap import draw_counts, interval, weighted_mean
from workflow_scripts.evaluation.metric import Card, Population, Random, Scores

CARD = Card(
    label="Predictivity",
    populations=("networks", "brain"),
    comparisons=("networks", "brain"),
    columns={
        "method": "name of the method, which is a mapping",
        "relation": "whether source and target are the same part or a different part",
        "part": "part of the target; overall: mean over parts",
        "statistic": (
            "which value of each cell is averaged: the median R² over units (the score), the mean, "
            "or, with a noise correction, the median correlation or correlation_corrected"
        ),
        "predictivity": "mean over pairs of subjects",
        "ci_low": "lower end of the 95 % bootstrap interval over subjects",
        "ci_high": "upper end of it",
        "n_cells": "number of cells that have a score",
        "n_skipped": "number of cells that were skipped",
    },
    reference="Efron and Tibshirani 1993, An Introduction to the Bootstrap",
    of_mappings=True,
)

STATISTICS = {
    "median": "score",
    "mean": "score_mean",
    "correlation": "correlation",
    "correlation_corrected": "correlation_corrected",
}
"""Column of scores.csv with each statistic. Correlations exist with a noise correction only."""

OVERALL = "overall"


def measure(scores: Scores, population: Population, random: Random) -> pd.DataFrame:
    """Predictivity of each mapping in each part and overall."""
    rows = []
    for method, cells in scores.cells.groupby("method", sort=False):
        if method not in population.mappings:
            continue
        cells = cells[cells["source_subject"] != cells["target_subject"]]
        subjects = sorted(set(cells["target_subject"]))
        generator = random.generator("bootstrap", "predictivity", population.stream)
        counts = draw_counts(len(subjects), random.n_draws, generator, least_different=2)
        same = cells["source_part"] == cells["target_part"]
        for relation, group in (("same part", cells[same]), ("different part", cells[~same])):
            for statistic, column in STATISTICS.items():
                if column.startswith("correlation") and cells[column].isna().all():
                    continue
                summary = summarise(group, column, subjects, counts)
                for part, (value, low, high) in summary.items():
                    of_part = group if part == OVERALL else group[group["target_part"] == part]
                    rows.append(
                        {
                            "method": method,
                            "relation": relation,
                            "part": part,
                            "statistic": statistic,
                            "predictivity": value,
                            "ci_low": low,
                            "ci_high": high,
                            "n_cells": int((of_part["verdict"] == "ok").sum()),
                            "n_skipped": int((of_part["verdict"] == "skipped").sum()),
                        }
                    )
    return pd.DataFrame(rows, columns=list(CARD.columns))


def summarise(
    cells: pd.DataFrame, column: str, subjects: Sequence[str], counts: np.ndarray
) -> dict[str, tuple[float, float, float]]:
    """Mean over pairs of subjects within each part, then over parts, with its interval.

    Parameters
    ----------
    cells : pandas.DataFrame
        Cells of one method and relation.
    column : str
        The score to average.
    subjects : list of str
    counts : numpy.ndarray, shape (n_draws, n_subjects)

    Returns
    -------
    dict of str to tuple of float
        Value and interval for each target part, and ``overall``.
    """
    values: dict[str, float] = {}
    draws: dict[str, np.ndarray] = {}
    for name, group in cells.groupby("target_part", sort=False):
        scores = group[column].to_numpy()
        part = str(name)
        values[part] = np.nan if np.isnan(scores).all() else np.nanmean(scores)
        draws[part] = weighted_mean(scores, pair_weights(group, subjects, counts))
    known = [part for part in values if not np.isnan(values[part])]
    result = {part: (values[part], *interval(draws[part])) for part in values}
    overall = float(np.mean([values[part] for part in known])) if known else np.nan
    drawn = np.mean([draws[part] for part in known], axis=0) if known else np.empty(0)
    return {**result, OVERALL: (overall, *interval(drawn))}


def pair_weights(cells: pd.DataFrame, subjects: Sequence[str], counts: np.ndarray) -> np.ndarray:
    """Weight of each cell in each bootstrap draw: how often its pair of subjects is drawn.

    A pool of all other subjects is not resampled; its cells count as often as their target.
    """
    index = {subject: number for number, subject in enumerate(subjects)}
    weights = counts[:, [index[subject] for subject in cells["target_subject"]]]
    if set(cells["source_subject"]) <= set(subjects):
        weights = weights * counts[:, [index[subject] for subject in cells["source_subject"]]]
    return weights
