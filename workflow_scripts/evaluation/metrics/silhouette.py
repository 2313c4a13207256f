"""Silhouette of the model population under each method, with all options beside the default."""

from itertools import product

import numpy as np
import pandas as pd

from workflow_scripts.common.files import write_table
from workflow_scripts.common.job import job
from workflow_scripts.common.random_streams import generator
from workflow_scripts.evaluation.bootstrap import draw_counts, interval, weighted_mean
from workflow_scripts.evaluation.similarity import (
    SYMMETRISATIONS,
    distance_matrix,
    similarity_matrix,
)


def silhouette(distance, subjects, parts, exclude_same_subject=False):
    """Silhouette of every profile with its part as the cluster (Rousseeuw 1987).

    ``s = (b - a) / max(a, b)`` with ``a`` the mean distance to the profiles of the same part, and
    ``b`` the smallest, over the other parts, of the mean distance to that part's profiles.

    Parameters
    ----------
    distance : numpy.ndarray, shape (n, n)
    subjects, parts : sequence of str, length n
    exclude_same_subject : bool
        Whether other parts of the same subject are left out of ``b``.

    Returns
    -------
    a, b, s : numpy.ndarray, each of shape (n,)
        NaN for a profile that has no other profile of its part.
    """
    subjects, parts = np.asarray(subjects), np.asarray(parts)

    def mean_distance(i, chosen):
        return distance[i, chosen].mean() if chosen.any() else np.nan

    a, b = np.full(len(parts), np.nan), np.full(len(parts), np.nan)
    for i in range(len(parts)):
        others = np.arange(len(parts)) != i
        a[i] = mean_distance(i, others & (parts == parts[i]) & (subjects != subjects[i]))
        if exclude_same_subject:
            others &= subjects != subjects[i]
        rivals = [mean_distance(i, others & (parts == part)) for part in set(parts) - {parts[i]}]
        b[i] = np.min(rivals)
    return a, b, (b - a) / np.maximum(a, b)


def main(scores_path, settings, output):
    """Write silhouette.csv."""
    scores = pd.read_csv(scores_path, keep_default_na=False, na_values=[""])
    scores = scores[scores["comparison"] == "models"]
    profiles = list(product(settings["subjects"], settings["layers"]))
    subjects, parts = zip(*profiles, strict=True)
    options = {key: settings[key] for key in ("symmetrisation", "clip", "exclude_same_subject")}
    n_subjects, n_parts = len(settings["subjects"]), len(settings["layers"])
    random = generator(settings["seed"], "bootstrap", "silhouette")
    counts = draw_counts(n_subjects, settings["n_draws"], random)
    rows = []
    for method, cells in scores.groupby("method", sort=False):
        similarity = similarity_matrix(cells, profiles)
        for symmetrisation, clip, exclude in product(SYMMETRISATIONS, (True, False), (False, True)):
            chosen = {
                "symmetrisation": symmetrisation,
                "clip": clip,
                "exclude_same_subject": exclude,
            }
            distance = distance_matrix(similarity, symmetrisation, clip)
            a, b, values = silhouette(distance, subjects, parts, exclude)
            # Over the subjects whose profiles are judged, against the whole population: drawing
            # that anew would pair copies of a subject, or have fewer others than there are.
            by_subject = values.reshape(n_subjects, n_parts).mean(axis=1)
            low, high = interval(weighted_mean(by_subject, counts))
            rows.append(
                {
                    "method": method,
                    **chosen,
                    "default": chosen == options,
                    "silhouette": values.mean(),
                    "ci_low": low,
                    "ci_high": high,
                    "mean_a": a.mean(),
                    "mean_b": b.mean(),
                    "data_kind": cells["data_kind"].iloc[0],
                }
            )
    write_table(pd.DataFrame(rows), output)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(snakemake.input.scores, snakemake.params.settings, snakemake.output[0])
