"""Stimuli: their names, and how they may be divided into training and test stimuli."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Stimuli:
    """The stimuli of a population, in the order in which all its profiles have them.

    Attributes
    ----------
    names : numpy.ndarray of str, shape (n_stimuli,)
    groups : numpy.ndarray of str, shape (n_stimuli,)
        Stimuli of one group, such as crops of one photograph, are never divided between training
        and test stimuli.
    is_test : numpy.ndarray of bool, shape (n_stimuli,), or None
        The test stimuli, where the data set prescribes them.
    """

    names: np.ndarray
    groups: np.ndarray
    is_test: np.ndarray | None = None
