"""Similarities and distances between all profiles of a population."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

SYMMETRISATIONS: dict[str, Callable[..., np.ndarray]] = {
    "mean": np.mean,
    "min": np.min,
    "max": np.max,
}
"""How the similarities of the two directions become one."""


def similarity_matrix(scores: pd.DataFrame, profiles: Sequence[tuple[str, str]]) -> np.ndarray:
    """Similarities of all profiles from the rows of a score table.

    Parameters
    ----------
    scores : pandas.DataFrame
        Rows of one method, with ``source_subject``, ``source_part``, ``target_subject``,
        ``target_part`` and ``score``.
    profiles : list of tuple of str
        Subject and part of each row and column of the result.

    Returns
    -------
    numpy.ndarray, shape (n, n)
        From the profile of the row to that of the column; NaN where there is no score, and on
        the diagonal.
    """
    index = {profile: number for number, profile in enumerate(profiles)}
    matrix = np.full((len(profiles), len(profiles)), np.nan)
    rows = [
        index[pair] for pair in zip(scores["source_subject"], scores["source_part"], strict=True)
    ]
    columns = [
        index[pair] for pair in zip(scores["target_subject"], scores["target_part"], strict=True)
    ]
    matrix[rows, columns] = scores["score"]
    return matrix


def distance_matrix(
    similarity: np.ndarray, symmetrisation: str = "mean", clip: bool = True
) -> np.ndarray:
    """Distance ``1 - similarity``, made symmetric.

    Parameters
    ----------
    similarity : numpy.ndarray, shape (n, n)
    symmetrisation : {"mean", "min", "max"}
        How the similarities of the two directions become one.
    clip : bool
        Whether similarities are clipped to 0-1 first. Negative coefficients of determination of
        distant parts would otherwise raise the silhouette.

    Returns
    -------
    numpy.ndarray, shape (n, n)
        Zero on the diagonal.
    """
    if clip:
        similarity = np.clip(similarity, 0, 1)
    both = np.stack([similarity, similarity.T])
    distance = 1 - SYMMETRISATIONS[symmetrisation](both, axis=0)
    np.fill_diagonal(distance, 0)
    return distance
