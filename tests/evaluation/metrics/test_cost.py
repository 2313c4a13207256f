"""Cost: seconds of the cells that were scored."""

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
