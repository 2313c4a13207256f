"""The driver gives each metric the populations and scores that its card names."""

from dataclasses import asdict

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
    """The table of a metric of a population, perhaps from the scores of another one."""

    def compute(metric, population, scored=None, in_pairs=False, **parameters):
        scores = make_scores(scored or population, ALL, in_pairs=in_pairs)
        settings = {
            "seed": 0,
            "n_draws": 50,
            "metric": metric,
            "parameters": parameters,
            "mappings": MAPPINGS,
            "population": item(population),
        }
        output = tmp_path / "table.csv"
        compute_metric.main(*write_scores(scores, tmp_path).values(), settings, output)
        return read_table(output)

    return compute


@pytest.mark.parametrize(("kind", "data"), [("networks", "networks"), ("brain", "recorded")])
def test_population_is_the_first_column_and_the_kind_of_data_the_last(compute, kind, data):
    population = make_population(kind)
    table = compute("predictivity", population)
    assert list(table) == list(METRICS.card("predictivity").table_columns)
    assert set(table["population"]) == {population.name}
    assert set(table["data_kind"]) == {data}


def test_a_brain_has_rows_of_its_own_areas(compute):
    brain = make_population("brain", parts=["p1", "p2"])
    assert compute("separability", brain)["area"].unique().tolist() == ["p1", "p2", "mean"]


@pytest.mark.parametrize("metric", ["silhouette", "separability"])
def test_without_scores_the_table_has_no_rows_but_its_columns(metric, compute):
    """As where no shard has a cell of a comparison that the plan named."""
    networks, brain = make_population("networks"), make_population("brain")
    other, missing = (brain, networks) if metric == "silhouette" else (networks, brain)
    table = compute(metric, missing, scored=other)
    assert list(table) == list(METRICS.card(metric).table_columns)
    assert not len(table)


def test_a_brain_in_pairs_has_a_silhouette(compute):
    table = compute("silhouette", make_population("brain"), in_pairs=True)
    assert set(table["population"]) == {"macaque"}


def test_every_value_has_an_interval_over_subjects_and_stimuli_where_both_can_be_left_out(compute):
    table = compute("predictivity", make_population("networks"))
    assert set(table["resampled"]) == {"subjects and stimuli"}
    assert (table["ci_low"] < table["predictivity"]).all()
    assert (table["predictivity"] < table["ci_high"]).all()
    table = compute("separability", make_population("brain"))
    assert set(table["resampled"]) == {"subjects and stimuli"}


@pytest.mark.parametrize("clip", [True, False])
def test_parameters_reach_the_metric(compute, clip):
    table = compute("silhouette", make_population("networks"), clip=clip)
    assert set(table.loc[table["default"], "clip"]) == {clip}
