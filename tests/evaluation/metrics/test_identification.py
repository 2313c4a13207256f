"""Identification: who is taken for whom, counted by hand and by loops."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from tests.evaluation.made_up import make_population, make_scores
from workflow_scripts.common.profile import POOL
from workflow_scripts.evaluation.metric import Random, Scores
from workflow_scripts.evaluation.metrics import specificity
from workflow_scripts.evaluation.metrics.identification import CARD, measure
from workflow_scripts.evaluation.similarity import choices


def shares(scores, population):
    """Share by part and chosen part, of the one method."""
    cells = scores.cells[scores.cells["method"] == "ridge"]
    table = measure(Scores(cells, scores.splits), population, Random(0, 0))
    return table.set_index(["part", "chosen"])["share"]


@pytest.mark.parametrize("kind", ["networks", "brain", "pairs"])
def test_shares_are_those_of_a_loop_over_choices(kind):
    population = make_population(kind)
    scores = make_scores(population, CARD.comparisons, in_pairs=kind == "pairs")
    cells = scores.cells[scores.cells["method"] == "ridge"]
    noise = np.random.default_rng(0).normal(size=len(cells))
    cells = cells.assign(score=cells["score"].where(cells["score"].isna(), noise))
    expected = {(part, chosen): [] for part, chosen in product(population.parts, repeat=2)}
    between = cells[(cells["source_subject"] != cells["target_subject"]) & cells["score"].notna()]
    if kind == "pairs":
        # The last animal has too few units in the last area to be a target there.
        last = (between["source_subject"] == "NA") & (between["source_part"] == "p3")
        between = between[~last]
    # One animal lacks an area then: a target chooses by the mean over the other animals.
    keys = ["target_subject", "target_part"] + ["source_subject"] * (kind != "pairs")
    for (_, part, *_), sources in between.groupby(keys):
        means = sources.groupby("source_part")["score"].mean()
        if part in means and len(means) > 1:
            for chosen in population.parts:
                expected[part, chosen].append(chosen == means.idxmax())
    found = shares(Scores(cells, scores.splits), population)
    assert list(found.index) == list(expected)
    assert found.tolist() == pytest.approx([np.mean(values) for values in expected.values()])


@pytest.mark.parametrize("kind", ["networks", "brain"])
def test_the_diagonal_is_the_reading_of_specificity(kind):
    """The mean over parts, as all parts of networks have as many targets; of a brain weighted."""
    population = make_population(kind)
    scores = make_scores(population, CARD.comparisons)
    readings = specificity.measure(scores, population, Random(0, 0))
    readings = readings[readings["reading"] == "identification"].set_index("method")["value"]
    table = measure(scores, population, Random(0, 0))
    right = table[table["part"] == table["chosen"]]
    # One cell of the pool has no score; its target has the two other parts to choose from.
    mean = right.groupby("method")["share"].mean()
    assert mean.to_dict() == pytest.approx(readings.to_dict())


def test_choices_of_the_targets_of_a_part_add_up_to_one():
    population = make_population("pairs")
    found = shares(make_scores(population, CARD.comparisons, in_pairs=True), population)
    assert found.groupby("part").sum().tolist() == pytest.approx([1] * 3)


class TestChoices:
    """Of two subjects with three parts each: the first one's parts are targets 0 to 2."""

    subjects = ("a", "a", "a", "b", "b", "b")
    labels = np.array([0, 1, 2, 2, 0, 1])[:, None]

    def counts(self, similarity, subjects=subjects, labels=labels):
        return choices(similarity, subjects, labels)[..., 0]

    def test_a_target_chooses_once_from_every_other_subject(self):
        similarity = np.random.default_rng(0).normal(size=(6, 6))
        expected = np.zeros((3, 3))
        for target in range(6):
            others = [source for source in range(6) if (source < 3) != (target < 3)]
            best = max(others, key=lambda source, target=target: similarity[source, target])
            expected[self.labels[target, 0], self.labels[best, 0]] += 1
        assert self.counts(similarity).tolist() == expected.tolist()

    def test_equal_scores_share_the_choice(self):
        similarity = np.zeros((6, 6))
        similarity[3, 0] = -1
        # The first target chooses between parts 0 and 1, the other one of part 0 among all three.
        assert self.counts(similarity)[0] == pytest.approx([1 / 2 + 1 / 3, 1 / 2 + 1 / 3, 1 / 3])

    def test_a_missing_score_cannot_be_chosen_and_one_alone_is_no_choice(self):
        similarity = np.full((6, 6), -2.0)
        similarity[3, 0] = np.nan
        similarity[3:5, 1] = np.nan
        counts = self.counts(similarity)
        assert counts[0] == pytest.approx([1 / 2 + 1 / 3, 1 / 2 + 1 / 3, 1 / 3])
        assert counts[1] == pytest.approx([1 / 3] * 3)

    def test_where_subjects_lack_parts_a_target_chooses_the_highest_mean_over_subjects(self):
        """The last target's own part has the highest score, but not the highest mean."""
        subjects, labels = ("a", "b", "c", "d", "e"), np.array([0, 0, 1, 1, 0])[:, None]
        similarity = np.zeros((5, 5))
        similarity[:4, 4] = 0.9, 0.0, 0.5, 0.6
        assert self.counts(similarity, subjects, labels)[0] == pytest.approx([1, 2])
        similarity[2:4, 4] = 0.4
        assert self.counts(similarity, subjects, labels)[0] == pytest.approx([2, 1])

    def test_every_labelling_has_its_own_choices(self):
        generator = np.random.default_rng(0)
        similarity = generator.normal(size=(6, 6))
        labels = np.concatenate([generator.permuted(np.tile(range(3), (4, 1)), axis=1).T] * 2)
        together = choices(similarity, self.subjects, labels)
        for number, one in enumerate(labels.T):
            alone = self.counts(similarity, labels=one[:, None])
            assert together[..., number].tolist() == alone.tolist()


def test_parts_that_are_never_in_one_subject_are_told_apart():
    """As where most animals have one part only."""
    parts_of = {"a": "p1", "b": "p1", "c": "p2", "d": "p2"}
    cells = pd.DataFrame(
        [
            {
                "method": "ridge",
                "source_subject": source,
                "source_part": parts_of[source],
                "target_subject": target,
                "target_part": parts_of[target],
                "verdict": "ok",
                # Targets of the second part are taken for the first one.
                "score": float(parts_of[source] == "p1"),
            }
            for source, target in product(parts_of, repeat=2)
            if source != target
        ]
    )
    found = shares(Scores(cells, cells[:0]), make_population("brain", parts=["p1", "p2"]))
    assert found.tolist() == [1, 0, 1, 0]


def test_a_choice_that_cannot_be_right_is_not_counted():
    """Of three areas, the pool has no score with the first target's own one."""
    population = make_population("brain", parts=["V1", "V4", "IT"])
    cells = pd.DataFrame(
        [
            {
                "method": "ridge",
                "source_subject": POOL,
                "source_part": source,
                "target_subject": subject,
                "target_part": target,
                "verdict": "ok",
                "score": np.nan if (subject, source, target) == ("a", "V1", "V1") else score,
            }
            for subject, target in product("ab", population.parts)
            for source, score in zip(population.parts, (0.9, 0.2, 0.1), strict=True)
        ]
    )
    found = shares(Scores(cells, cells[:0]), population)
    # All others choose V1; subject b's V1 alone is counted of the two.
    assert found["V1"].tolist() == [1, 0, 0]
    assert found["V4"].tolist() == [1, 0, 0]
    assert found["IT"].tolist() == [1, 0, 0]


def test_without_profiles_there_is_no_row_but_all_columns():
    population = make_population("brain")
    scores = make_scores(population, CARD.comparisons, animals=["a"])
    table = measure(scores, population, Random(0, 0))
    assert list(table) == list(CARD.columns)
    assert not len(table)
