"""Generalised linear map: any link, either likelihood, with or without Yeo-Johnson.

``mu = g link(W z + b)`` is fitted to each target unit by penalised maximum likelihood. With the
output gain ``g`` the unit of the responses does not matter: it is their mean for an exponential and
a rectifier, 1.2 times the largest of them for a normal distribution function, and estimated for a
softplus, as in the linear softplus map. The entries of the configuration choose the link
(exponential, softplus, rounded rectifier, normal distribution function), the likelihood (Poisson,
Gaussian) and whether source units are Yeo-Johnson transformed: ablations of the linear nonlinear
and linear softplus maps.
Reference: McCullagh & Nelder 1989, Generalized Linear Models; Yeo & Johnson 2000, Biometrika 87.
"""

from typing import Literal

from workflow_scripts.alignment.method import Card
from workflow_scripts.common.forms import CountFromTwo, PositiveNumbers
from workflow_scripts.solvers.glm.penalised import ALPHAS, GeneralisedLinear
from workflow_scripts.solvers.standardise import Standardiser
from workflow_scripts.solvers.transformed import TransformedModel
from workflow_scripts.solvers.yeo_johnson import YeoJohnson

CARD = Card(
    label="Generalised linear",
    colour="#5254a3",
    kind="mapping",
    source_stage="post",
    target_stage="post",
    symmetric=False,
    joint_targets=False,
    invariant_to=("permutation",),
    not_invariant_to=(),
    bounds=(None, 1.0),
    reference="McCullagh & Nelder 1989, doi:10.1007/978-1-4899-3242-6",
    array_api=True,
    nonnegative_targets=True,
)


class Estimator(TransformedModel):
    """Generalised linear model of each target unit.

    Parameters
    ----------
    link : {"exp", "softplus", "relu", "normcdf"}
    family : {"poisson", "gaussian"}
    yeo_johnson : bool
        Whether source units are transformed before they are standardised.
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
        link: Literal["exp", "softplus", "relu", "normcdf"] = "exp",
        family: Literal["poisson", "gaussian"] = "gaussian",
        yeo_johnson: bool = True,
        alphas: PositiveNumbers = ALPHAS,
        n_folds: CountFromTwo = 5,
        exact: bool = False,
    ) -> None:
        super().__init__(
            YeoJohnson() if yeo_johnson else Standardiser(),
            GeneralisedLinear(link, family, alphas, n_folds, exact),
        )
