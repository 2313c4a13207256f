"""Linear nonlinear map: Yeo-Johnson source, linear predictor, exponential mean, Poisson likelihood.

Every source unit is made as normal as a power can make it (an approximate inverse of its output
non-linearity) and standardised. ``mu = exp(W z + b)`` is fitted to each target unit by penalised
maximum likelihood; the penalty is chosen by cross-validated deviance on the training stimuli.
Reference: Thobani et al. 2025, CCN (inverse-linear-nonlinear-Poisson).
"""

from workflow_scripts.alignment.method import Card
from workflow_scripts.common.forms import CountFromTwo, PositiveNumbers
from workflow_scripts.solvers.glm.penalised import ALPHAS, GeneralisedLinear
from workflow_scripts.solvers.transformed import TransformedModel
from workflow_scripts.solvers.yeo_johnson import YeoJohnson

CARD = Card(
    label="Linear nonlinear",
    colour="#32749f",
    kind="mapping",
    source_stage="post",
    target_stage="post",
    symmetric=False,
    joint_targets=False,
    invariant_to=("permutation",),
    not_invariant_to=(),
    bounds=(None, 1.0),
    reference="Thobani et al. 2025, CCN",
    array_api=True,
    nonnegative_targets=True,
)


class Estimator(TransformedModel):
    """Poisson regression with exponential mean from Yeo-Johnson transformed units.

    Parameters
    ----------
    alphas : sequence of float
        Penalties to choose from.
    n_folds : int
        Folds of the training stimuli, for the choice of the penalty.
    exact : bool
        Whether every penalty is fitted in every fold, also where there are many stimuli and a
        search finds nearly always the same penalty in a third to a tenth of the time.
    """

    def __init__(
        self,
        alphas: PositiveNumbers = ALPHAS,
        n_folds: CountFromTwo = 5,
        exact: bool = False,
    ) -> None:
        super().__init__(YeoJohnson(), GeneralisedLinear("exp", "poisson", alphas, n_folds, exact))
