"""The largest correlation that the noise of responses allows, even for a perfect prediction."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workflow_scripts.alignment.fit import Fitter
from workflow_scripts.alignment.scoring import pearson_per_unit
from workflow_scripts.alignment.splits import Split
from workflow_scripts.brains.reliability import half_means
from workflow_scripts.common.errors import NotComparable
from workflow_scripts.common.profile import AnyProfile, Profile
from workflow_scripts.common.random_streams import generator
from workflow_scripts.common.reliability import spearman_brown


@dataclass(frozen=True)
class NoiseCorrection:
    """How to estimate the ceilings of correlations.

    Attributes
    ----------
    n_halves : int
        Number of random divisions of the trials into halves; for each, two more maps are fitted in
        each split.
    seed : int
        Master seed of the halves.
    """

    n_halves: int
    seed: int


def halves(profile: AnyProfile, seed: int, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Means over each of two random halves of the trials; the values twice if there are no trials.

    Parameters
    ----------
    profile : Profile
    seed : int
        Master seed.
    number : int
        Number of the random division; that of a subject is the same in all its profiles.

    Returns
    -------
    first, second : numpy.ndarray of float64, shape (n_stimuli, n_units)
    """
    if not profile.trials:
        return profile.values, profile.values
    blocks = [
        half_means(block.responses, generator(seed, "noise_correction", block.subject, number))
        for block in profile.trials
    ]
    first, second = (np.hstack(half) for half in zip(*blocks, strict=True))
    return first, second


def ceiling_per_unit(observed: Sequence[np.ndarray], predicted: Sequence[np.ndarray]) -> np.ndarray:
    """Largest correlation of predictions and responses that their noise allows, for each unit.

    ``sqrt(SB(r(predicted halves)) SB(r(observed halves)))`` with SB as in `spearman_brown`: the
    correlation of predictions and responses divided by it is that of their noise-free means (the
    correction of the lab behind Nayebi et al. 2023, PLoS Comput Biol 19: e1011506).

    Parameters
    ----------
    observed, predicted : two numpy.ndarray each, of shape (n_stimuli, n_units)
        Means over each half of the trials, and what maps fitted to that half alone predict.

    Returns
    -------
    numpy.ndarray, shape (n_units,)
        NaN where either reliability is not positive: such responses do not say how noisy they are.
    """
    product: float | np.ndarray = 1
    for first, second in (observed, predicted):
        r = pearson_per_unit(first, second)
        product = product * spearman_brown(np.where(r > 0, r, np.nan))
    return np.sqrt(product)


def estimate_ceilings(
    source: AnyProfile,
    targets: Sequence[Profile],
    splits: Sequence[Split],
    fitter: Fitter,
    correction: NoiseCorrection,
) -> np.ndarray:
    """Largest correlation that noise allows for each unit of several targets of one source.

    Returns
    -------
    numpy.ndarray, shape (n_halves, n_splits, n_units)
        Units of all targets side by side; NaN where a half cannot be fitted.
    """
    n_units = sum(target.n_units for target in targets)
    ceilings = np.full((correction.n_halves, len(splits), n_units), np.nan)
    for number in range(correction.n_halves):
        X = halves(source, correction.seed, number)
        of_targets = [halves(target, correction.seed, number) for target in targets]
        Y = [np.hstack(half) for half in zip(*of_targets, strict=True)]
        for split, (train, test) in enumerate(splits):
            try:
                predicted = [
                    fitter.fit(fitter.place(x), fitter.place(y), train, test).predicted
                    for x, y in zip(X, Y, strict=True)
                ]
            except NotComparable as reason:
                # The means over all trials could be fitted; those over half of them may be too few.
                logging.info("halves %d of split %d are left out: %s", number, split, reason)
                continue
            ceilings[number, split] = ceiling_per_unit([y[test] for y in Y], predicted)
    return ceilings
