"""Silhouette of the model population under each method, with all options beside the default."""

from itertools import product

import pandas as pd

from workflow_scripts.bootstrap import draw_counts, interval, weighted_mean
from workflow_scripts.files import write_table
from workflow_scripts.jobs import job
from workflow_scripts.seeds import generator
from workflow_scripts.specificity import (
    SYMMETRISATIONS,
    distance_matrix,
    silhouette,
    similarity_matrix,
)


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
