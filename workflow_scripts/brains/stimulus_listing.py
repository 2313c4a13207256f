"""The table of a brain's stimuli, made from what its recordings say and its list of stimuli."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from workflow_scripts.brains.stimuli import Stimulus, group_of, natural_order, shared_stimuli


def stimulus_table(
    seen: Mapping[str, np.ndarray], listed: Mapping[str, Stimulus] | None, brain: str
) -> pd.DataFrame:
    """Every stimulus that a subject saw, and whether it takes part.

    Parameters
    ----------
    seen : dict of str to numpy.ndarray of str
        Stimuli of each subject.
    listed : dict of str to Stimulus, or None
        The brain's list of stimuli.
    brain : str
        Name of the brain in the configuration.

    Returns
    -------
    pandas.DataFrame
        One row per stimulus, as results/README.md describes its columns.

    Raises
    ------
    InputError
        If too few stimuli take part.
    """
    used = set(shared_stimuli(seen, listed, f"config brains.{brain}"))
    names, counts = np.unique(np.concatenate(list(seen.values())), return_counts=True)
    n_subjects = dict(zip(names.tolist(), counts.tolist(), strict=True))
    rows = []
    for name in natural_order(n_subjects):
        stimulus = group_of(name, listed)
        rows.append((name, stimulus.group, stimulus.split, n_subjects[name], name in used))
    table = pd.DataFrame(rows, columns=["stimulus", "group", "split", "n_subjects", "takes_part"])
    table.insert(0, "brain", brain)
    return table
