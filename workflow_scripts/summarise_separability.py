"""Summarise how far apart each method puts the candidate models by their similarity to mice."""

import logging

import numpy as np
import pandas as pd

from workflow_scripts.bootstrap import interval, weighted_mean
from workflow_scripts.files import write_table
from workflow_scripts.jobs import logged
from workflow_scripts.predictivity import overall
from workflow_scripts.separability import DIRECTIONS, method_separability
from workflow_scripts.tables import Scores


def summarise(scores, method, areas, options):
    """Rows of one method: each direction and both, by area and ``overall``, the mean over areas.

    Parameters
    ----------
    scores : workflow_scripts.tables.Scores
    method : str
    areas : list of str
    options : dict
        ``layer_rule`` and ``combine``, as in
        `workflow_scripts.separability.method_separability`.

    Returns
    -------
    list of dict
        ``scale_free`` is NaN where the mean similarity is not positive.
    """
    rows = []
    found = method_separability(scores, method, areas, **options)
    for direction, values in found.items():
        by_area = values["separability"]
        mean = {name: weighted_mean(values[name], np.ones(1), 0) for name in ("similarity", "d_prime")}
        for part, replicates, similarity, d_prime in zip(
            [*areas, "overall"],
            [*by_area.T, overall(by_area)],
            [*values["similarity"], mean["similarity"]],
            [*values["d_prime"], mean["d_prime"]],
            strict=True,
        ):
            low, high = interval(replicates)
            rows.append(
                {
                    "method": method,
                    "direction": direction,
                    "part": part,
                    "separability": replicates[0],
                    "ci_low": low,
                    "ci_high": high,
                    "scale_free": replicates[0] / similarity if similarity > 0 else np.nan,
                    "d_prime": float(d_prime),
                    "mean_similarity": float(similarity),
                    "data_kind": scores.data_kind(*DIRECTIONS),
                }
            )
    return rows


def main(scores_path, splits_path, settings, output):
    """Write the table."""
    scores = Scores.read(scores_path, splits_path, settings)
    rows = []
    for method in settings["methods"]:
        if all(scores.has(direction, method) for direction in DIRECTIONS):
            rows += summarise(scores, method, settings["areas"], settings["separability"])
        else:
            logging.info("%s: not scored in both directions between models and mice", method)
    write_table(pd.DataFrame(rows), output)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(
            snakemake.input.scores,
            snakemake.input.split_scores,
            snakemake.params.settings,
            snakemake.output[0],
        )
