"""Predictivity of each mapping: how well it predicts one subject from another.

The predictivity of a method is the mean, over pairs of different subjects, of the score of the cell
from a part of the one to the same part of the other; overall, it is the mean over parts. In a brain
the source of a pair is the pool of all other subjects, unless its subjects are compared in pairs.
``different part`` is the same mean where source and target are different parts. ``statistic`` says
which value of each cell is averaged.
Reference: Thobani et al. 2025, CCN.
"""

import pandas as pd

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
        "n_cells": "number of cells that have a score",
        "n_skipped": "number of cells that were skipped",
    },
    reference="Thobani et al. 2025, CCN",
    values=("predictivity",),
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
        same = cells["source_part"] == cells["target_part"]
        for relation, group in (("same part", cells[same]), ("different part", cells[~same])):
            by_part = group.groupby("target_part", sort=False)
            counts = by_part["verdict"].value_counts().unstack(fill_value=0)
            counts = counts.reindex(columns=["ok", "skipped"], fill_value=0)
            for statistic, column in STATISTICS.items():
                if column.startswith("correlation") and group[column].isna().all():
                    continue
                means = by_part[column].mean()
                of_parts = [
                    *zip(means.index, means, counts.loc[means.index].to_numpy(), strict=True),
                    (OVERALL, means.mean(), counts.sum().to_numpy()),
                ]
                rows += [
                    {
                        "method": method,
                        "relation": relation,
                        "part": part,
                        "statistic": statistic,
                        "predictivity": value,
                        "n_cells": n_cells,
                        "n_skipped": n_skipped,
                    }
                    for part, value, (n_cells, n_skipped) in of_parts
                ]
    return pd.DataFrame(rows, columns=list(CARD.columns))
