"""Embed the profiles of all models in a plane, by method, from their distances."""

import logging

import numpy as np
import pandas as pd
from sklearn.manifold import MDS

from workflow_scripts.files import write_table
from workflow_scripts.jobs import logged
from workflow_scripts.seeds import derive_seed
from workflow_scripts.specificity import distances
from workflow_scripts.tables import Scores


def embed(distance, n_init, random_state):
    """Metric multidimensional scaling (SMACOF) in two dimensions.

    Parameters
    ----------
    distance : numpy.ndarray, shape (n, n)
        Symmetric, zero diagonal.
    n_init : int
        Random starts, of which the best is kept.
    random_state : int

    Returns
    -------
    numpy.ndarray, shape (n, 2)
        Centred coordinates, in the unit of the distances.
    float
        Kruskal's (1964) stress-1: root of the summed squared errors of the embedded distances over
        the summed squared distances.
    """
    points = MDS(
        n_components=2,
        metric="precomputed",
        metric_mds=True,
        n_init=n_init,
        init="random",
        random_state=random_state,
        normalized_stress=False,
    ).fit_transform(distance)
    embedded = np.linalg.norm(points[:, None] - points[None], axis=2)
    stress = np.sqrt(((embedded - distance) ** 2).sum() / (distance**2).sum())
    return points - points.mean(axis=0), float(stress)


def align(points, reference):
    """Points rotated and reflected, not scaled, onto a reference (orthogonal Procrustes).

    Parameters
    ----------
    points, reference : numpy.ndarray, shape (n, 2)
        Both centred.

    Returns
    -------
    numpy.ndarray, shape (n, 2)
    """
    left, _, right = np.linalg.svd(points.T @ reference)
    return points @ (left @ right)


def main(scores_path, splits_path, settings, output):
    """Write the coordinates; panels are turned onto the first method's."""
    scores = Scores.read(scores_path, splits_path, settings)
    layers, options = settings["layers"], settings["silhouette"]
    subjects = scores.subjects("models")
    tables, reference = [], None
    for method in settings["methods"]:
        if not scores.has("models", method):
            logging.info("models: no scores of %s", method)
            continue
        replicates, _ = scores.replicates("models", method, layers)
        size = len(subjects) * len(layers)
        directed = distances(replicates[0], options["symmetrisation"], options["clip"])
        directed = directed.reshape(size, size)
        distance = (directed + directed.T) / 2
        if np.isnan(distance).any():
            logging.warning("%s: pairs of profiles without a score, so no embedding", method)
            continue
        points, stress = embed(
            distance, settings["mds"]["n_init"], derive_seed(settings["seed"], "mds", method) % 2**32
        )
        reference = points if reference is None else reference
        points = align(points, reference)
        tables.append(
            pd.DataFrame(
                {
                    "method": method,
                    "subject": np.repeat(subjects, len(layers)),
                    "part": layers * len(subjects),
                    "x": points[:, 0],
                    "y": points[:, 1],
                    "stress": stress,
                    "data_kind": scores.data_kind("models"),
                }
            )
        )
    write_table(pd.concat(tables), output)


if __name__ == "__main__":
    with logged(snakemake.log[0]):
        main(
            snakemake.input.scores,
            snakemake.input.split_scores,
            snakemake.params.settings,
            snakemake.output[0],
        )
