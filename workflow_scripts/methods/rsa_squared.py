"""Squared representational similarity.

``sign(r) r^2`` of the correlation that RSA gives, on the scale of a coefficient of determination.
Reference: Kriegeskorte, Mur & Bandettini 2008, Front Syst Neurosci 2:4.
"""

from typing import Literal

import numpy as np

from workflow_scripts.alignment.method import Card
from workflow_scripts.solvers.dissimilarity import RepresentationalSimilarity

CARD = Card(
    label="RSA squared",
    colour="#a8aaaf",
    kind="geometry",
    source_stage="post",
    target_stage="post",
    symmetric=True,
    joint_targets=True,
    invariant_to=("permutation",),
    not_invariant_to=("rotation", "translation", "invertible_linear"),
    bounds=(-1.0, 1.0),
    reference="Kriegeskorte et al. 2008, doi:10.3389/neuro.06.004.2008",
)


class Estimator(RepresentationalSimilarity):
    """Squared representational similarity analysis, with the sign of the correlation.

    Parameters
    ----------
    comparison : {"pearson", "spearman"}
        Correlation of the dissimilarities, or of their ranks.
    """

    def __init__(self, comparison: Literal["pearson", "spearman"] = "pearson") -> None:
        super().__init__(comparison)

    def compare(self, x: np.ndarray, y: np.ndarray) -> float:
        """Similarity of two prepared profiles that saw the same stimuli."""
        r = super().compare(x, y)
        return r * abs(r)
