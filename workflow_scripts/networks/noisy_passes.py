"""Mean responses over noisy passes, and how many passes make them reliable."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import xarray as xr

from workflow_scripts.common.reliability import reliability_of_halves
from workflow_scripts.networks.activation_file import layer_dataset
from workflow_scripts.networks.blocks import Network
from workflow_scripts.networks.readout import Responses, as_they_are, read_layers
from workflow_scripts.networks.unit_sampling import Projection, Units

Reliability = dict[str, dict[str, np.ndarray]]
"""Reliability (units,) by layer and stage."""


@dataclass(frozen=True)
class Passes:
    """How many noisy passes are averaged.

    Attributes
    ----------
    n_trials : int
        Fewest passes.
    max_trials : int
        Most passes. No pass depends on how many follow.
    min_reliability : float or None
        The passes end when `lowest_median` is this large; None: after `n_trials`.
    """

    n_trials: int
    max_trials: int
    min_reliability: float | None

    def are_enough(self, reliability: Reliability) -> bool:
        """Whether responses of this reliability need no further pass."""
        wanted = self.min_reliability
        return wanted is None or lowest_median(reliability)[1] >= wanted


@dataclass(frozen=True)
class Averaged:
    """Responses to the same images, averaged over several passes.

    Attributes
    ----------
    means : dict of str to dict of str to numpy.ndarray
        In the form of `read_layers`.
    reliability : dict of str to dict of str to numpy.ndarray
        Of these means, for each unit: Spearman-Brown corrected correlation over images between the
        odd and the even passes. NaN after a single pass with noise.
    units : dict of str to tuple of numpy.ndarray
        Channel, row and column of each unit, by layer.
    n_passes : int
    """

    means: Responses
    reliability: Reliability
    units: dict[str, Units]
    n_passes: int

    def datasets(self, stimuli: np.ndarray, groups: np.ndarray | None) -> dict[str, xr.Dataset]:
        """Layers in the form of `layer_dataset`, which explains the arguments."""
        return {
            layer: layer_dataset(
                stages, self.units[layer], stimuli, groups, self.reliability[layer]
            )
            for layer, stages in self.means.items()
        }

    def report(self, passes: Passes | None) -> dict[str, Any]:
        """Log how reliable the responses are, with a warning if they are less so than asked for.

        Returns
        -------
        dict of str to int or float
            The same as attributes of a file.
        """
        layer, lowest = lowest_median(self.reliability)
        text = (
            f"passes: {self.n_passes}; lowest median reliability of a layer: {lowest:.3f} ({layer})"
        )
        if passes is None or passes.are_enough(self.reliability):
            logging.info("%s", text)
        else:
            logging.warning("%s; activations.min_reliability is %s", text, passes.min_reliability)
        return {"n_passes": self.n_passes, "lowest_median_reliability": lowest}


def mean_responses(
    network: Network,
    images: torch.Tensor,
    choose: Callable[[str, tuple[int, ...]], Units | Projection],
    layers: list[str],
    batch_size: int,
    passes: Passes | None,
    prepare: Callable[[torch.Tensor], torch.Tensor] = as_they_are,
) -> Averaged:
    """Mean over several passes of what `read_layers` returns for one pass.

    Parameters
    ----------
    network, images, choose, layers, batch_size, prepare
        See `read_layers`.
    passes : Passes or None
        None for a network without noise: one pass, because all are equal, and for the same reason
        its responses have the reliability 1.
    """
    if passes is None:
        responses, units = read_layers(network, images, choose, layers, batch_size, prepare)
        reliability = {
            layer: {stage: np.ones(values.shape[1]) for stage, values in stages.items()}
            for layer, stages in responses.items()
        }
        return Averaged(responses, reliability, units, 1)
    totals: Responses = {}
    odds: Responses = {}
    most = passes.n_trials if passes.min_reliability is None else passes.max_trials
    for n in range(1, most + 1):
        responses, units = read_layers(network, images, choose, layers, batch_size, prepare)
        for sums in (totals, odds) if n % 2 else (totals,):
            _add(responses, sums)
        if n < passes.n_trials:
            continue
        reliability = _reliability(totals, odds)
        if passes.are_enough(reliability):
            break
    means = {
        layer: {stage: (total / n).astype(np.float32) for stage, total in stages.items()}
        for layer, stages in totals.items()
    }
    return Averaged(means, reliability, units, n)


def _add(responses: Responses, sums: Responses) -> None:
    """Add the responses of a pass to sums in double precision."""
    for layer, stages in responses.items():
        kept = sums.setdefault(layer, {})
        for stage, values in stages.items():
            kept[stage] = kept.get(stage, np.zeros(values.shape)) + values


def _reliability(totals: Responses, odds: Responses) -> Reliability:
    """Reliability of the mean over all passes, from the sums of all and of the odd ones.

    The correlation of two sums is that of the means.
    """
    return {
        layer: {
            stage: reliability_of_halves(odd[:, None], (totals[layer][stage] - odd)[:, None])
            for stage, odd in stages.items()
        }
        for layer, stages in odds.items()
    }


def lowest_median(reliability: Reliability) -> tuple[str, float]:
    """The layer whose units have the smallest median reliability after the non-linearity.

    After it, because this is what every comparison but those of stage ``pre`` reads, and because
    the noise of the units themselves is not in the values before it, which are more reliable.
    """
    medians = {layer: _median(stages["post"]) for layer, stages in reliability.items()}
    # NaN, of a layer whose units have no reliability, counts as the smallest.
    return min(medians.items(), key=lambda item: np.nan_to_num(item[1], nan=-np.inf))


def _median(reliability: np.ndarray) -> float:
    """Median over units; constant units, which have no reliability, are left out."""
    defined = reliability[np.isfinite(reliability)]
    return float(np.median(defined)) if defined.size else np.nan
