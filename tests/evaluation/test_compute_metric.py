"""The driver gives each metric the populations and scores that its card names."""

from dataclasses import asdict, replace

import pandas as pd
import pytest

from tests.evaluation.made_up import MAPPINGS, make_population, make_scores, write_scores
from workflow_scripts.common.files import read_table
from workflow_scripts.evaluation import compute_metric
from workflow_scripts.evaluation.metric import METRICS

ALL = ("networks", "brain", "model_to_brain", "brain_to_model")


def item(population):
    """A population as the settings of the driver hold it."""
    return {name: value for name, value in asdict(population).items() if name != "mappings"}


@pytest.fixture
def compute(tmp_path):
    """The table of a metric, from the scores of some populations."""

    def compute(metric, populations, measured=None, in_pairs=False, **parameters):
        scores = [
            make_scores(population, ALL, in_pairs=in_pairs and population.kind == "brain")
            for population in populations
        ]
        paths = write_scores(scores, tmp_path)
        settings = {
            "seed": 0,
            "n_draws": 50,
            "metric": metric,
            "parameters": parameters,
            "mappings": MAPPINGS,
            "populations": [item(population) for population in measured or populations],
        }
        output = tmp_path / "table.csv"
        compute_metric.main(*paths.values(), settings, output)
        return read_table(output)

    return compute


def test_population_is_the_first_column_and_the_kind_of_data_the_last(compute):
    table = compute("predictivity", [make_population("networks"), make_population("brain")])
    assert list(table) == list(METRICS.card("predictivity").table_columns)
    kinds = table.groupby("population")["data_kind"].unique().map(list).to_dict()
    assert kinds == {"networks": ["networks"], "macaque": ["recorded"]}


def test_rows_of_one_population_do_not_depend_on_another(compute):
    networks, brain = make_population("networks"), make_population("brain")
    for metric in ("predictivity", "cost"):
        together = compute(metric, [networks, brain])
        for population in (networks, brain):
            alone = compute(metric, [population])
            rows = together[together["population"] == population.name].reset_index(drop=True)
            pd.testing.assert_frame_equal(rows, alone)


def test_two_brains_have_rows_of_their_own(compute):
    macaque = make_population("brain")
    brains = [macaque, replace(macaque, name="cat", parts=["p1", "p2"])]
    table = compute("separability", brains)
    areas = table.groupby("population")["area"].unique().map(list).to_dict()
    assert areas == {"macaque": ["p1", "p2", "p3", "mean"], "cat": ["p1", "p2", "mean"]}


def test_a_population_has_rows_only_of_the_metrics_that_it_is_measured_with(compute):
    """The plan names populations; `test_plan` says which."""
    networks, brain = make_population("networks"), make_population("brain")
    measured = compute("silhouette", [networks, brain], measured=[networks])
    assert set(measured["population"]) == {"networks"}
    measured = compute("separability", [networks, brain], measured=[brain])
    assert set(measured["population"]) == {"macaque"}


@pytest.mark.parametrize("metric", ["silhouette", "separability"])
def test_without_scores_the_table_has_no_rows_but_its_columns(metric, compute):
    """As where no shard has a cell of a population that the plan named."""
    networks, brain = make_population("networks"), make_population("brain")
    other, missing = (brain, networks) if metric == "silhouette" else (networks, brain)
    table = compute(metric, [other], measured=[missing])
    assert list(table) == list(METRICS.card(metric).table_columns)
    assert not len(table)


def test_a_brain_in_pairs_has_a_silhouette_of_its_own(compute):
    """Next to that of networks, which does not change."""
    networks, brain = make_population("networks"), make_population("brain")
    together = compute("silhouette", [networks, brain], in_pairs=True)
    assert set(together["population"]) == {"networks", "macaque"}
    alone = compute("silhouette", [networks])
    rows = together[together["population"] == "networks"].reset_index(drop=True)
    pd.testing.assert_frame_equal(rows, alone)


def test_every_value_has_an_interval_over_subjects_and_stimuli_where_both_can_be_left_out(compute):
    table = compute("predictivity", [make_population("networks")])
    assert set(table["resampled"]) == {"subjects and stimuli"}
    assert (table["ci_low"] < table["predictivity"]).all()
    assert (table["predictivity"] < table["ci_high"]).all()
    table = compute("separability", [make_population("brain")])
    assert set(table["resampled"]) == {"subjects and stimuli"}


def test_parameters_reach_the_metric(compute):
    networks = [make_population("networks")]
    for clip in (True, False):
        table = compute("silhouette", networks, clip=clip)
        assert set(table.loc[table["default"], "clip"]) == {clip}
