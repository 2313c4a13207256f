"""Cost of each method: seconds of fitting and scoring, summed over the cells of a comparison.

Seconds are wall time on the machine that did the work, without the time to read files and to start.
Reference: none; the seconds are those that each cell of scores.csv took.
"""

import pandas as pd

from workflow_scripts.evaluation.metric import Card, Population, Random, Scores

CARD = Card(
    label="Cost",
    populations=("networks", "brain"),
    comparisons=("networks", "brain", "model_to_brain", "brain_to_model", "brain_to_brain"),
    columns={
        "comparison": "name of the comparison",
        "method": "name of the method",
        "cells": "number of cells that have a score",
        "seconds": "wall time of all cells together",
        "seconds_per_cell": "mean over cells",
    },
    reference="wall time, measured by the jobs",
)


def measure(scores: Scores, population: Population, random: Random) -> pd.DataFrame:
    """Seconds by comparison and method."""
    cost = scores.cells.groupby(["comparison", "method"], sort=False).agg(
        cells=("seconds", "count"), seconds=("seconds", "sum")
    )
    cost["seconds_per_cell"] = cost["seconds"] / cost["cells"]
    return cost.reset_index()
