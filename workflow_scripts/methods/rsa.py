"""Representational similarity: correlation of two dissimilarity matrices.

The dissimilarity of two stimuli is ``1 - r``, with Pearson's r between their patterns across units;
the upper triangles of two matrices are correlated.
Reference: Kriegeskorte, Mur & Bandettini 2008, Front Syst Neurosci 2:4.
"""

from typing import Literal

from workflow_scripts.alignment.method import Card
from workflow_scripts.solvers.dissimilarity import RepresentationalSimilarity

CARD = Card(
    label="RSA",
    colour="#8a888b",
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
    """Representational similarity analysis.

    Parameters
    ----------
    comparison : {"pearson", "spearman"}
        Correlation of the dissimilarities, or of their ranks.
    """

    def __init__(self, comparison: Literal["pearson", "spearman"] = "pearson") -> None:
        super().__init__(comparison)
