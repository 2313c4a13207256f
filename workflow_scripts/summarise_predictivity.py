"""Summarise held-out scores within and across parts, by method, with bootstrap intervals."""

import logging

import numpy as np
import pandas as pd

from workflow_scripts.bootstrap import interval
from workflow_scripts.files import write_table
from workflow_scripts.jobs import logged
from workflow_scripts.predictivity import cross_part, overall, part_means, same_part
from workflow_scripts.tables import STATISTICS, Scores


def _pair_counts(scored, pairs):
    """Scored and skipped cells of each target part, between different subjects."""
    n_parts = scored.shape[-1]
    chosen = np.eye(n_parts, dtype=bool) if pairs == "same" else ~np.eye(n_parts, dtype=bool)
    if scored.ndim == 3:
        wanted = np.broadcast_to(chosen[:, None, :], scored.shape)
    else:
        other = ~np.eye(scored.shape[0], dtype=bool)
        wanted = other[:, None, :, None] & chosen[None, :, None, :]
    axes = tuple(range(scored.ndim - 1))
    return (wanted & scored).sum(axis=axes), (wanted & ~scored).sum(axis=axes)


def summarise(scores, population, method, parts):
    """Rows of one population and method.

    Parameters
    ----------
    scores : workflow_scripts.tables.Scores
    population : {"models", "mouse"}
    method : str
    parts : list of str

    Returns
    -------
    list of dict
        For each statistic, scores within parts and scores from other parts, by target part and
        ``overall``, the mean over parts.
    """
    rows = []
    for statistic in STATISTICS:
        replicates, weights = scores.replicates(population, method, parts, statistic)
        means = part_means(replicates, weights)
        for pairs, by_part in {"same": same_part(means), "cross": cross_part(means)}.items():
            scored, skipped = _pair_counts(~np.isnan(replicates[0]), pairs)
            columns = [*by_part.T, overall(by_part)]
            numbers = zip([*scored, scored.sum()], [*skipped, skipped.sum()], strict=True)
            for part, values, (n_pairs, n_skipped) in zip(
                [*parts, "overall"], columns, numbers, strict=True
            ):
                low, high = interval(values)
                rows.append(
                    {
                        "population": population,
                        "method": method,
                        "pairs": pairs,
                        "part": part,
                        "statistic": statistic,
                        "value": values[0],
                        "ci_low": low,
                        "ci_high": high,
                        "n_pairs": n_pairs,
                        "n_skipped": n_skipped,
                        "data_kind": scores.data_kind(population),
                    }
                )
    return rows


def main(scores_path, splits_path, settings, output):
    """Write the table."""
    scores = Scores.read(scores_path, splits_path, settings)
    rows = []
    for population, parts in {"models": settings["layers"], "mouse": settings["areas"]}.items():
        for method in settings["methods"]:
            if scores.has(population, method):
                rows += summarise(scores, population, method, parts)
            else:
                logging.info("%s: no scores of %s", population, method)
    write_table(pd.DataFrame(rows), output)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(
            snakemake.input.scores,
            snakemake.input.split_scores,
            snakemake.params.settings,
            snakemake.output[0],
        )
