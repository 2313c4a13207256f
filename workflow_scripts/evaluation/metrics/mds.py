"""Place the profiles in the plane so that distances are kept as well as they can be."""

from itertools import product

import numpy as np
import pandas as pd
from scipy.spatial import procrustes
from sklearn.manifold import MDS

from workflow_scripts.common.files import write_table
from workflow_scripts.common.job import job
from workflow_scripts.common.random_streams import derive_seed
from workflow_scripts.evaluation.similarity import distance_matrix, similarity_matrix

MAX_ITERATIONS = 1000


def embed(distance, n_init, seed):
    """Metric multidimensional scaling into two dimensions (SMACOF).

    Parameters
    ----------
    distance : numpy.ndarray, shape (n, n)
    n_init : int
        Random starts, of which the best is kept.
    seed : int

    Returns
    -------
    positions : numpy.ndarray, shape (n, 2)
    stress : float
        Kruskal's stress-1: root of the squared misfit over the squared distances.
    """
    scaling = MDS(
        n_components=2,
        metric="precomputed",
        metric_mds=True,
        n_init=n_init,
        init="random",
        max_iter=MAX_ITERATIONS,
        random_state=seed % 2**32,
        normalized_stress=False,
    )
    positions = scaling.fit_transform(distance)
    upper = np.triu_indices(len(distance), 1)
    placed = np.linalg.norm(positions[:, None] - positions[None], axis=-1)[upper]
    misfit = ((placed - distance[upper]) ** 2).sum()
    return positions, float(np.sqrt(misfit / (distance[upper] ** 2).sum()))


def main(scores_path, settings, output):
    """Write mds.csv; the methods' maps are rotated and scaled onto the first one's."""
    scores = pd.read_csv(scores_path, keep_default_na=False, na_values=[""])
    scores = scores[scores["comparison"] == "models"]
    profiles = list(product(settings["subjects"], settings["layers"]))
    reference, tables = None, []
    for method, cells in scores.groupby("method", sort=False):
        similarity = similarity_matrix(cells, profiles)
        distance = distance_matrix(similarity, settings["symmetrisation"], settings["clip"])
        seed = derive_seed(settings["seed"], "embed_profiles", method)
        positions, stress = embed(distance, settings["n_init"], seed)
        reference = positions if reference is None else reference
        _, aligned, _ = procrustes(reference, positions)
        table = pd.DataFrame(profiles, columns=["subject", "part"])
        table.insert(0, "method", method)
        table["x"], table["y"], table["stress"] = aligned[:, 0], aligned[:, 1], stress
        table["data_kind"] = cells["data_kind"].iloc[0]
        tables.append(table)
    write_table(pd.concat(tables, ignore_index=True), output)


if __name__ == "__main__":
    with job(snakemake.log[0], snakemake.input, snakemake.output):
        main(snakemake.input.scores, snakemake.params.settings, snakemake.output[0])
