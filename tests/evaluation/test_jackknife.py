"""Jackknife intervals: against plain loops and textbook formulas, and what they never claim."""

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from workflow_scripts.evaluation.jackknife import FEWEST, holm, intervals, variance

NONE = np.empty(0)
NUMBERS = st.lists(st.integers(-1000, 1000), min_size=4, max_size=12, unique=True).filter(
    lambda values: sum(values) / len(values) not in values  # such a one would not count
)


def means_without_each(values):
    return [np.delete(values, number).mean() for number in range(len(values))]


def interval_of_a_mean(subjects, groups=None):
    """Interval of a mean over subjects plus, if there are groups, a mean over groups of stimuli."""
    rest = np.mean(groups) if groups is not None else 0
    value, without_subject = np.mean(subjects) + rest, np.add(means_without_each(subjects), rest)
    if groups is None:
        return intervals(value, without_subject, NONE)
    return intervals(value, without_subject, np.mean(subjects) + means_without_each(groups))


@given(NUMBERS)
def test_interval_of_a_mean_is_the_classical_one(values):
    found = interval_of_a_mean(values)
    classical = stats.ttest_1samp(values, 0)
    np.testing.assert_allclose(found.standard_error, stats.sem(values), rtol=1e-6)
    np.testing.assert_allclose([found.low, found.high], classical.confidence_interval(), rtol=1e-6)
    np.testing.assert_allclose(found.p, classical.pvalue, rtol=1e-6)
    np.testing.assert_allclose(found.df, len(values) - 1)
    assert found.resampled == "subjects"


def plain_mean_of_pairs(matrix, subjects):
    pairs = list(permutations(subjects, 2))
    return sum(matrix[source][target] for source, target in pairs) / len(pairs)


def plain_interval(value, factors):
    """Both factors by loops, with the quantile of t found by bisection."""
    variances = []
    for replicates in factors:
        n, mean = len(replicates), sum(replicates) / len(replicates)
        variances.append(((n - 1) / n * sum((r - mean) ** 2 for r in replicates), n - 1))
    total = sum(v for v, _ in variances)
    df = total**2 / sum(v**2 / own for v, own in variances)
    halves = []
    for v, degrees in [*variances, (total, df)]:
        low, high = 0.0, 1000.0
        while high - low > 1e-10:
            middle = (low + high) / 2
            low, high = (middle, high) if stats.t.cdf(middle, degrees) < 0.975 else (low, middle)
        halves.append(low * math.sqrt(v))
    return value - max(halves), value + max(halves), math.sqrt(total), df


@pytest.mark.parametrize("n", [3, 5, 8])
def test_both_factors_equal_plain_loops(n):
    scores = np.random.default_rng(n).normal(size=(6, n, n))  # group of stimuli, source, target
    matrix, subjects = scores.mean(axis=0), range(n)
    value = plain_mean_of_pairs(matrix, subjects)
    without_subject = [
        plain_mean_of_pairs(matrix, [s for s in subjects if s != left]) for left in subjects
    ]
    without_stimuli = [
        plain_mean_of_pairs(np.delete(scores, left, axis=0).mean(axis=0), subjects)
        for left in range(6)
    ]
    if n == 3:
        # The three replicates are the means of one pair each, which is as few as there can be.
        assert len(set(without_subject)) == 3
    found = intervals(value, without_subject, without_stimuli)
    expected = plain_interval(value, [without_subject, without_stimuli])
    np.testing.assert_allclose(
        [found.low, found.high, found.standard_error, found.df], expected, rtol=1e-7
    )
    assert found.resampled == "subjects and stimuli"


@given(NUMBERS, NUMBERS)
def test_one_more_factor_never_narrows_the_interval(subjects, groups):
    alone, both = interval_of_a_mean(subjects), interval_of_a_mean(subjects, groups)
    rounding = 1e-9 * (1 + abs(alone.high))
    assert both.standard_error >= alone.standard_error - rounding
    assert both.high - both.low >= alone.high - alone.low - rounding
    assert both.resampled == "subjects and stimuli"


def test_many_groups_of_stimuli_do_not_make_few_subjects_certain():
    subjects, stimuli = [1.3, 1.5, 1.9], np.linspace(1.5, 1.7, 20)
    alone, both = intervals(1.6, subjects, NONE), intervals(1.6, subjects, stimuli)
    assert both.df > alone.df
    assert both.standard_error > alone.standard_error
    assert (both.low, both.high, both.p) == (alone.low, alone.high, alone.p)


@given(NUMBERS, NUMBERS)
def test_interval_excludes_zero_where_p_is_below_the_level(subjects, groups):
    found = interval_of_a_mean(subjects, groups)
    if abs(found.p - 0.05) > 1e-9:
        assert (found.p < 0.05) == (found.low > 0 or found.high < 0)


@given(NUMBERS, NUMBERS, st.integers(-100, 100), st.integers(1, 100))
def test_interval_moves_and_grows_with_the_scores(subjects, groups, shift, scale):
    found = interval_of_a_mean(subjects, groups)
    changed = interval_of_a_mean(np.multiply(subjects, scale) + shift, np.multiply(groups, scale))
    for limit in ("estimate", "low", "high"):
        expected = scale * getattr(found, limit) + shift
        np.testing.assert_allclose(getattr(changed, limit), expected, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(changed.standard_error, scale * found.standard_error, rtol=1e-6)
    np.testing.assert_allclose(changed.df, found.df, rtol=1e-6)


def test_every_row_is_computed_as_if_alone():
    random = np.random.default_rng(0)
    value, subjects, groups = (random.normal(size=shape) for shape in (9, (5, 9), (20, 9)))
    subjects[2, 1] = np.nan  # only stimuli are known
    subjects[3:, 2] = value[2]
    groups[:, 3] = value[3]  # only subjects are known
    groups[0, 4] = subjects[0, 4] = np.nan  # neither
    value[5] = np.nan
    together = intervals(value, subjects, groups)
    for row in range(9):
        alone = intervals(value[row], subjects[:, row], groups[:, row])
        for name, of_all in vars(together).items():
            if name == "resampled":
                assert of_all[row] == alone.resampled
            else:
                np.testing.assert_allclose(of_all[row], getattr(alone, name), rtol=1e-12)
    both = "subjects and stimuli"
    assert together.resampled.tolist() == [both, "stimuli", both, "subjects", "", "", *[both] * 3]


def test_groups_that_are_never_tested_do_not_count():
    value, tested = 3.0, [2.0, 2.5, 2.0, 1.5]
    never = [value] * 16
    assert variance(value, [*never, *tested]) == variance(value, tested)


def test_a_subject_that_equals_the_value_by_chance_makes_the_interval_wider():
    values = [-3, 0, 1, 2]
    found, classical = interval_of_a_mean(values), stats.ttest_1samp(values, 0)
    np.testing.assert_allclose(found.df, 2)
    assert found.high > classical.confidence_interval().high


def test_a_pool_that_always_predicts_less_adds_no_variance():
    """The values without each subject are lower by the same amount: the pool is smaller."""
    values = [0.3, 0.5, 0.4, 0.6]
    smaller = np.subtract(means_without_each(values), 0.2)
    expected = variance(np.mean(values), means_without_each(values))
    np.testing.assert_allclose(variance(np.mean(values), smaller), expected)


@pytest.mark.parametrize(
    "replicates",
    [
        [],
        [0.1, 0.3],  # two subjects
        [0.1, 0.3, np.nan, 0.4],  # undefined without the third subject
        [1.0, 1.0, 1.0, 1.0],  # a rate of 1 whoever is left out
        [1.0, 1.0, 0.8, 0.9],  # two subjects have a part in it
        [0.8, 0.8, 0.8, 0.8],
        [1 + 1e-15, 1 - 1e-15, 1, 1 + 2e-15],  # rounding
    ],
)
def test_what_is_not_known_is_no_certainty(replicates):
    found = intervals(1.0, replicates, NONE)
    assert np.isnan([found.low, found.high, found.standard_error, found.df, found.p]).all()
    assert found.estimate == 1
    assert found.resampled == ""
    with_stimuli = intervals(1.0, replicates, [0.9, 1.1, 1.05])
    assert with_stimuli.resampled == "stimuli"
    np.testing.assert_array_equal(with_stimuli.low, intervals(1.0, NONE, [0.9, 1.1, 1.05]).low)


def test_as_few_replicates_as_a_variance_needs_are_enough():
    assert FEWEST == 3
    assert intervals(1.0, [0.9, 1.1, 1.05], NONE).resampled == "subjects"


def test_missing_statistics_have_no_interval():
    found = intervals([np.nan, 1], [[1, 2], [2, 3], [3, 5]], np.empty((0, 2)))
    assert np.isnan(found.low[0]) and np.isfinite(found.low[1])


def test_holm_as_computed_by_hand():
    """Times 4, 3, 2 and 1 in the order of size, and never less than the one before."""
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(holm([0.5, 0.9, 0.4]), [1, 1, 1])


def test_holm_leaves_out_what_is_not_measured():
    np.testing.assert_allclose(holm([np.nan, 0.01, np.nan, 0.02]), [np.nan, 0.02, np.nan, 0.02])
    np.testing.assert_array_equal(holm([]), [])
    np.testing.assert_array_equal(holm([np.nan]), [np.nan])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.floats(0.001, 0.2))
def test_holm_rejects_step_by_step(p, level):
    """Reject the smallest at level / m, the next at level / (m - 1), until one is kept."""
    rejected, order = np.zeros(len(p), bool), np.argsort(p, kind="stable")
    for step, number in enumerate(order):
        if p[number] * (len(p) - step) > level:
            break
        rejected[number] = True
    np.testing.assert_array_equal(holm(p) <= level, rejected)
