"""Cost of each method: seconds of fitting and scoring, summed over the cells of a comparison.

Next to it stands how often a fit chose a penalty at the end of its grid, where a wider grid may
predict better. Seconds are wall time on the machine that did the work, without the time to read
files and to start.
Reference: none; the seconds are those that each cell of scores.csv took.
"""

import logging

import pandas as pd

from workflow_scripts.evaluation.metric import Card, Population, Random, Scores

CARD = Card(
    label="Cost",
    populations=("networks", "brain"),
    comparisons=(
        "networks",
        "brain",
        "groups",
        "model_to_brain",
        "brain_to_model",
        "brain_to_brain",
    ),
    columns={
        "comparison": "name of the comparison",
        "method": "name of the method",
        "cells": "number of cells that have a score",
        "seconds": "wall time of all cells together",
        "seconds_per_cell": "mean over cells",
        "penalties": "number of fits that chose a penalty, over cells, units and splits",
        "penalty_ends": "number of these that chose the smallest or largest penalty offered",
    },
    reference="wall time, measured by the jobs",
)

MOST_ENDS = 0.1
"""Share of fits with a penalty at the end of its grid from which a warning is given. A few are
usual: units that the source does not predict at all want the largest penalty there is."""

UNPREDICTED = "shuffled_ridge"
"""A control all of whose units are such."""


def measure(scores: Scores, population: Population, random: Random) -> pd.DataFrame:
    """Seconds by comparison and method."""
    cost = scores.cells.groupby(["comparison", "method"], sort=False).agg(
        cells=("seconds", "count"),
        seconds=("seconds", "sum"),
        penalties=("n_penalties", "sum"),
        penalty_ends=("n_penalty_ends", "sum"),
    )
    cost.insert(2, "seconds_per_cell", cost["seconds"] / cost["cells"])
    cost = cost.reset_index()
    has_many = cost["penalty_ends"] > MOST_ENDS * cost["penalties"]
    for _, row in cost[has_many & (cost["method"] != UNPREDICTED)].iterrows():
        logging.warning(
            "%s %s: %d of %d fits chose the smallest or largest penalty; others may be better, see "
            "config methods.%s.alphas",
            *(row["comparison"], row["method"], row["penalty_ends"], row["penalties"]),
            row["method"],
        )
    return cost
