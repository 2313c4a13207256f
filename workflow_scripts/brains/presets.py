"""What differs between the two ways to prepare a brain's responses, its key ``preset``.

``ccn25`` counts spikes in one window. ``nayebi`` follows Nayebi et al. (2023, PLoS Comput Biol 19:
e1011506) except for their filter on running speed, whose metrics the session files lack: spikes are
counted in bins of 10 ms, a unit is reliable if it is reliable in at least one bin, an area takes
part if the median over its reliable units is at least 0.3 in at least one bin, the response is the
mean over the longest run of such bins, and for each area only the subjects with the most units take
part.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np

Preset = Literal["ccn25", "nayebi"]

BIN_S = 0.01
"""Width of a bin of preset nayebi, in seconds."""

MIN_MEDIAN = 0.3
"""Smallest median reliability of an area's units in a bin that preset nayebi averages."""

PERCENTILE = 75
"""Preset nayebi keeps an area in subjects whose number of units reaches this percentile."""


def bin_edges(preset: Preset, window_s: Sequence[float]) -> np.ndarray:
    """Edges of the bins in which spikes are counted, in s after the start of a presentation."""
    start, stop = window_s
    n_bins = round((stop - start) / BIN_S) if preset == "nayebi" else 1
    return np.linspace(start, stop, n_bins + 1)


def longest_run(above: np.ndarray) -> slice:
    """The longest run of True, the first of several equally long ones; empty if there is none.

    Parameters
    ----------
    above : numpy.ndarray of bool, shape (n_bins,)
    """
    steps = np.flatnonzero(np.diff(np.r_[False, above, False].astype(int)))
    starts, stops = steps[::2], steps[1::2]
    if not len(starts):
        return slice(0, 0)
    longest = (stops - starts).argmax()
    return slice(starts[longest], stops[longest])


def reliable_rates(rate: np.ndarray, reliability: np.ndarray) -> np.ndarray:
    """Mean rates over the longest run of bins in which the median unit is reliable.

    Parameters
    ----------
    rate : numpy.ndarray, shape (n_stimuli, n_bins, n_units)
        Firing rates of the reliable units of one subject and area, in spikes/s.
    reliability : numpy.ndarray, shape (n_bins, n_units)
        NaN where it is not defined, as in a bin without spikes; the median of a bin leaves such
        units out.

    Returns
    -------
    numpy.ndarray, shape (n_stimuli, n_units) or (n_stimuli, 0)
        Without units if the median reaches `MIN_MEDIAN` in no bin.
    """
    medians = [
        np.median(row[np.isfinite(row)]) if np.isfinite(row).any() else np.nan
        for row in reliability
    ]
    run = longest_run(np.array(medians) >= MIN_MEDIAN)
    if run.stop == run.start:
        return rate[:, 0, :0]
    return rate[:, run].mean(axis=1)


def fewest_units(numbers: Iterable[int]) -> float:
    """Fewest units with which a subject takes part: the upper quartile over subjects with units."""
    numbers = [number for number in numbers if number]
    return float(np.percentile(numbers, PERCENTILE)) if numbers else 0
