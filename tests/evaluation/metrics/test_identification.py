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
    for (_, _, part), sources in between.groupby(
        ["source_subject", "target_subject", "target_part"]
    ):
        if part in set(sources["source_part"]) and len(sources) > 1:
            best = sources.loc[sources["score"].idxmax(), "source_part"]
            for chosen in population.parts:
                expected[part, chosen].append(chosen == best)
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
    subjects = ("a", "a", "b", "b", "b")

    def test_a_target_chooses_once_from_every_other_subject(self):
        similarity = np.random.default_rng(0).normal(size=(5, 5))
        chosen, possible = choices(similarity, self.subjects)
        assert chosen[:2, 2:].sum(axis=0).tolist() == [1, 1, 1]
        assert chosen[2:, :2].sum(axis=0).tolist() == [1, 1]
        assert not chosen[:2, :2].any() and not possible[:2, :2].any()
        for target in (0, 1):
            assert chosen[2:, target].argmax() == similarity[2:, target].argmax()

    def test_equal_scores_share_the_choice(self):
        similarity = np.zeros((5, 5))
        similarity[2, 0] = -1
        chosen, _ = choices(similarity, self.subjects)
        assert chosen[2:, 0].tolist() == [0, 0.5, 0.5]
        assert chosen[2:, 1].tolist() == pytest.approx([1 / 3] * 3)

    def test_a_missing_score_cannot_be_chosen_and_one_alone_is_no_choice(self):
        similarity = np.full((5, 5), -2.0)
        similarity[2, 0] = np.nan
        similarity[2:4, 1] = np.nan
        chosen, possible = choices(similarity, self.subjects)
        assert chosen[2:, 0].tolist() == [0, 0.5, 0.5]
        assert possible[2:, 0].tolist() == [False, True, True]
        assert not chosen[2:, 1].any() and not possible[2:, 1].any()


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
