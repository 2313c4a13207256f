"""The last epoch of every network, and a warning where seeds differ by more than allowed."""

import logging

import pandas as pd
import pytest

from tests.networks.made_up import COLUMNS, curve
from workflow_scripts.common.files import write_table
from workflow_scripts.networks import summarise_training


@pytest.fixture
def summarise(tmp_path, caplog):
    """Run the summary with a limit; the table, and the record of the accuracies."""
    caplog.set_level(logging.INFO)
    curves = {
        "net/0_1": curve(s0=[0.9, 0.4], s1=[0.1, 0.3]),
        "net/99": curve(s99=[0.2, 0.9]),
        "other/0": curve(s0=[0.0]),
        "still/0": curve(),
    }
    paths = [tmp_path / f"{name}.csv" for name in curves]
    for path, table in zip(paths, curves.values(), strict=True):
        write_table(table, path)

    def run(limit, variant="net"):
        settings = {"variant": variant, "seeds": [0, 1], "max_accuracy_spread": limit}
        summarise_training.main(paths, settings, tmp_path / "training.csv")
        (record,) = caplog.records
        return pd.read_csv(tmp_path / "training.csv"), record

    return run


def test_the_table_has_the_last_epoch_of_every_trained_network(summarise):
    table, _ = summarise(None)
    assert table.columns.tolist() == ["variant", *COLUMNS]
    assert table[["variant", "seed", "epoch", "accuracy"]].values.tolist() == [
        ["net", 0, 2, 0.4],
        ["net", 1, 2, 0.3],
        ["net", 99, 2, 0.9],
        ["other", 0, 1, 0.0],
    ]


ACCURACIES = "final validation accuracy of net: lowest 0.300 (seed 1), highest 0.400 (seed 0)"


def test_seeds_that_differ_by_more_than_allowed_are_warned_of(summarise):
    """Only the population counts: neither seed 99 nor another variant does."""
    _, record = summarise(0.099)
    assert record.levelname == "WARNING"
    assert record.getMessage() == f"{ACCURACIES}; population.max_accuracy_spread is 0.099"


@pytest.mark.parametrize("limit", [0.1, None])
def test_seeds_that_differ_by_what_is_allowed_are_no_warning(summarise, limit):
    _, record = summarise(limit)
    assert record.levelname == "INFO"
    assert record.getMessage() == ACCURACIES


def test_untrained_seeds_have_nothing_that_could_differ(summarise):
    _, record = summarise(0.0, variant="still")
    assert record.levelname == "INFO"
    assert record.getMessage() == "still is not trained: its seeds have no accuracy"
