"""Cost: seconds of the cells that were scored."""

import logging
from dataclasses import replace

import pytest

from tests.evaluation.made_up import make_population, make_scores
from workflow_scripts.evaluation.metric import Random
from workflow_scripts.evaluation.metrics.cost import measure


def test_skipped_cells_cost_nothing_and_are_not_counted():
    population = make_population("brain")
    table = measure(make_scores(population, ["brain"]), population, Random(0, 1))
    assert table["method"].tolist() == ["ridge", "null", "rsa"]
    assert set(table["comparison"]) == {"brain"}
    # 27 cells of half a second each, of which one is skipped.
    assert set(table["cells"]) == {26}
    assert set(table["seconds"]) == {13.0}
    assert set(table["seconds_per_cell"]) == {0.5}


@pytest.mark.parametrize(("share", "warned"), [(0.0, []), (0.1, []), (0.2, ["ridge", "rsa"])])
def test_penalties_at_the_end_of_their_grid_are_told_but_for_a_control(caplog, share, warned):
    """Shuffled responses want the largest penalty."""
    population = make_population("networks")
    scores = make_scores(population, ["networks"])
    cells = scores.cells.assign(n_penalties=10, n_penalty_ends=int(10 * share))
    cells["method"] = cells["method"].replace("null", "shuffled_ridge")
    with caplog.at_level(logging.WARNING):
        measure(replace(scores, cells=cells), population, Random(0, 1))
    assert [record.args[1] for record in caplog.records] == warned
