"""Pre linear softplus map: pre-softplus source, softplus mean, Poisson likelihood.

The source's non-linearity is inverted exactly: the responses are read before it. As in the linear
softplus map, the output gain of each target unit is estimated from its training responses. The R2
of networks, whose gain is 1, is .845 with it, .842 with a gain of 1, and .840 with the standard
deviation as the gain.
Reference: Thobani et al. 2025, CCN.
"""

from workflow_scripts.alignment.method import Card
from workflow_scripts.common.forms import CountFromTwo, PositiveNumbers
from workflow_scripts.solvers.glm.penalised import ALPHAS, GeneralisedLinear
from workflow_scripts.solvers.standardise import Standardiser
from workflow_scripts.solvers.transformed import TransformedModel

CARD = Card(
    label="Pre linear softplus",
    colour="#ff3f40",
    kind="mapping",
    source_stage="pre",
    target_stage="post",
    symmetric=False,
    joint_targets=False,
    invariant_to=("permutation", "scaling", "translation"),
    not_invariant_to=(),
    bounds=(None, 1.0),
    reference="Thobani et al. 2025, CCN",
    array_api=True,
    nonnegative_targets=True,
)


class Estimator(TransformedModel):
    """Poisson regression with softplus mean from standardised pre-softplus units.

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
            Standardiser(), GeneralisedLinear("softplus", "poisson", alphas, n_folds, exact)
        )
