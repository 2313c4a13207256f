"""Where the penalty of a generalised linear model is chosen: cross-validation for each target.

The training stimuli are divided into folds. The path of penalties runs from the strongest down, all
folds and targets at once; a target leaves it when weaker penalties cannot help it any more. Each
target gets the penalty with the least loss on the stimuli that the fits have not seen. (Ridge
regressions have a closed form instead; see `workflow_scripts.solvers.leave_one_out`.)
"""

from collections.abc import Sequence

import numpy as np
from array_api_compat import array_namespace, device

from workflow_scripts.solvers.arrays import Array, to_numpy
from workflow_scripts.solvers.glm.families import Family
from workflow_scripts.solvers.glm.links import Link
from workflow_scripts.solvers.glm.problem import pose_problem
from workflow_scripts.solvers.glm.quasi_newton import last_step, minimise, penalised_more, start_at

FOLD_TOLERANCE = 1e-2
"""Tolerance of the fits of the folds, which only compare penalties and give a start for the final
fit. The loss is then within about 5e-5 of its minimum, in units of the target's mean or variance
(see `minimise`)."""

ROUGH = 10.0
"""How much larger the tolerance of a first, rough fit is. A target that leaves the path because of
the rough fit does not need the one at `FOLD_TOLERANCE`."""

FOLD_EVALUATIONS = 100
"""Most evaluations of the objective for one fit of the folds. A fit that needs more has a penalty
that is far too weak to be chosen."""


def choose_penalties(
    A: Array,
    Y: Array,
    ceiling: Array,
    alphas: Sequence[float],
    n_folds: int,
    link: type[Link],
    family: type[Family],
) -> tuple[np.ndarray, Array]:
    """Penalty with the least loss over the folds, and a start for the fit with it.

    The path ends for a target whose loss has risen in every fold, or whose sum over the folds has
    risen twice in a row. The fits are in single precision, to `FOLD_TOLERANCE`, and each starts at
    the solution for the last penalty.

    Parameters
    ----------
    A : array, shape (n_stimuli, 1 + k)
        Design with a first column of ones.
    Y : array, shape (n_targets, n_stimuli)
    ceiling : array, shape (n_targets,)
        Largest prediction of each target.
    alphas : sequence of float
        Positive penalties to choose from.
    n_folds : int
    link, family : type

    Returns
    -------
    alpha : numpy.ndarray, shape (n_targets,)
    start : array, shape (n_targets, 1 + k)
        Mean of the folds' solutions, which is close to the solution for all stimuli.
    """
    xp = array_namespace(A)
    path = _Path(A, Y, ceiling, n_folds, link, family)
    start = path.theta[0]
    active = np.arange(len(Y))
    best, alpha = np.full(len(Y), np.inf), np.full(len(Y), np.nan)
    last, last_rose = np.full((n_folds, len(Y)), np.inf), np.zeros(len(Y), bool)
    for penalty in sorted(map(float, alphas), reverse=True):
        path.weaken_to(penalty)
        for tolerance in (ROUGH * FOLD_TOLERANCE, FOLD_TOLERANCE):
            loss = path.fit(tolerance)
            rose = loss.sum(axis=0) > last.sum(axis=0)
            continues = ~(rose & (last_rose | (loss > last).all(axis=0)))
            if not continues.any():
                return alpha, start
            if not continues.all():
                path.keep(continues)
                active, last, last_rose = (
                    active[continues],
                    last[:, continues],
                    last_rose[continues],
                )
                loss, rose = loss[:, continues], rose[continues]
        total = loss.sum(axis=0)
        better = total < best[active]
        best[active[better]], alpha[active[better]] = total[better], penalty
        where = xp.asarray(np.flatnonzero(better), device=device(A))
        rows = xp.asarray(active[better], device=device(A))
        start[rows] = xp.mean(path.theta[:, where], axis=0)
        last, last_rose = loss, rose
    return alpha, start


class _Path:
    """The fits of all folds, as the penalty becomes weaker, for the targets that are still on it.

    Attributes
    ----------
    theta : array, shape (n_folds, n_targets, 1 + k)
        Solution of each fold for the last penalty.
    penalty : float
    """

    def __init__(
        self,
        A: Array,
        Y: Array,
        ceiling: Array,
        n_folds: int,
        link: type[Link],
        family: type[Family],
    ) -> None:
        xp = array_namespace(A)
        # Every n_folds-th stimulus belongs to one fold, which is a random choice, because the
        # training stimuli of a split are in random order.
        held_out = [np.arange(len(A)) % n_folds == fold for fold in range(n_folds)]
        self.ceiling = xp.astype(ceiling, xp.float32)[:, None]
        self.test_A, self.test_Y = _gather(A, Y, [np.flatnonzero(fold) for fold in held_out])
        train_A, train_Y = _gather(A, Y, [np.flatnonzero(~fold) for fold in held_out])
        n_train = [int(np.count_nonzero(~fold)) for fold in held_out]
        self.theta, self.problem = pose_problem(train_A, train_Y, n_train, link, family)
        self.penalty = 0.0
        self.state = start_at(self.theta, self.problem, xp.zeros_like(self.ceiling[:, 0]))

    def weaken_to(self, penalty: float) -> None:
        """Continue with a weaker penalty. The first one is added to a problem without any."""
        self.state = penalised_more(self.state, penalty - self.penalty)
        self.penalty = penalty

    def fit(self, tolerance: float) -> np.ndarray:
        """Fit all folds; the loss of each on its held-out stimuli, shape (n_folds, n_targets)."""
        xp = array_namespace(self.ceiling)
        alphas = xp.full_like(self.ceiling[:, 0], self.penalty)
        self.state, converged = minimise(
            self.state, self.problem, alphas, tolerance, FOLD_EVALUATIONS
        )
        self.theta = last_step(self.state, converged, self.problem, alphas, tolerance)
        with np.errstate(over="ignore", invalid="ignore"):
            eta = self.theta @ xp.matrix_transpose(self.test_A)
            mu, log_mu, *slopes = self.problem.link.evaluate(eta, xp)
            mu, log_mu = xp.minimum(mu, self.ceiling), xp.minimum(log_mu, xp.log(self.ceiling))
            loss, _ = self.problem.family.loss(self.test_Y, mu, log_mu, *slopes)
        return to_numpy(xp.sum(loss, axis=-1)).astype(float)

    def keep(self, continues: np.ndarray) -> None:
        """Continue with some of the targets."""
        xp = array_namespace(self.ceiling)
        targets = xp.asarray(np.flatnonzero(continues), device=device(self.ceiling))
        self.problem, self.state = self.problem.of(targets), self.state.of(targets)
        self.ceiling, self.test_Y = self.ceiling[targets], self.test_Y[:, targets]
        self.theta = self.theta[:, targets]


def _gather(A: Array, Y: Array, pieces: list[np.ndarray]) -> tuple[Array, Array]:
    """Stimuli of each piece, in single precision.

    The sizes of the pieces differ by at most one stimulus; shorter ones are filled up with a row of
    zeros, which does not affect a fit.

    Parameters
    ----------
    A : array, shape (n_stimuli, 1 + k)
    Y : array, shape (n_targets, n_stimuli)
    pieces : list of numpy.ndarray of int
        Stimuli of each.

    Returns
    -------
    A : array, shape (n_pieces, n, 1 + k)
    Y : array, shape (n_pieces, n_targets, n)
    """
    xp = array_namespace(A)
    A, Y = xp.astype(A, xp.float32), xp.astype(Y, xp.float32)
    padded_A = xp.concat([A, xp.zeros_like(A[:1])], axis=0)
    padded_Y = xp.concat([Y, xp.zeros_like(Y[:, :1])], axis=1)
    longest = max(map(len, pieces))
    rows = [np.pad(piece, (0, longest - len(piece)), constant_values=len(A)) for piece in pieces]
    rows = xp.asarray(np.asarray(rows), device=device(A))
    return padded_A[rows], xp.stack([padded_Y[:, piece] for piece in rows])
