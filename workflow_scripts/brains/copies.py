"""Subjects that are one: a copy under another name would predict its original perfectly."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from workflow_scripts.brains.recording import Labels, read_responses
from workflow_scripts.brains.stimuli import natural_order
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.profile import Profile

N_COMPARED = 64
"""Stimuli whose responses are compared: two units do not agree in these by chance."""

N_DISTINCT = 5
"""Fewest different responses of a unit that is compared: rare spikes can agree by chance."""


def check_copies(recordings: Mapping[str, Labels]) -> None:
    """Refuse a recording most of whose units have the responses of units of another one.

    A copy of a file under another name is found, also in another order of stimuli or units and with
    some of either left out. The same responses in another unit of measurement are not.

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
    """Refuse a subject most of whose units have the responses of units of another one.

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
    for name, values in responses.items():
        units = _told_apart(values)
        copied = Counter(first[unit] for unit in units if unit in first)
        for other, n_copied in copied.items():
            if n_copied > len(units) / 2:
                raise InputError(
                    name,
                    f"the same responses as in {other} of {n_copied} of {len(units)} units",
                    "other responses, because a subject predicts its own copy perfectly",
                )
        for unit in units:
            first.setdefault(unit, name)


def check_brains(brains: Mapping[str, Sequence[Mapping[str, Profile]]]) -> None:
    """Refuse brains that have a subject in common.

    Parameters
    ----------
    brains : dict of str to list of dict of str to Profile
        Areas of the subjects of each brain, all to the same stimuli in the same order.

    Raises
    ------
    InputError
        It names both subjects.
    """
    refuse_copies(
        {
            f"subject {next(iter(areas.values())).subject} of brain {brain}": np.hstack(
                [area.values[:N_COMPARED] for area in areas.values()]
            )
            for brain, subjects in brains.items()
            for areas in subjects
        }
    )


def _told_apart(responses: np.ndarray) -> set[bytes]:
    """Responses of each unit that can be told from others by them."""
    return {unit.tobytes() for unit in responses.T if len(np.unique(unit)) >= N_DISTINCT}
