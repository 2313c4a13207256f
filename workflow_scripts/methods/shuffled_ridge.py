"""Ridge regression to shuffled responses, a control that predicts nothing.

The responses to the training stimuli are given to the stimuli in another order before ridge
regression is fitted as in `ridge_post`, so that nothing of the source helps to predict the target.
Its scores, about 0 or below, are the floor of ridge regression: what a score is when there is no
alignment but the same numbers of units and stimuli, penalties, and test responses. The order is the
same in every fit to the same number of stimuli.
Reference: none; a permutation of the stimuli, as in permutation tests.
"""

from typing import Self

from array_api_compat import array_namespace, device

from workflow_scripts.alignment.method import Card
from workflow_scripts.common.forms import PositiveNumbers
from workflow_scripts.common.random_streams import generator
from workflow_scripts.solvers.arrays import Array
from workflow_scripts.solvers.ridge import ALPHAS, Ridge

CARD = Card(
    label="Ridge (shuffled)",
    colour="#1e0f00",
    kind="mapping",
    source_stage="post",
    target_stage="post",
    symmetric=False,
    joint_targets=False,
    invariant_to=("permutation", "scaling", "translation"),
    not_invariant_to=(),
    bounds=(None, 1.0),
    reference="a permutation of the stimuli, as in permutation tests",
    array_api=True,
    control=True,
)


class Estimator(Ridge):
    """Ridge regression to responses whose stimuli are shuffled.

    Parameters
    ----------
    alphas : sequence of float
        Penalties to choose from.
    """

    def __init__(self, alphas: PositiveNumbers = ALPHAS) -> None:
        super().__init__(alphas)

    def fit(self, X: Array, Y: Array) -> Self:
        """Fit on training responses X (n_stimuli, n_units) and Y (n_stimuli, n_targets).

        Raises
        ------
        NotComparable
            If the target has no units, or no source unit varies.
        """
        order = generator(0, "shuffled_ridge", len(Y)).permutation(len(Y))
        xp = array_namespace(Y)
        return super().fit(X, xp.take(Y, xp.asarray(order, device=device(Y)), axis=0))
