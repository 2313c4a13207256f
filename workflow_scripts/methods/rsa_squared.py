"""Squared representational similarity, on the scale of explained variance.

``sign(r) r^2`` of the RSA correlation, so that it compares with coefficients of determination.
Reference: Kriegeskorte, Mur & Bandettini 2008, Front Syst Neurosci 2:4.
"""

from workflow_scripts.alignment.method import Card
from workflow_scripts.solvers.dissimilarity import geometry_vector

CARD = Card(
    label="RSA squared",
    colour="#c7c7c7",
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


class Estimator:
    """Squared representational similarity analysis, with the sign of the correlation.

    Parameters
    ----------
    comparison : {"pearson", "spearman"}
        Correlation of the dissimilarities, or of their ranks.
    """

    def __init__(self, comparison="pearson"):
        self.comparison = comparison

    def prepare(self, X):
        """Dissimilarities of the stimuli of X (n_stimuli, n_units), as a vector of length 1."""
        return geometry_vector(X, self.comparison)

    def compare(self, x, y):
        """Similarity of two prepared profiles with the same stimuli."""
        r = float(x @ y)
        return r * abs(r)
