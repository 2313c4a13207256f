"""Sources of at most so many units: which units they keep."""

from types import SimpleNamespace as Wildcards

import numpy as np
import pytest

from tests.harness.mini import DEFAULT, merged
from workflow_scripts.alignment.cells import direction_cells, pair_cells, pooled_cells
from workflow_scripts.alignment.source_units import limit_sources, limit_units
from workflow_scripts.common.profile import Pool, Profile, Trials
from workflow_scripts.plan import Plan

AREAS = ("V1", "V4")
N_UNITS = {"a": 4, "b": 7, "c": 0, "d": 12}


def profile(subject, part, n_units=9):
    """Responses whose every column differs, the means of three trials."""
    random = np.random.default_rng([n_units, *map(ord, subject + part)])
    trials = random.normal(size=(6, 3, n_units))
    return Profile(subject, part, trials.mean(axis=1), (Trials(subject, trials),))


def subjects(names=N_UNITS):
    return [{area: profile(name, area, N_UNITS[name]) for area in AREAS} for name in names]


def pool(names=N_UNITS, area="V1"):
    return Pool([subject[area] for subject in subjects(names)], area)


def units(source):
    """Responses of each unit, whatever their order."""
    return {tuple(column) for column in source.values.T}


def member_units(source):
    return {member.subject: units(member) for member in source.members}


@pytest.mark.parametrize("max_units", [1, 5, 22])
def test_a_source_keeps_as_many_of_its_units_as_it_may(max_units):
    limited = limit_units(pool(), max_units, 0)
    assert limited.n_units == limited.values.shape[1] == max_units
    assert units(limited) < units(pool())
    alone = limit_units(profile("m", "conv1", 30), max_units, 0)
    assert alone.n_units == max_units
    # In their order.
    columns = [tuple(column) for column in profile("m", "conv1", 30).values.T]
    chosen = [tuple(column) for column in alone.values.T]
    assert chosen == [column for column in columns if column in chosen]


@pytest.mark.parametrize("max_units", [23, 24, 10**6])
def test_a_source_with_no_more_units_stays_as_it_is(max_units):
    whole = pool()
    assert limit_units(whole, max_units, 0) is whole


def test_every_unit_keeps_its_trials():
    for source in (pool(), profile("m", "conv1")):
        limited = limit_units(source, 6, 0)
        of_trials = np.concatenate([block.responses for block in limited.trials], axis=2)
        np.testing.assert_array_equal(of_trials.mean(axis=1), limited.values)
        named = [block.subject for block in source.trials]
        assert [block.subject for block in limited.trials] == named


def test_trials_of_several_subjects_in_one_profile_are_cut_where_they_are():
    whole = pool()
    one = Profile("grouping_1/1", "V1", whole.values, whole.trials)
    limited = limit_units(one, 8, 0)
    of_trials = np.concatenate([block.responses for block in limited.trials], axis=2)
    np.testing.assert_array_equal(of_trials.mean(axis=1), limited.values)


def test_a_pool_of_one_subject_keeps_the_units_that_the_subject_keeps():
    for name in ("b", "d"):
        alone = limit_units(profile(name, "V1", N_UNITS[name]), 5, 0)
        np.testing.assert_array_equal(limit_units(pool([name]), 5, 0).values, alone.values)


def test_the_order_of_the_subjects_has_no_influence():
    assert member_units(limit_units(pool("abcd"), 9, 0)) == member_units(
        limit_units(pool("dcba"), 9, 0)
    )


def test_a_subject_that_is_left_out_takes_no_unit_of_the_others_with_it():
    """The replicates over subjects differ from the whole by its units alone."""
    limited = limit_units(pool(), 9, 0)
    for name in "dba":
        smaller = limited.without([name])
        expected = {who: kept for who, kept in member_units(limited).items() if who != name}
        assert member_units(smaller) == expected
        assert smaller.n_units == 9 - len(member_units(limited)[name])


def test_pools_of_the_others_share_what_they_can():
    """A smaller pool keeps whatever the pool of all keeps of its members."""
    of_all = member_units(limit_units(pool(), 9, 0))
    for name in N_UNITS:
        others = [other for other in N_UNITS if other != name]
        found = member_units(limit_units(pool(others), 9, 0))
        assert all(of_all[other] <= found[other] for other in others)


def test_fewer_units_are_among_those_of_more():
    found = [units(limit_units(pool(), number, 0)) for number in (3, 8, 15)]
    assert found[0] < found[1] < found[2]


def test_lots_depend_on_the_seed_the_subject_and_the_part():
    def places(subject="m", part="conv1", seed=0):
        numbered = Profile(subject, part, np.arange(40.0)[None])
        return limit_units(numbered, 10, seed).values[0].tolist()

    assert places() == places()
    others = [places(seed=1), places(subject="n"), places(part="conv2")]
    assert all(other != places() for other in others)


def test_every_unit_is_chosen_equally_often():
    """Whichever subject it is of; the deviation of a share of 2,000 is .011."""
    counts = np.zeros(23)
    numbered, start = [], 0
    for name, n_units in N_UNITS.items():
        numbered.append(Profile(name, "V1", np.arange(start, start + n_units)[None].astype(float)))
        start += n_units
    for seed in range(2000):
        counts[limit_units(Pool(numbered, "V1"), 9, seed).values[0].astype(int)] += 1
    np.testing.assert_allclose(counts / 2000, 9 / 23, atol=0.05)


def test_sources_alone_are_limited_and_equal_ones_stay_one_object():
    layers, brain = [profile("m", layer) for layer in ("conv1", "conv2")], subjects("dba")
    for cells in (
        pooled_cells(brain, "V1"),
        pair_cells(brain, "V1"),
        direction_cells("model_to_brain", layers, brain),
        direction_cells("brain_to_model", layers, brain),
    ):
        limited = limit_sources(cells, 5, 0)
        assert [target for _, target in limited] == [target for _, target in cells]
        assert {source.n_units for source, _ in limited} <= {4, 5}
        pairs = list(zip(cells, limited, strict=True))
        for (first, _), (small_first, _) in pairs:
            for (second, _), (small_second, _) in pairs:
                assert (first is second) == (small_first is small_second)


def test_comparisons_with_a_brain_have_its_limit():
    """Between two brains, that of the brain whose areas are predicted."""
    other = {"sessions": [1, 2], "compare_with": ["mouse"], "max_source_units": 7}
    brains = {"mouse": {"max_source_units": 30}, "rat": {**DEFAULT["brains"]["mouse"], **other}}
    found = Plan(merged(DEFAULT, {"brains": brains})).alignment
    for brain, source, expected in (("mouse", "rat", 30), ("rat", "mouse", 7)):
        job = Wildcards(brain=brain, source_brain=source, method="rsa", area="VISp")
        job.variant, job.seed = "resnet18", "0"
        for settings in (found.brain_settings, found.candidate_settings, found.brains_settings):
            assert settings(job)["max_source_units"] == expected
    job = Wildcards(method="rsa", variant="alexnet", seed="0")
    assert "max_source_units" not in found.model_settings(job)
