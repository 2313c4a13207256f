"""Silhouette of the model population under each method, with all options beside the default."""

from itertools import product

import numpy as np
import pandas as pd

from workflow_scripts.bootstrap import draw_counts, interval
from workflow_scripts.files import write_table
from workflow_scripts.jobs import logged
from workflow_scripts.seeds import generator
from workflow_scripts.specificity import (
    SYMMETRISATIONS,
    distance_matrix,
    silhouette,
    similarity_matrix,
)


def mean_silhouette(distance, subjects, parts, exclude_same_subject, weights=None):
    """Mean over profiles of a, b and s, weighted as the subjects are."""
    values = silhouette(distance, subjects, parts, exclude_same_subject, weights)
    weight = [1 if weights is None else weights[subject] for subject in subjects]
    return [float(np.average(value, weights=weight)) for value in values]


def main(scores_path, settings, output):
    """Write silhouette.csv."""
    scores = pd.read_csv(scores_path, keep_default_na=False, na_values=[""])
    scores = scores[scores["comparison"] == "models"]
    profiles = list(product(settings["subjects"], settings["layers"]))
    subjects, parts = zip(*profiles, strict=True)
    options = {key: settings[key] for key in ("symmetrisation", "clip", "exclude_same_subject")}
    names = settings["subjects"]
    random = generator(settings["seed"], "bootstrap", "silhouette")
    counts = draw_counts(len(names), settings["n_draws"], random, least_different=2)
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
            a, b, value = mean_silhouette(distance, subjects, parts, exclude)
            low = high = np.nan
            if chosen == options:
                # Equal draws have equal values; there are few different ones with few subjects.
                unique, repeats = np.unique(counts, axis=0, return_counts=True)
                drawn = [
                    mean_silhouette(
                        distance, subjects, parts, exclude, dict(zip(names, row, strict=True))
                    )[2]
                    for row in unique
                ]
                low, high = interval(np.repeat(drawn, repeats))
            rows.append(
                {
                    "method": method,
                    **chosen,
                    "default": chosen == options,
                    "silhouette": value,
                    "ci_low": low,
                    "ci_high": high,
                    "mean_a": a,
                    "mean_b": b,
                    "data_kind": cells["data_kind"].iloc[0],
                }
            )
    write_table(pd.DataFrame(rows), output)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(snakemake.input.scores, snakemake.params.settings, snakemake.output[0])
