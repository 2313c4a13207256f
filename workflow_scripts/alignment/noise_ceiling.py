"""What the noise of responses takes from a correlation."""

import logging
from dataclasses import dataclass

import numpy as np

from workflow_scripts.alignment.fit import _map
from workflow_scripts.alignment.scoring import ceiling_per_unit
from workflow_scripts.common.errors import NotComparable
from workflow_scripts.solvers.arrays import on_device


@dataclass(frozen=True)
class NoiseCorrection:
    """How to estimate what the noise of responses takes from a correlation.

    Attributes
    ----------
    n_halves : int
        Number of random halves of the trials; for each, two more maps are fitted in each split.
    seed : int
        Master seed of the halves.
    """

    n_halves: int
    seed: int


def _ceilings(source, targets, splits, device, fit, noise_correction):
    """Largest correlation that noise allows, for each half, split and unit."""
    n_units = sum(target.values.shape[1] for target in targets)
    ceilings = np.full((noise_correction.n_halves, len(splits), n_units), np.nan)
    for number in range(noise_correction.n_halves):
        X = source.halves(noise_correction.seed, number)
        parts = [target.halves(noise_correction.seed, number) for target in targets]
        Y = [np.hstack(halves) for halves in zip(*parts, strict=True)]
        for split, (train, test) in enumerate(splits):
            try:
                predicted = [
                    _map(fit, on_device(x, device), on_device(y, device), train, test)[-1]
                    for x, y in zip(X, Y, strict=True)
                ]
            except NotComparable as reason:
                # Half of the trials may be too few for any fit; the whole of them was not.
                logging.info("half %d of split %d is left out: %s", number, split, reason)
                continue
            ceilings[number, split] = ceiling_per_unit([y[test] for y in Y], predicted)
    return ceilings
