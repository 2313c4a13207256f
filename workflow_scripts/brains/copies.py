"""Subjects that are one: a copy under another name would predict its original perfectly."""

from collections import Counter
from collections.abc import Mapping

import numpy as np

from workflow_scripts.brains.recording import Labels, read_responses
from workflow_scripts.brains.stimuli import natural_order
from workflow_scripts.common.errors import InputError

N_COMPARED = 64
"""Stimuli whose responses are compared: two units do not agree in these by chance."""

N_DISTINCT = 5
"""Fewest different responses of a unit that is compared: rare spikes can agree by chance."""


def check_copies(recordings: Mapping[str, Labels]) -> None:
    """Refuse two recordings of which one has most of its units in common with the other.

    A copy of a file under another name is found, also in another order of stimuli or units, with
    some of either left out or added, and in another precision or unit of measurement.

    Parameters
    ----------
    recordings : dict of str to Labels
        What `read_labels` has read, by file.

    Raises
    ------
    InputError
        It names both files.
    """
    shared = set.intersection(*(set(labels.stimulus.tolist()) for labels in recordings.values()))
    stimuli = natural_order(shared)[:N_COMPARED]
    if stimuli:
        refuse_copies(
            {path: read_responses(path, labels, stimuli) for path, labels in recordings.items()}
        )


def refuse_copies(responses: Mapping[str, np.ndarray]) -> None:
    """Refuse two subjects of which one has most of its units in common with the other.

    Units are the same whose responses have the same order over the stimuli.

    Parameters
    ----------
    responses : dict of str to numpy.ndarray, shape (n_stimuli, n_units)
        To the same stimuli in the same order, by what a message calls the subject.

    Raises
    ------
    InputError
        It names both subjects.
    """
    first: dict[bytes, str] = {}
    n_units: dict[str, int] = {}
    for name, values in responses.items():
        units = _told_apart(values)
        n_units[name] = len(units)
        copied = Counter(first[unit] for unit in units if unit in first)
        for other, n_copied in copied.items():
            if n_copied > min(len(units), n_units[other]) / 2:
                raise InputError(
                    name,
                    f"the same responses as in {other} of {n_copied} of {len(units)} units",
                    "other responses, because a subject predicts its own copy perfectly",
                )
        for unit in units:
            first.setdefault(unit, name)


def _told_apart(responses: np.ndarray) -> set[bytes]:
    """Ranks of the responses of each unit that can be told from others by them."""
    # In single precision, in which a copy may be stored, some responses become equal.
    ranks = [np.unique(unit, return_inverse=True)[1] for unit in responses.T.astype(np.float32)]
    return {rank.tobytes() for rank in ranks if rank.max() + 1 >= N_DISTINCT}
