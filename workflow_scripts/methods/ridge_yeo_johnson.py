"""Ridge regression from Yeo-Johnson transformed source units.

Every source unit is first made as normal as a power can make it, which approximately inverts its
output non-linearity; then the map is that of ridge regression.
Reference: Hoerl & Kennard 1970, Technometrics 12; Yeo & Johnson 2000, Biometrika 87.
"""

from workflow_scripts.alignment.method import Card
from workflow_scripts.common.forms import PositiveNumbers
from workflow_scripts.solvers.ridge import ALPHAS, Ridge
from workflow_scripts.solvers.transformed import TransformedModel
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


class Estimator(TransformedModel):
    """Ridge regression after Yeo-Johnson.

    Parameters
    ----------
    alphas : sequence of float
        Penalties to choose from.
    """

    def __init__(self, alphas: PositiveNumbers = ALPHAS) -> None:
        super().__init__(YeoJohnson(), Ridge(alphas))
