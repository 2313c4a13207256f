"""Ridge regression from Yeo-Johnson transformed source units.

As ridge regression between post-softplus units, after every source unit is made as normal as a
power can make it, an approximate inverse of its output non-linearity.
Reference: Hoerl & Kennard 1970, Technometrics 12; Yeo & Johnson 2000, Biometrika 87.
"""

from workflow_scripts.alignment.method import Card
from workflow_scripts.solvers.ridge import ALPHAS, Ridge
from workflow_scripts.solvers.yeo_johnson import YeoJohnson

CARD = Card(
    label="Ridge (Yeo-Johnson)",
    colour="#006d2c",
    kind="mapping",
    source_stage="post",
    target_stage="post",
    symmetric=False,
    joint_targets=False,
    invariant_to=("permutation",),
    not_invariant_to=(),
    bounds=(None, 1.0),
    reference="Yeo & Johnson 2000, doi:10.1093/biomet/87.4.954",
    array_api=True,
)


class Estimator:
    """Ridge regression after Yeo-Johnson; `alphas` are the penalties to choose from."""

    def __init__(self, alphas=ALPHAS):
        self.transformation = YeoJohnson()
        self.ridge = Ridge(alphas)

    def fit(self, X, Y):
        """Fit on training responses X (n_stimuli, n_units) and Y (n_stimuli, n_targets)."""
        self.ridge.fit(self.transformation.fit_transform(X), Y)
        self.alpha_ = self.ridge.alpha_
        return self

    def predict(self, X):
        """Predicted responses (n_stimuli, n_targets)."""
        predicted = self.ridge.predict(self.transformation.transform(X))
        self.guards_ = {"source clipped": self.transformation.n_clipped_}
        return predicted
