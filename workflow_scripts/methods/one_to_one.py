"""One-to-one matching: every unit has at most one partner.

The pairs maximise ``sum C_ij``, where ``C`` holds the correlations of source and target units over
the training stimuli. A target unit j with the partner i is predicted by ``C_ij z_i`` in standard
deviations of the target, where ``z`` is the standardised source: univariate least squares. If there
are more targets than sources, those without a partner are predicted by their training mean.
Reference: Li et al. 2015, Convergent learning, arXiv:1511.07543 (bipartite matching).
"""

import numpy as np

from workflow_scripts.alignment.method import Card
from workflow_scripts.solvers.matching import UnitMatching, assignment, pair_weights

CARD = Card(
    label="One-to-one",
    colour="#8c564b",
    kind="mapping",
    source_stage="post",
    target_stage="post",
    symmetric=False,
    joint_targets=True,
    invariant_to=("permutation", "scaling", "translation"),
    not_invariant_to=("rotation", "invertible_linear"),
    bounds=(None, 1.0),
    reference="Li et al. 2015, arXiv:1511.07543",
)


class Estimator(UnitMatching):
    """One-to-one matching; it has no parameters."""

    def weights(self, correlation: np.ndarray) -> np.ndarray:
        """Correlation of each pair, zero elsewhere."""
        return pair_weights(correlation, assignment(1 - correlation))
