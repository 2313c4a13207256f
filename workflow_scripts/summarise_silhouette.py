"""Summarise how specific each method is in models: silhouettes under every option."""

import logging
from itertools import product

import numpy as np
import pandas as pd

from workflow_scripts.bootstrap import interval
from workflow_scripts.files import write_table
from workflow_scripts.jobs import logged
from workflow_scripts.specificity import (
    SYMMETRISATIONS,
    distances,
    mean_over_profiles,
    silhouette,
)
from workflow_scripts.tables import Scores

OPTIONS = ("symmetrisation", "clip", "exclude_same_subject")


def mean_silhouette(replicates, weights, symmetrisation, clip, exclude_same_subject):
    """Means over profiles of ``a``, ``b`` and the silhouette, in every draw.

    Parameters
    ----------
    replicates, weights : numpy.ndarray
        As `workflow_scripts.tables.Scores.replicates` returns them for models.
    symmetrisation, clip, exclude_same_subject
        As in `workflow_scripts.specificity.distances` and `silhouette`.

    Returns
    -------
    dict of str to numpy.ndarray, shape (n_draws + 1,)
    """
    distance = distances(replicates, symmetrisation, clip)
    values = silhouette(distance, weights, exclude_same_subject)
    return {
        name: mean_over_profiles(value, weights)
        for name, value in zip(("a", "b", "silhouette"), values, strict=True)
    }


def summarise(scores, method, layers, default):
    """Rows of one method, one for each combination of options.

    Parameters
    ----------
    scores : workflow_scripts.tables.Scores
    method : str
    layers : list of str
    default : dict
        The configured options, whose row is flagged.

    Returns
    -------
    list of dict
    """
    replicates, weights = scores.replicates("models", method, layers)
    missing = np.isnan(replicates[0]).sum() - weights.shape[1] * len(layers)
    if missing:
        logging.warning("%s: %d pairs of profiles have no score and are left out", method, missing)
    rows = []
    for values in product(SYMMETRISATIONS, (True, False), (False, True)):
        options = dict(zip(OPTIONS, values, strict=True))
        means = mean_silhouette(replicates, weights, **options)
        low, high = interval(means["silhouette"])
        rows.append(
            {
                "method": method,
                **options,
                "default": options == default,
                "silhouette": means["silhouette"][0],
                "ci_low": low,
                "ci_high": high,
                "mean_a": means["a"][0],
                "mean_b": means["b"][0],
                "n_profiles": weights.shape[1] * len(layers),
                "n_skipped_pairs": missing,
                "data_kind": scores.data_kind("models"),
            }
        )
    return rows


def main(scores_path, splits_path, settings, output):
    """Write the table."""
    scores = Scores.read(scores_path, splits_path, settings)
    rows = []
    for method in settings["methods"]:
        if scores.has("models", method):
            rows += summarise(scores, method, settings["layers"], settings["silhouette"])
        else:
            logging.info("models: no scores of %s", method)
    write_table(pd.DataFrame(rows), output)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(
            snakemake.input.scores,
            snakemake.input.split_scores,
            snakemake.params.settings,
            snakemake.output[0],
        )
