"""Which metrics and figures each population has: those that its comparisons have scores for."""

import numpy as np
import pytest

from tests.brains.examples import recording, simulated_responses, write
from tests.harness.mini import DEFAULT
from workflow_scripts.plan import Plan

MOUSE = DEFAULT["brains"]["mouse"]


def plan(brains, **changes):
    return Plan({**DEFAULT, "brains": brains, **changes})


def measured(found):
    """Names of the metrics of each population."""
    metrics = found.evaluation.metrics()
    populations = [population["name"] for population in found.evaluation.populations]
    return {
        name: {
            metric
            for metric in metrics
            if name in {population["name"] for population in found.evaluation.measured(metric)}
        }
        for name in populations
    }


def figures(found, brain):
    (population,) = [item for item in found.evaluation.populations if item["name"] == brain]
    return set(found.figures.names(population))


@pytest.fixture
def lab(tmp_path):
    """Settings of a brain of own recordings of these subjects, with images if it has some."""

    def make(*subjects, images=True, **settings):
        for subject in subjects:
            data = recording(simulated_responses(20), subject=subject)
            data = data.assign_coords(reliability=("unit", np.ones(5)))
            write(data, tmp_path / f"{subject}.nc")
        if images:
            (tmp_path / "images").mkdir()
        return {
            **{"source": "recordings", "recordings": str(tmp_path)},
            **{"areas": ["VISp", "VISl"], **settings},
        }

    return make


def test_networks_and_a_pooled_brain_have_what_their_cards_say():
    found = measured(plan({"mouse": MOUSE}))
    assert found == {
        "networks": {"predictivity", "silhouette", "mds", "cost"},
        "mouse": {"predictivity", "separability", "cost"},
    }


def test_a_brain_in_pairs_has_a_silhouette_and_a_map_as_well():
    pairs = plan({"mouse": {**MOUSE, "sources": "pairs"}})
    pooled = plan({"mouse": MOUSE})
    assert measured(pairs)["mouse"] - measured(pooled)["mouse"] == {"silhouette", "mds"}
    new = figures(pairs, "mouse") - figures(pooled, "mouse")
    assert new == {"silhouette", "profile_map", "figure_3"}
    assert figures(pooled, "mouse") < figures(pairs, "mouse")
    assert "results/figures/mouse/silhouette.svg" in pairs.final_files()
    assert figures(pairs, "networks") == figures(pooled, "networks")


@pytest.mark.parametrize("n_candidates", [0, 1])
def test_separability_needs_two_candidates(n_candidates):
    found = plan({"mouse": MOUSE}, candidates=DEFAULT["candidates"][:n_candidates])
    assert measured(found)["mouse"] == {"predictivity", "cost"}
    assert not {name for name in figures(found, "mouse") if "separability" in name}
    assert "results/tables/separability.csv" not in found.final_files()


def test_a_brain_without_images_has_no_models(lab):
    brains = {"mouse": MOUSE, "lab": lab("a", "b", images=False)}
    found = plan(brains)
    assert measured(found)["lab"] == {"predictivity", "cost"}
    # The other brain keeps its own.
    assert "separability" in measured(found)["mouse"]
    sizes = {item["name"]: len(item["candidates"]) for item in found.evaluation.populations}
    assert sizes == {"networks": 0, "mouse": len(DEFAULT["candidates"]), "lab": 0}


def test_one_subject_has_models_alone(lab):
    found = plan({"lab": lab("a")})
    assert measured(found)["lab"] == {"separability", "cost"}
    assert not {name for name in figures(found, "lab") if "predictivity" in name}


@pytest.mark.parametrize("sources", ["pooled", "pairs"])
def test_every_table_and_figure_is_made_once(lab, sources):
    files = plan({"mouse": MOUSE, "lab": lab("a", "b", sources=sources)}).final_files()
    assert len(files) == len(set(files))
    for table in ("subjects", "units", "stimuli"):
        assert f"results/tables/lab/{table}.csv" in files
