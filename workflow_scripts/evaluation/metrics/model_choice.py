"""Model choice: which candidate is most like each area, and by how much?

Each candidate is represented by the layer with the best score inside the training stimuli of the
split. ``margin`` is a candidate's score less the best score of the others, mean over subjects and
splits: it is positive for the candidate that a method chooses, and the choice is sure where the
interval of the margin is above 0. ``share`` is how often a candidate has the highest score.
Subjects and splits count in which all candidates have a score. Where a brain is simulated,
`recovery` says whether the choice is right.
Reference: the choice that Schrimpf et al. 2018, bioRxiv 407007, make by the mean score alone.
"""

import numpy as np
import pandas as pd

from workflow_scripts.alignment.scoring import mean_of_known
from workflow_scripts.evaluation.candidate_scores import candidate_scores
from workflow_scripts.evaluation.metric import Card, Population, Random, Scores
from workflow_scripts.evaluation.metrics.recovery import outcomes

CARD = Card(
    label="Choice of a model for each area",
    populations=("brain",),
    comparisons=("model_to_brain", "brain_to_model"),
    columns={
        "method": "name of the method",
        "direction": "of the map: model_to_brain or brain_to_model",
        "area": "area of the brain; overall: mean over areas",
        "candidate": "network that is compared with the brain",
        "margin": "its score less the highest score of the others, mean over subjects and splits",
        "share": "share of subjects and splits in which it has the highest score",
        "score": "its score, mean over subjects and splits",
    },
    reference="Schrimpf et al. 2018, bioRxiv 407007",
    values=("margin", "share", "score"),
    by_split=True,
    min_candidates=2,
)


def measure(scores: Scores, population: Population, random: Random) -> pd.DataFrame:
    """Margin, share and score by method, direction, area and candidate."""
    rows = []
    for (method, direction), splits in scores.splits.groupby(["method", "comparison"], sort=False):
        found = candidate_scores(splits, str(direction), population.candidates, population.parts)
        of_candidates = found.of_best_layer()
        share, margin = outcomes(of_candidates)
        known = np.where(np.isnan(of_candidates).any(axis=1, keepdims=True), np.nan, of_candidates)
        values = np.array([margin, share, mean_of_known(known, axis=(2, 3))])
        by_area = np.concatenate([values, mean_of_known(values, axis=1)[:, None]], axis=1)
        rows += [
            {
                "method": method,
                "direction": direction,
                "area": area,
                "candidate": candidate,
                **dict(zip(CARD.values, by_area[:, i, k], strict=True)),
            }
            for i, area in enumerate([*population.parts, "overall"])
            for k, candidate in enumerate(population.candidates)
        ]
    return pd.DataFrame(rows, columns=list(CARD.columns))
