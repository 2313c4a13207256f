"""Splits leave enough to train on and to test, and never divide what belongs together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow_scripts.alignment.splits import (
    MAX_GROUPS,
    count_training,
    inner_splits,
    jackknife_groups,
    make_splits,
)
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.stimuli import Stimuli


def stimuli(groups, is_test=None):
    """Stimuli of these groups, with names that do not matter."""
    names = np.array([f"image_{number}" for number in range(len(groups))])
    return Stimuli(names, np.array(groups, str), is_test)


def ungrouped(n_stimuli):
    return stimuli([f"group {number}" for number in range(n_stimuli)])


def split(listed, n_splits=3, train_fraction=0.8, seed=0):
    return make_splits(listed, n_splits, train_fraction, np.random.default_rng(seed))


def assert_equal(splits, others):
    assert len(splits) == len(others)
    for one, other in zip(splits, others, strict=True):
        for indices, again in zip(one, other, strict=True):
            np.testing.assert_array_equal(indices, again)


def test_every_stimulus_is_either_trained_on_or_tested():
    for train, test in split(ungrouped(11)):
        assert sorted([*train, *test]) == list(range(11))
        assert len(train) == count_training(11, 0.8) == 9


@pytest.mark.parametrize("n_stimuli", [11, 118])
def test_without_groups_splits_are_permutations_as_they_were_before_there_were_groups(n_stimuli):
    """So that results without groups stay."""
    random = np.random.default_rng(4)
    n_train = count_training(n_stimuli, 0.8)
    orders = [random.permutation(n_stimuli) for _ in range(5)]
    expected = [(order[:n_train], order[n_train:]) for order in orders]
    assert_equal(split(ungrouped(n_stimuli), n_splits=5, seed=4), expected)


GROUPS = st.lists(st.integers(0, 12), min_size=6, max_size=60)


@given(GROUPS, st.floats(0.05, 0.95), st.integers(0, 100))
def test_a_group_is_never_divided(groups, train_fraction, seed):
    """Whole groups are drawn; a refusal is due to groups that leave too little, as plans say."""
    sizes = sorted(np.unique(groups, return_counts=True)[1])
    n_train = count_training(len(sizes), train_fraction)
    try:
        splits = split(stimuli(groups), 3, train_fraction, seed)
    except InputError:
        assert min(sum(sizes[:n_train]), sum(sizes[: len(sizes) - n_train])) < 2
        return
    groups = np.array(groups)
    for train, test in splits:
        assert not set(groups[train]) & set(groups[test])
        assert sorted([*train, *test]) == list(range(len(groups)))
        assert len(set(groups[train])) == n_train
        assert min(len(train), len(test)) >= 2


@given(GROUPS, st.integers(0, 100))
def test_names_of_groups_do_not_matter(groups, seed):
    """Only which stimuli are of one group: the names are turned around here."""
    renamed = stimuli([f"{100 - group}" for group in groups])
    try:
        found = split(stimuli(groups), 3, 0.5, seed)
    except InputError:
        with pytest.raises(InputError):
            split(renamed, 3, 0.5, seed)
        return
    assert_equal(found, split(renamed, 3, 0.5, seed))


def test_each_group_is_tested_in_its_turn():
    groups = np.repeat(["a", "b", "c", "d", "e"], 4)
    tested = {groups[test[0]] for _, test in split(stimuli(groups), n_splits=30)}
    assert tested == {"a", "b", "c", "d", "e"}


def test_a_prescribed_split_is_obeyed_whatever_else_is_asked_for():
    is_test = np.array([True, False, False, True, False])
    for n_splits, train_fraction in ((1, 0.5), (5, 0.99)):
        splits = split(stimuli(["g"] * 5, is_test), n_splits, train_fraction)
        assert_equal(splits, [(np.array([1, 2, 4]), np.array([0, 3]))])


@pytest.mark.parametrize(
    ("listed", "train_fraction", "found"),
    [
        (ungrouped(10), 0.9, "9 and 1 of 10 stimuli in 10 groups"),
        (ungrouped(10), 0.1, "1 and 9 of 10 stimuli in 10 groups"),
        (stimuli(["g"] * 10), 0.5, "10 and 0 of 10 stimuli in 1 groups"),
        (stimuli(["g"] * 6, np.arange(6) < 1), 0.5, "5 and 1 of 6 stimuli in 1 groups"),
        (stimuli(["g"] * 6, np.arange(6) < 5), 0.5, "1 and 5 of 6 stimuli in 1 groups"),
    ],
)
def test_fewer_than_two_stimuli_in_a_part_are_refused(listed, train_fraction, found):
    with pytest.raises(InputError) as error:
        split(listed, 1, train_fraction)
    assert str(error.value) == (
        f"the division into training and test stimuli: found {found}, expected at least two of "
        "each; config splits.train_fraction or stimuli.csv decides on it"
    )


@given(GROUPS, st.integers(0, 100))
def test_choices_are_made_by_training_stimuli_of_other_groups(groups, seed):
    listed = stimuli(groups)
    try:
        splits = split(listed, 3, 0.5, seed)
    except InputError:
        return
    groups = np.array(groups)
    for (train, _), (fitted, judged) in zip(
        splits, inner_splits(listed, splits, 0.8, np.random.default_rng(seed)), strict=True
    ):
        assert sorted([*fitted, *judged]) == sorted(train)
        assert len(fitted) and len(judged)
        if len(set(groups[train])) > 1:
            assert not set(groups[fitted]) & set(groups[judged])


@given(GROUPS, st.integers(0, 100))
def test_jackknife_groups_never_divide_what_belongs_together(groups, seed):
    listed = stimuli(groups)
    dealt = jackknife_groups(listed, np.random.default_rng(seed))
    for group in set(groups):
        assert len(set(dealt[np.array(groups) == group])) == 1
    assert sorted(set(dealt)) == list(range(min(MAX_GROUPS, len(set(groups)))))


def test_many_stimuli_are_dealt_evenly():
    dealt = jackknife_groups(ungrouped(118), np.random.default_rng(0))
    assert sorted(np.bincount(dealt)) == [5] * 2 + [6] * 18


def test_prescribed_test_stimuli_are_in_as_many_jackknife_groups_as_there_can_be():
    is_test = np.arange(100) >= 90
    dealt = jackknife_groups(
        stimuli([str(number) for number in range(100)], is_test), np.random.default_rng(0)
    )
    assert len(set(dealt[is_test])) == 10
