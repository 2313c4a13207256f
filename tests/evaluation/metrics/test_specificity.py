"""Specificity: every reading by loops over cells, and chance where labels mean nothing."""

from collections import Counter
from dataclasses import replace
from itertools import permutations, product

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chisquare
from sklearn.metrics import roc_auc_score

from tests.evaluation.made_up import make_population, make_scores
from workflow_scripts.common.profile import POOL
from workflow_scripts.evaluation.metric import Random, Scores
from workflow_scripts.evaluation.metrics import silhouette
from workflow_scripts.evaluation.metrics.specificity import (
    CARD,
    against_permutations,
    between_readings,
    mean_of_ranks,
    measure,
    traded,
    with_permutations,
)

KINDS = ("networks", "brain", "pairs")
ALL = ["silhouette", "silhouette_other_subjects", "d_prime", "auc", "identification"]
READINGS = {"networks": ALL, "brain": ALL[2:], "pairs": ALL}


def made_up(kind, change=None):
    """A population and its scores under one method, perhaps changed cell by cell."""
    population = make_population(kind)
    cells = make_scores(population, CARD.comparisons, in_pairs=kind == "pairs").cells
    cells = cells[cells["method"] == "ridge"]
    if change:
        changed = [
            np.nan if np.isnan(row.score) else change(row, number)
            for number, row in enumerate(cells.itertuples())
        ]
        cells = cells.assign(score=changed)
    return Scores(cells, cells[:0]), population


def measured(kind, change=None, n_draws=0, **parameters):
    """Readings of the one method, with `value` and the other columns."""
    table = measure(*made_up(kind, change), Random(0, n_draws), **parameters)
    return table.set_index("reading")


def noise(row, number):
    """A score that depends on nothing; half of them are negative."""
    return float(np.random.default_rng(number).normal())


def is_same(row):
    return row.source_part == row.target_part


def between(kind, change=None):
    """Cells of different subjects that have a score, from profiles that are also a target."""
    scores, _ = made_up(kind, change)
    cells = scores.cells[scores.cells["score"].notna()]
    targets = set(zip(cells["target_subject"], cells["target_part"], strict=True))
    kept = [
        row.source_subject != row.target_subject
        and (row.source_subject == POOL or (row.source_subject, row.source_part) in targets)
        for row in cells.itertuples()
    ]
    return cells[kept]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("change", [None, noise])
class TestReadings:
    def test_every_population_has_those_that_are_defined(self, kind, change):
        """The pool has no score with itself, so that a pooled brain has no silhouette."""
        assert list(measured(kind, change).index) == READINGS[kind]

    def test_d_prime_is_the_difference_of_means_over_the_spread(self, kind, change):
        same, other = [], []
        for row in between(kind, change).itertuples():
            (same if is_same(row) else other).append(row.score)
        spread = np.sqrt((np.var(same, ddof=1) + np.var(other, ddof=1)) / 2)
        expected = (np.mean(same) - np.mean(other)) / spread
        assert measured(kind, change).loc["d_prime", "value"] == pytest.approx(expected)

    def test_auc_is_that_of_scikit_learn(self, kind, change):
        cells = between(kind, change)
        same = cells["source_part"] == cells["target_part"]
        expected = roc_auc_score(same, cells["score"])
        assert measured(kind, change).loc["auc", "value"] == pytest.approx(expected)

    def test_identification_is_the_share_of_targets_with_the_right_choice(self, kind, change):
        """In pairs one animal lacks an area: the choice is by the mean over the other animals."""
        right = []
        keys = ["target_subject", "target_part"] + ["source_subject"] * (kind != "pairs")
        for (_, part, *_), cells in between(kind, change).groupby(keys):
            means = cells.groupby("source_part")["score"].mean()
            if part in means and len(means) > 1:
                right.append(means.idxmax() == part)
        assert measured(kind, change).loc["identification", "value"] == pytest.approx(
            np.mean(right)
        )


@pytest.mark.parametrize("kind", ["networks", "pairs"])
@pytest.mark.parametrize("change", [None, noise])
def test_silhouettes_are_those_of_their_own_table(kind, change):
    scores, population = made_up(kind, change)
    table = silhouette.measure(scores, population, Random(0, 0))
    for how, clip in product(("mean", "min", "max"), (True, False)):
        rows = table[(table["symmetrisation"] == how) & (table["clip"] == clip)]
        expected = rows.set_index("exclude_same_subject")["silhouette"]
        values = measured(kind, change, symmetrisation=how, clip=clip)["value"]
        assert values["silhouette"] == pytest.approx(expected[False])
        assert values["silhouette_other_subjects"] == pytest.approx(expected[True])


def test_ties_are_shared_by_identification_and_half_of_them_count_for_the_auc():
    table = measured("networks", lambda row, _: 0.5)
    assert table.loc["identification", "value"] == pytest.approx(1 / 3)
    assert table.loc["auc", "value"] == pytest.approx(0.5)


def test_scores_that_differ_between_same_and_other_alone_have_no_d_prime():
    """Its spread is 0 but for rounding. The other readings are at their best."""
    table = measured("networks", lambda row, _: 0.8 if is_same(row) else 0.1)
    for high in np.linspace(0.2, 0.9, 20):
        same = measured("networks", lambda row, _, high=high: high if is_same(row) else 0.1)
        assert np.isnan(same.loc["d_prime", "value"])
    assert np.isnan(table.loc["d_prime", "value"])
    assert table.loc["auc", "value"] == 1
    assert table.loc["identification", "value"] == 1


def test_one_subject_alone_has_no_reading():
    """As where one of two subjects is left out of a population."""
    scores, population = made_up("networks")
    alone = scores.cells[
        (scores.cells["source_subject"] == "alexnet/0")
        & (scores.cells["target_subject"] == "alexnet/0")
    ]
    table = measure(Scores(alone, alone[:0]), population, Random(0, 10))
    assert table["value"].isna().all()
    assert table["p"].isna().all()


def test_a_network_that_is_left_out_of_the_scores_is_no_missing_score():
    scores, population = made_up("networks")
    left = [
        "alexnet/2" not in pair
        for pair in zip(scores.cells["source_subject"], scores.cells["target_subject"], strict=True)
    ]
    fewer = replace(population, subjects=population.subjects[:2])
    random = Random(0, 0)
    table = measure(Scores(scores.cells[left], scores.splits), population, random)
    pd.testing.assert_frame_equal(
        table, measure(Scores(scores.cells[left], scores.splits), fewer, random)
    )
    assert table["value"].notna().all()


class TestPermutations:
    def test_they_exchange_labels_within_subjects(self):
        subjects, parts = ["a", "b", "a", "b", "a"], ["V1", "V1", "V2", "V4", "V4"]
        labels = with_permutations(subjects, parts, 200, np.random.default_rng(0))
        assert labels.shape == (5, 201)
        assert list(labels[:, 0]) == [0, 0, 1, 2, 2]
        assert {tuple(column) for column in labels[[0, 2, 4]].T} == {
            (i, j, 3 - i - j) for i, j in product(range(3), repeat=2) if i != j
        }
        assert {tuple(column) for column in labels[[1, 3]].T} == {(0, 2), (2, 0)}

    def test_where_every_subject_has_every_part_no_other_number_is_drawn(self):
        subjects, parts = zip(*product("abc", ["V1", "V2", "V4"]), strict=True)
        labels = with_permutations(subjects, parts, 20, np.random.default_rng(0))
        generator = np.random.default_rng(0)
        expected = [
            generator.permuted(labels[rows : rows + 3, [0] * 20], axis=0) for rows in (0, 3, 6)
        ]
        assert labels[:, 1:].tolist() == np.concatenate(expected).tolist()

    @pytest.mark.parametrize("kind", KINDS)
    def test_their_readings_are_those_of_scores_with_other_labels(self, kind):
        """Labels of the profiles are exchanged in the table of scores itself."""
        scores, population = made_up(kind)
        subjects = list(dict.fromkeys(scores.cells["target_subject"]))
        profiles = list(product(subjects, population.parts))
        if kind == "brain":
            profiles += [(POOL, part) for part in population.parts]
        number = {profile: i for i, profile in enumerate(profiles)}
        matrix = np.full((len(profiles), len(profiles)), np.nan)
        for row in scores.cells.itertuples():
            source = number[row.source_subject, row.source_part]
            matrix[source, number[row.target_subject, row.target_part]] = row.score
        of_subject, of_part = map(list, zip(*profiles, strict=True))
        labels = with_permutations(of_subject, of_part, 3, np.random.default_rng(0))
        together = between_readings(matrix, of_subject, labels)
        for column, names in enumerate(labels.T):
            order = np.lexsort((names, np.unique(of_subject, return_inverse=True)[1]))
            sorted_labels = labels[order, column][:, None]
            alone = between_readings(
                matrix[np.ix_(order, order)], np.array(of_subject)[order], sorted_labels
            )
            for reading, values in together.items():
                assert values[column] == pytest.approx(alone[reading][0]), reading

    def test_without_draws_there_is_no_chance_and_no_p(self):
        table = measured("networks")
        assert table["value"].notna().all()
        assert table[["chance", "null_low", "null_high", "p"]].isna().all(axis=None)

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_clear_effect_is_above_all_of_them(self, kind):
        table = measured(kind, n_draws=500)
        assert (table["value"] > table["null_high"]).all()
        # Of 216 permutations of three labels in three subjects, six only rename the parts; where a
        # subject has two parts, two of 72 do.
        assert (table["p"] < 0.06).all()
        assert table.loc["auc", "chance"] == pytest.approx(0.5, abs=0.05)
        # Those permutations have a d' of about 9.
        assert table.loc["d_prime", "chance"] == pytest.approx(0, abs=0.4)
        assert table.loc["identification", "chance"] == pytest.approx(1 / 3, abs=0.05)

    def test_chance_of_a_silhouette_is_negative(self):
        """Its b is the smallest of several distances."""
        table = measured("networks", noise, n_draws=500)
        assert table.loc["silhouette", "null_low"] < table.loc["silhouette", "chance"] < 0

    def test_p_is_uniform_where_labels_mean_nothing(self):
        p = [
            measured("networks", lambda row, k, seed=seed: noise(row, 1000 * seed + k), 99)["p"]
            for seed in range(100)
        ]
        small = (pd.concat(p, axis=1) <= 0.1).mean(axis=1)
        # Four deviations of a share of .1 among 100.
        assert (small < 0.1 + 4 * 0.03).all()
        assert (small > 0).all()

    def test_all_methods_have_the_same(self):
        scores, population = made_up("networks")
        cells = pd.concat([scores.cells, scores.cells.assign(method="again")])
        table = measure(Scores(cells, cells[:0]), population, Random(0, 20))
        first, second = (rows.drop(columns="method") for _, rows in table.groupby("method"))
        pd.testing.assert_frame_equal(first.reset_index(drop=True), second.reset_index(drop=True))

    def test_many_are_computed_in_blocks(self, monkeypatch):
        whole = measured("networks", n_draws=50)
        monkeypatch.setattr("workflow_scripts.evaluation.metrics.specificity.BLOCK", 100)
        pd.testing.assert_frame_equal(measured("networks", n_draws=50), whole)


def test_p_counts_the_true_labels_and_permutations_that_are_equal_but_for_rounding():
    result = against_permutations(np.array([0.3, 0.1, 0.3 - 1e-15, 0.4, np.nan]))
    assert result["p"] == 3 / 4
    assert result["chance"] == pytest.approx(0.8 / 3)


def in_groupings(*seeds):
    """A brain in as many groupings of three groups, with other scores in each; a list of them."""
    population = make_population("brain")
    found = []
    for number, seed in enumerate(seeds, start=1):
        groups = [f"grouping_{number}/{group}" for group in (1, 2, 3)]
        cells = make_scores(population, ["brain"], seed, groups, in_pairs=True).cells
        found.append(cells[cells["method"] == "ridge"].assign(comparison="groups"))
    return found, population


def of_groupings(tables, population, n_draws=200):
    """Readings of several groupings together."""
    cells = pd.concat(tables, ignore_index=True)
    return measure(Scores(cells, cells[:0]), population, Random(0, n_draws)).set_index("reading")


class TestGroupings:
    def test_readings_are_means_over_groupings(self):
        tables, population = in_groupings(0, 1, 2, 3)
        found = of_groupings(tables, population)
        alone = [of_groupings([cells.assign(comparison="brain")], population) for cells in tables]
        assert list(found.index) == ALL
        for reading in ALL:
            rows = [table.loc[reading] for table in alone]
            values = [row["value"] for row in rows]
            assert found.loc[reading, "value"] == pytest.approx(sum(values) / 4)
            assert found.loc[reading, "grouping_low"] == min(values)
            assert found.loc[reading, "grouping_high"] == max(values)
            for column in ("chance", "null_low", "null_high"):
                mean = np.mean([row[column] for row in rows])
                assert found.loc[reading, column] == pytest.approx(mean)
        assert pd.concat(alone)[["grouping_low", "grouping_high"]].isna().all(axis=None)

    def test_groupings_with_the_same_scores_say_as_much_as_one(self):
        """Permutations that were drawn for each of them would make p smaller."""
        one, population = in_groupings(5)
        several, _ = in_groupings(5, 5, 5, 5)
        columns = ["value", "chance", "null_low", "null_high", "p"]
        pd.testing.assert_frame_equal(
            of_groupings(several, population)[columns], of_groupings(one, population)[columns]
        )

    def test_scores_of_different_groupings_are_never_compared(self):
        """Their pseudo-subjects share subjects; a cell between them changes no reading."""
        tables, population = in_groupings(0, 1)
        between = tables[0].assign(source_subject=tables[1]["source_subject"], score=9)
        pd.testing.assert_frame_equal(
            of_groupings([*tables, between], population), of_groupings(tables, population)
        )

    def test_a_grouping_without_a_reading_is_left_out(self):
        """As one whose groups have no part in common."""
        tables, population = in_groupings(0, 1, 2)
        empty = tables[2].assign(verdict="skipped", score=np.nan)
        constant = tables[2].assign(
            score=tables[2]["source_part"].eq(tables[2]["target_part"]) * 1.0
        )
        expected = of_groupings(tables[:2], population)
        pd.testing.assert_frame_equal(of_groupings([*tables[:2], empty], population), expected)
        pd.testing.assert_series_equal(
            of_groupings([*tables[:2], constant], population).loc["d_prime"],
            expected.loc["d_prime"],
        )

    def test_without_permutations_there_is_a_value(self):
        table = of_groupings(*in_groupings(0, 1), n_draws=0)
        assert table[["value", "grouping_low", "grouping_high"]].notna().all(axis=None)
        assert table[["chance", "null_low", "null_high", "p"]].isna().all(axis=None)


def test_values_of_equal_rank_are_averaged():
    values = np.array([[9, 3, 1, 2], [7, 10, 30, 20], [np.nan, 0, 0, 0]])
    np.testing.assert_allclose(mean_of_ranks(values), [8, 5.5, 11, 16.5])
    # A permutation without a value takes no rank from the others.
    values = np.array([[9, 3, 1, 2], [7, 10, np.nan, 20]])
    np.testing.assert_allclose(mean_of_ranks(values), [8, 5.5, 8.5, 11.5])
    assert np.isnan(mean_of_ranks(np.full((2, 3), np.nan))).all()


BULB = {
    **{f"g{number}": ["glomeruli"] for number in range(7)},
    **{f"m{number}": ["mitral"] for number in range(2)},
    **{f"b{number}": ["mitral", "tufted"] for number in range(3)},
}
"""Parts of subjects most of which have only one."""


def animals(parts_of, score, pooled=False):
    """Readings of a brain whose animals have these parts; a score is of two profiles."""
    targets = [(subject, part) for subject, parts in parts_of.items() for part in parts]
    parts = list(dict.fromkeys(part for _, part in targets))
    sources = [(POOL, part) for part in parts] if pooled else targets
    cells = pd.DataFrame(
        [
            ("brain", "ridge", *source, *target, "ok", score(source, target))
            for source, target in product(sources, targets)
            if source != target
        ],
        columns=["comparison", "method", *PAIR, "verdict", "score"],
    )
    return Scores(cells, cells[:0]), make_population("brain", parts)


PAIR = ["source_subject", "source_part", "target_subject", "target_part"]


def effect(size, seed=0):
    """Scores that are higher between the same parts by so many deviations."""
    generator = np.random.default_rng(seed)
    return lambda source, target: size * (source[1] == target[1]) + generator.normal()


class TestSubjectsThatLackParts:
    def test_every_labelling_without_a_part_twice_is_equally_probable(self):
        """Of a subject with two parts and three with one; a pool would keep its labels."""
        subjects = ["a", "a", "b", "c", "d", "e", "e", "e"]
        parts = ["V1", "V2", "V1", "V2", "V4", "V1", "V2", "V4"]
        possible = {
            (*four, *others)
            for four, others in product(set(permutations([0, 0, 1, 1, 2])), permutations(range(3)))
            if four[0] != four[1]
        }
        labels = with_permutations(subjects, parts, 200 * len(possible), np.random.default_rng(0))
        found = Counter(tuple(column) for column in labels[:, 1:].T)
        assert set(found) == possible
        assert chisquare(list(found.values())).pvalue > 0.001
        in_pool = [POOL if subject == "e" else subject for subject in subjects]
        labels = with_permutations(in_pool, parts, 50 * len(possible), np.random.default_rng(0))
        found = Counter(tuple(column) for column in labels[:, 1:].T)
        assert set(found) == {column for column in possible if column[5:] == (0, 1, 2)}
        assert chisquare(list(found.values())).pvalue > 0.001

    @pytest.mark.parametrize("n_own", [1, 3, 5])
    def test_nothing_is_left_of_the_true_labels(self, n_own):
        """A subject has each of six parts as often as all subjects with as many parts do."""
        has = np.zeros((500, 61, 6), bool)
        for subject in range(61):
            has[:, subject, (subject + np.arange(n_own)) % 6] = True
        after = traded(has, np.random.default_rng(0))
        assert (after.sum(axis=1) == has.sum(axis=1)).all()
        assert (after.sum(axis=2) == n_own).all()
        expected = (has[0].mean(axis=0) * has[0]).sum() / has[0].sum()
        kept = (after & has).sum(axis=(1, 2)) / has[0].sum()
        assert kept.mean() == pytest.approx(expected, abs=4 * kept.std() / np.sqrt(500))
        assert kept.std() > 0

    def test_readings_are_those_of_loops(self):
        scores, population = animals(BULB, effect(1))
        found = measure(scores, population, Random(0, 0)).set_index("reading")["value"]
        cells = scores.cells[scores.cells["source_subject"] != scores.cells["target_subject"]]
        is_own = cells["source_part"] == cells["target_part"]
        same, other = cells["score"][is_own], cells["score"][~is_own]
        spread = np.sqrt((same.var() + other.var()) / 2)
        assert found["d_prime"] == pytest.approx((same.mean() - other.mean()) / spread)
        assert found["auc"] == pytest.approx(roc_auc_score(is_own, cells["score"]))
        right = []
        for (_, part), of_target in cells.groupby(["target_subject", "target_part"]):
            means = {}
            for source in population.parts:
                values = [row.score for row in of_target.itertuples() if row.source_part == source]
                means[source] = sum(values) / len(values)
            right.append(max(means, key=means.get) == part)
        assert found["identification"] == np.mean(right)

    def test_a_clear_effect_is_above_chance(self):
        """Within subjects, only the labels of three could be exchanged."""
        table = measure(*animals(BULB, effect(3)), Random(0, 500)).set_index("reading")
        assert list(table.index) == ALL
        assert (table["value"] > table["null_high"]).all()
        assert (table["p"] < 0.01).all()
        assert table.loc["d_prime", "chance"] == pytest.approx(0, abs=0.1)
        assert table.loc["auc", "chance"] == pytest.approx(0.5, abs=0.02)

    @pytest.mark.parametrize("pooled", [False, True])
    def test_p_is_uniform_where_labels_mean_nothing(self, pooled):
        """A larger pool predicts all targets better."""
        n_subjects = Counter(part for parts in BULB.values() for part in parts)
        p = []
        for seed in range(100):
            noise = effect(0, seed)

            def score(source, target, noise=noise):
                return noise(source, target) + pooled * n_subjects[source[1]]

            table = measure(*animals(BULB, score, pooled), Random(seed, 99))
            p.append(table.set_index("reading")["p"])
        p = pd.concat(p, axis=1)
        # Four deviations of a share among 100.
        for share in (0.1, 0.5):
            small = (p <= share).mean(axis=1)
            assert (small < share + 0.4 * np.sqrt(share * (1 - share))).all()
        assert list(p.index) == READINGS["brain" if pooled else "pairs"]
        assert ((p <= 0.1).mean(axis=1) > 0)["d_prime"]
