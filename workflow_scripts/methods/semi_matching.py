"""Semi-matching: each target unit is predicted by the source unit that correlates most with it.

``C`` holds the correlations of source and target units over the training stimuli. Target unit j is
predicted by ``C_ij z_i`` in standard deviations of the target, where ``z`` is the standardised
source and ``i`` the source unit with the greatest ``C_ij`` (signed): univariate least squares. One
source unit may serve many targets or none.
Reference: Li et al. 2015, Convergent learning, arXiv:1511.07543 (bipartite semi-matching);
Khosla & Williams 2024, Soft matching distance, UniReps.
"""

import numpy as np

from workflow_scripts.alignment.method import Card
from workflow_scripts.solvers.matching import UnitMatching, pair_weights

CARD = Card(
    label="Semi-matching",
    colour="#c49c94",
    kind="mapping",
    source_stage="post",
    target_stage="post",
    symmetric=False,
    joint_targets=False,
    invariant_to=("permutation", "scaling", "translation"),
    not_invariant_to=("rotation", "invertible_linear"),
    bounds=(None, 1.0),
    reference="Li et al. 2015, arXiv:1511.07543",
)


class Estimator(UnitMatching):
    """Semi-matching; it has no parameters."""

    def weights(self, correlation: np.ndarray) -> np.ndarray:
        """Correlation of each target with its best source, zero elsewhere."""
        best = correlation.argmax(axis=0), np.arange(correlation.shape[1])
        return pair_weights(correlation, best)
