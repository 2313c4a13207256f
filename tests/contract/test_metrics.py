"""What every file in evaluation/metrics/ must keep; a new file is tested without a test."""

import inspect
import json
from dataclasses import replace
from itertools import product
from typing import Literal, get_args, get_origin

import numpy as np
import pandas as pd
import pytest

from tests.evaluation.made_up import GEOMETRIES, MAPPINGS, make_population, make_scores
from tests.harness.mini import DEFAULT
from workflow_scripts.common.files import read_table, write_table
from workflow_scripts.evaluation.metric import METRICS, Random
from workflow_scripts.evaluation.replicates import replicate
from workflow_scripts.plan import Plan

OF_BRAINS = {"brain", "groups", "model_to_brain", "brain_to_model", "brain_to_brain"}
COMPARISONS = {
    "networks": {"networks"},
    **dict.fromkeys(("brain", "pairs", "simulated"), OF_BRAINS),
}
"""Comparisons that each kind of population takes part in."""


def given(metric, kind):
    """A made-up population of this kind, and the scores that a metric is given of it."""
    card = METRICS.card(metric)
    population = make_population(kind, n_candidates=max(2, card.min_candidates))
    scores = make_scores(population, card.comparisons, in_pairs=kind == "pairs")
    return scores if card.by_split else replace(scores, splits=scores.splits[:0]), population


def measure(metric, kind, **parameters):
    return METRICS.load(metric).measure(*given(metric, kind), Random(0, 50), **parameters)


def measured(metric, n_candidates):
    """Populations of a run for which a metric is computed: networks and two brains."""
    mouse = DEFAULT["brains"]["mouse"]
    truth = {**mouse["simulated"]["truth"], "variant": "resnet18"}
    macaque = {
        **{**mouse, "sessions": [1, 2], "sources": "pairs", "compare_with": ["mouse"]},
        "simulated": {
            **{**mouse["simulated"], "truth": truth},
            "layers": dict.fromkeys(mouse["areas"], "layer1"),
        },
    }
    candidates = [
        {"variant": variant, "seed": seed, "layers": ["conv1"]}
        for seed, variant in enumerate(["alexnet", *["alexnet_untrained"] * 9][:n_candidates])
    ]
    brains = {"mouse": mouse, "macaque": macaque}
    plan = Plan({**DEFAULT, "brains": brains, "candidates": candidates})
    return {population["name"] for population in plan.evaluation.measured(metric)}


def choices(metric):
    """Every combination of the parameters that have few possible values."""
    known = {
        name: (True, False) if form is bool else get_args(form)
        for name, form in METRICS.parameters(metric).items()
        if form is bool or get_origin(form) is Literal
    }
    return [dict(zip(known, values, strict=True)) for values in product(*known.values())]


@pytest.mark.parametrize("metric", METRICS.names())
class TestCard:
    def test_is_complete_and_read_as_it_is_imported(self, metric):
        module, card = METRICS.load(metric), METRICS.card(metric)
        assert card == module.CARD
        assert card.label
        assert card.reference
        assert card.columns and all(card.columns.values())
        assert not {"population", "data_kind", "ci_low", "ci_high"} & set(card.columns)
        assert set(card.values) <= set(card.columns)

    def test_names_populations_and_comparisons_that_exist(self, metric):
        card = METRICS.card(metric)
        assert card.populations and set(card.populations) <= set(COMPARISONS)
        for kind in card.populations:
            assert COMPARISONS[kind] & set(card.comparisons), f"nothing is measured of a {kind}"
        assert set(card.comparisons) <= set.union(*(COMPARISONS[k] for k in card.populations))

    def test_says_how_many_candidates_it_needs(self, metric):
        card = METRICS.card(metric)
        kinds = {
            "networks": {"networks"},
            "mouse": {"brain", "simulated"},
            "macaque": {"brain", "pairs"},
        }
        named = {name for name, own in kinds.items() if own & set(card.populations)}
        # Scores of models are there from one candidate on.
        assert measured(metric, max(card.min_candidates, 1)) == named
        if card.min_candidates:
            assert measured(metric, card.min_candidates - 1) == set()

    def test_docstring_says_what_it_is_and_where_it_is_from(self, metric):
        module = METRICS.load(metric)
        assert len(module.__doc__.splitlines()) > 2
        assert "Reference:" in module.__doc__
        assert module.measure.__doc__

    def test_parameters_have_defaults_that_json_can_hold(self, metric):
        parameters = inspect.signature(METRICS.load(metric).measure).parameters
        own = {
            name: parameter.default
            for name, parameter in parameters.items()
            if parameter.kind is inspect.Parameter.KEYWORD_ONLY
        }
        assert list(parameters)[:3] == ["scores", "population", "random"]
        assert len(parameters) == 3 + len(own)
        assert list(own) == list(METRICS.parameters(metric))
        assert inspect.Parameter.empty not in own.values()
        json.dumps(own)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("metric", "kind"),
    [(name, kind) for name in METRICS.names() for kind in METRICS.card(name).populations],
)
class TestMeasure:
    def test_rows_have_the_columns_of_the_card(self, metric, kind):
        table = measure(metric, kind)
        assert len(table)
        assert list(table) == list(METRICS.card(metric).columns)

    def test_rows_name_their_method(self, metric, kind):
        table = measure(metric, kind)
        if "method" in table:
            assert set(MAPPINGS) <= set(table["method"]) <= {*MAPPINGS, *GEOMETRIES}

    def test_same_scores_give_the_same_rows_and_are_left_alone(self, metric, kind):
        scores, population = given(metric, kind)
        before = scores.cells.copy(), scores.splits.copy()
        measure = METRICS.load(metric).measure
        first, second = (measure(scores, population, Random(0, 50)) for _ in range(2))
        pd.testing.assert_frame_equal(first, second)
        pd.testing.assert_frame_equal(scores.cells, before[0])
        pd.testing.assert_frame_equal(scores.splits, before[1])
        assert population == given(metric, kind)[1]

    def test_all_choices_of_a_parameter_can_be_measured(self, metric, kind):
        for parameters in choices(metric):
            assert len(measure(metric, kind, **parameters)), parameters

    def test_keys_tell_rows_apart(self, metric, kind):
        card, table = METRICS.card(metric), measure(metric, kind)
        if card.values:
            assert not table.duplicated(card.keys).any()
            assert table[card.keys].notna().all(axis=None)

    def test_values_have_intervals_from_replicates(self, metric, kind):
        card = METRICS.card(metric)
        found = replicate(metric, *given(metric, kind), Random(0, 20), {})
        for value in card.values:
            interval = found.intervals(value)
            known = np.isfinite(interval.low)
            # A share of 0 or 1 that nothing moves says nothing about how sure it is.
            assert known.any() or set(interval.estimate) <= {0, 1}
            assert (interval.low[known] <= interval.estimate[known]).all()
            assert (interval.estimate[known] <= interval.high[known]).all()
            assert set(interval.resampled[known]) <= {
                *("subjects and stimuli", "subjects", "stimuli")
            }

    def test_the_table_can_be_written_and_read(self, metric, kind, tmp_path):
        """With a method called null, which is not a missing value."""
        table = measure(metric, kind)
        write_table(table, tmp_path / "table.csv")
        again = read_table(tmp_path / "table.csv")
        pd.testing.assert_frame_equal(again, table, check_dtype=False)
