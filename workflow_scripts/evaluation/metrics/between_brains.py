"""Scores from the areas of one brain to those of another: which areas correspond?

The value of a pair of areas is the mean, over the subjects of the target brain, of the score of the
cell from the area of the source brain, pooled over its subjects, to the area of the subject.
Reference: none; the mean of the scores between two brains.
"""

import pandas as pd

from workflow_scripts.evaluation.metric import Card, Population, Random, Scores

CARD = Card(
    label="Scores between brains",
    populations=("brain",),
    comparisons=("brain_to_brain",),
    columns={
        "method": "name of the method",
        "source_brain": "brain whose subjects are pooled",
        "source_area": "area of the source brain",
        "area": "area of the target brain, which is the population",
        "score": "mean over the subjects of the target brain",
        "n_subjects": "number of subjects that have a score",
    },
    reference="the mean of the scores between two brains",
    values=("score",),
)


def measure(scores: Scores, population: Population, random: Random) -> pd.DataFrame:
    """Score of each method, source area and target area."""
    keys = ["method", "source_subject", "source_part", "target_part"]
    found = scores.cells.groupby(keys, sort=False)["score"].agg(["mean", "count"]).reset_index()
    return found.set_axis(list(CARD.columns), axis=1)
