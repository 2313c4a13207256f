"""Linear softplus map: Yeo-Johnson source, linear predictor, softplus mean, Poisson likelihood.

Like the linear nonlinear map, but with ``mu = g log(1 + exp(W z + b))``: the target's own
non-linearity where the target is a softplus network. The output gain ``g`` of each target unit is
estimated from its training responses, so that their unit (spikes per second, counts) does not
matter. The R2 of simulated mice with little noise is .958 with it, .844 with a gain of 1 Hz, and
.952 with the standard deviation as the gain; that of networks, whose gain is 1, is .808, .792 and
.806.
Reference: Thobani et al. 2025, CCN.
"""

from workflow_scripts.alignment.method import Card
from workflow_scripts.common.forms import CountFromTwo, PositiveNumbers
from workflow_scripts.solvers.glm.penalised import ALPHAS, GeneralisedLinear
from workflow_scripts.solvers.transformed import TransformedModel
from workflow_scripts.solvers.yeo_johnson import YeoJohnson

CARD = Card(
    label="Linear softplus",
    colour="#551941",
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
    """Poisson regression with softplus mean from Yeo-Johnson transformed units.

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
        super().__init__(
            YeoJohnson(), GeneralisedLinear("softplus", "poisson", alphas, n_folds, exact)
        )
