"""Ridge regression between responses before the non-linearity.

The same map as between responses after it: ``Y = Z B + b`` with the standardised source ``Z`` and
an L2 penalty on ``B`` that is chosen for each target unit by exact leave-one-out error.
Reference: Hoerl & Kennard 1970, Technometrics 12; Golub, Heath & Wahba 1979, Technometrics 21.
"""

from workflow_scripts.alignment.method import Card
from workflow_scripts.common.forms import PositiveNumbers
from workflow_scripts.solvers.ridge import ALPHAS, Ridge

CARD = Card(
    label="Ridge (pre)",
    colour="#77ba94",
    kind="mapping",
    source_stage="pre",
    target_stage="pre",
    symmetric=False,
    joint_targets=False,
    invariant_to=("permutation", "scaling", "translation"),
    not_invariant_to=(),
    bounds=(None, 1.0),
    reference="Hoerl & Kennard 1970, doi:10.1080/00401706.1970.10488634",
    array_api=True,
)


class Estimator(Ridge):
    """Ridge regression.

    Parameters
    ----------
    alphas : sequence of float
        Penalties to choose from.
    """

    def __init__(self, alphas: PositiveNumbers = ALPHAS) -> None:
        super().__init__(alphas)
