"""What differs between the two ways to prepare the mice, ``mouse.preset``.

``ccn25`` counts spikes in one window. ``nayebi`` follows Nayebi et al. (2023, PLoS Comput Biol 19:
e1011506) but for their filter on running speed, whose metrics are not in the session files: spikes
are counted in bins of 10 ms, a unit is reliable if it is so in one bin, an area takes part if the
median over its reliable units is at least 0.3 in one bin, the response is the mean over the longest
run of such bins, and of each area only the mice with most units take part.
"""

import numpy as np

BIN_S = 0.01

MIN_MEDIAN = 0.3

PERCENTILE = 75


def bin_edges(preset, window_s):
    """Edges of the bins in which spikes are counted, in s after the start of a presentation."""
    start, stop = window_s
    n_bins = round((stop - start) / BIN_S) if preset == "nayebi" else 1
    return np.linspace(start, stop, n_bins + 1)


def longest_run(above):
    """The longest run of True, the first of equals, as a slice; empty where there is none.

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


def reliable_rates(rate, reliability):
    """Rates in the longest run of bins in which the median unit is reliable.

    Parameters
    ----------
    rate : numpy.ndarray, shape (n_stimuli, n_bins, n_units)
        Of the reliable units of one mouse and area, in spikes/s.
    reliability : numpy.ndarray, shape (n_bins, n_units)
        NaN where it is not defined, as in a bin without spikes; such units have no part in the
        median of the bin.

    Returns
    -------
    numpy.ndarray, shape (n_stimuli, n_units) or (n_stimuli, 0)
        Without units if the median is nowhere `MIN_MEDIAN`.
    """
    medians = [
        np.median(row[np.isfinite(row)]) if np.isfinite(row).any() else np.nan
        for row in reliability
    ]
    run = longest_run(np.array(medians) >= MIN_MEDIAN)
    if run.stop == run.start:
        return rate[:, 0, :0]
    return rate[:, run].mean(axis=1)


def fewest_units(numbers):
    """Fewest units of a mouse to take part: the upper quartile over the mice that have units."""
    numbers = [number for number in numbers if number]
    return np.percentile(numbers, PERCENTILE) if numbers else 0
