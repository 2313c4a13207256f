"""Scores from the areas of one brain to those of another: which areas correspond?

The value of a pair of areas is the mean, over the subjects of the target brain, of the score of the
cell from the area of the source brain, pooled over its subjects, to the area of the subject. The
95 % interval is a bootstrap over the subjects of the target brain.
Reference: Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 6.
"""

import pandas as pd

from workflow_scripts.evaluation.bootstrap import draw_counts, interval, weighted_mean
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
        "ci_low": "lower end of the 95 % bootstrap interval over these subjects",
        "ci_high": "upper end of it",
        "n_subjects": "number of subjects that have a score",
    },
    reference="Efron and Tibshirani 1993, An Introduction to the Bootstrap",
)


def measure(scores: Scores, population: Population, random: Random) -> pd.DataFrame:
    """Score of each method, source area and target area."""
    rows = []
    generator = random.generator("bootstrap", "between_brains", population.stream)
    subjects = sorted(set(scores.cells["target_subject"]))
    counts = draw_counts(len(subjects), random.n_draws, generator)
    keys = ["method", "source_subject", "source_part", "target_part"]
    for names, cells in scores.cells.groupby(keys, sort=False):
        values = cells.set_index("target_subject")["score"].reindex(subjects).to_numpy()
        low, high = interval(weighted_mean(values, counts))
        method, source_brain, source_area, area = names
        rows.append(
            {
                "method": method,
                "source_brain": source_brain,
                "source_area": source_area,
                "area": area,
                "score": cells["score"].mean(),
                "ci_low": low,
                "ci_high": high,
                "n_subjects": cells["score"].count(),
            }
        )
    return pd.DataFrame(rows, columns=list(CARD.columns))
