"""Predictivity of each method: between subjects, in the same part and in different parts."""

import numpy as np
import pandas as pd

from workflow_scripts.common.files import write_table
from workflow_scripts.common.job import job
from workflow_scripts.common.random_streams import generator
from workflow_scripts.evaluation.bootstrap import draw_counts, interval, weighted_mean

POPULATIONS = {"models": "models", "mouse": "mice"}

# The last two are there with a noise correction only.
STATISTICS = {
    "median": "score",
    "mean": "score_mean",
    "correlation": "correlation",
    "correlation_corrected": "correlation_corrected",
}


OVERALL = "overall"


def pair_weights(cells, subjects, counts):
    """Weight of each cell in each bootstrap draw: how often its pair of subjects was drawn.

    A pool of all other mice is not resampled; its cells count as often as their target.
    """
    index = {subject: number for number, subject in enumerate(subjects)}
    weights = counts[:, [index[subject] for subject in cells["target_subject"]]]
    if set(cells["source_subject"]) <= set(subjects):
        weights = weights * counts[:, [index[subject] for subject in cells["source_subject"]]]
    return weights


def summarise(cells, column, subjects, counts):
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
    values, draws = {}, {}
    for part, group in cells.groupby("target_part", sort=False):
        scores = group[column].to_numpy()
        values[part] = np.nan if np.isnan(scores).all() else np.nanmean(scores)
        draws[part] = weighted_mean(scores, pair_weights(group, subjects, counts))
    known = [part for part in values if not np.isnan(values[part])]
    result = {part: (values[part], *interval(draws[part])) for part in values}
    overall = np.mean([values[part] for part in known]) if known else np.nan
    drawn = np.mean([draws[part] for part in known], axis=0) if known else []
    return {**result, OVERALL: (overall, *interval(drawn))}


def main(scores_path, settings, output):
    """Write predictivity.csv."""
    scores = pd.read_csv(scores_path, keep_default_na=False, na_values=[""])
    rows = []
    for (comparison, method), cells in scores.groupby(["comparison", "method"], sort=False):
        if comparison not in POPULATIONS or method not in settings["mappings"]:
            continue
        cells = cells[cells["source_subject"] != cells["target_subject"]]
        subjects = sorted(set(cells["target_subject"]))
        random = generator(settings["seed"], "bootstrap", "predictivity", comparison)
        counts = draw_counts(len(subjects), settings["n_draws"], random, least_different=2)
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
                            "population": POPULATIONS[comparison],
                            "method": method,
                            "relation": relation,
                            "part": part,
                            "statistic": statistic,
                            "predictivity": value,
                            "ci_low": low,
                            "ci_high": high,
                            "n_cells": int((of_part["verdict"] == "ok").sum()),
                            "n_skipped": int((of_part["verdict"] == "skipped").sum()),
                            "data_kind": cells["data_kind"].iloc[0],
                        }
                    )
    write_table(pd.DataFrame(rows), output)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(snakemake.input.scores, snakemake.params.settings, snakemake.output[0])
