"""Maps of the profiles: positions in the plane that keep their distances as well as possible.

Metric multidimensional scaling by SMACOF: the positions minimise the squared differences between
distances in the plane and distances of profiles (1 less the score). Stress is Kruskal's stress-1,
the root of that sum over the sum of squared distances; Kruskal calls 0.05 good, 0.1 fair and 0.2
poor. The map of every method is rotated and scaled onto that of the first one (Procrustes), so that
maps of different methods can be compared by eye. A method without a score for some pair of profiles
has no map.
Reference: Kruskal 1964, Psychometrika 29: 1-27; de Leeuw 1977, Recent Developments in Statistics.
"""

import logging
from typing import Literal

import numpy as np
import pandas as pd
from scipy.spatial import procrustes
from sklearn.manifold import MDS

from workflow_scripts.common.forms import Count
from workflow_scripts.evaluation.metric import Card, Population, Random, Scores
from workflow_scripts.evaluation.similarity import (
    distance_matrix,
    scored_profiles,
    similarity_matrix,
)

CARD = Card(
    label="Maps of the profiles",
    populations=("networks", "pairs"),
    comparisons=("networks", "brain"),
    columns={
        "method": "name of the method",
        "subject": "network, animal or person",
        "part": "layer or area",
        "x": "first coordinate of the profile in the map",
        "y": "second coordinate",
        "stress": "Kruskal's stress-1 of the method's map; 0: all distances are kept",
    },
    reference="Kruskal 1964, Psychometrika 29: 1-27",
    min_parts=2,
)

MAX_ITERATIONS = 1000
"""Most iterations of one start. Maps of the embedded run need up to about 600, more than the 300
that are scikit-learn's default."""


def measure(
    scores: Scores,
    population: Population,
    random: Random,
    *,
    n_init: Count = 20,
    symmetrisation: Literal["mean", "min", "max"] = "mean",
    clip: bool = True,
) -> pd.DataFrame:
    """Position of each profile in the map of each method."""
    reference, tables = None, [pd.DataFrame(columns=list(CARD.columns))]
    for method, cells in scores.cells.groupby("method", sort=False):
        profiles = scored_profiles(cells, population)
        similarity = similarity_matrix(cells, profiles)
        distance = distance_matrix(similarity, symmetrisation, clip)
        if not profiles or np.isnan(distance).any():
            logging.warning("%s has no map, as some pairs of profiles have no score", method)
            continue
        positions, stress = embed(distance, n_init, random.seed_of("embed_profiles", str(method)))
        reference = (profiles, positions) if reference is None else reference
        # A map of other profiles cannot be rotated onto the first one.
        onto = reference[1] if reference[0] == profiles else positions
        _, aligned, _ = procrustes(onto, positions)
        table = pd.DataFrame(profiles, columns=["subject", "part"])
        table.insert(0, "method", method)
        tables.append(table.assign(x=aligned[:, 0], y=aligned[:, 1], stress=stress))
    return pd.concat(tables[1:] or tables, ignore_index=True)


def embed(distance: np.ndarray, n_init: int, seed: int) -> tuple[np.ndarray, float]:
    """Metric multidimensional scaling into two dimensions.

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
        Kruskal's stress-1.
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
