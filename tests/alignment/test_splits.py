"""Splits leave enough to train on and to test."""

import numpy as np
import pytest

from workflow_scripts.alignment.splits import count_training, make_splits


def test_every_stimulus_is_either_trained_on_or_tested():
    for train, test in make_splits(11, 3, 0.8, np.random.default_rng(0)):
        assert sorted([*train, *test]) == list(range(11))
        assert len(train) == count_training(11, 0.8) == 9


def test_fewer_than_two_test_stimuli_are_refused():
    with pytest.raises(ValueError, match="leaves 1 for testing, expected at least 2"):
        make_splits(10, 1, 0.9, np.random.default_rng(0))
