"""Which metrics and figures each population has: those that its comparisons have scores for."""

from types import SimpleNamespace as Wildcards

import numpy as np
import pytest

from tests.brains.examples import recording, simulated_responses, write
from tests.harness.mini import DEFAULT
from workflow_scripts.common.errors import InputError
from workflow_scripts.plan import Plan

MOUSE = DEFAULT["brains"]["mouse"]


def plan(brains, **changes):
    return Plan({**DEFAULT, "brains": brains, **changes})


OF_EVERY = {"cost"}
OF_COMPARED = {"predictivity", "specificity", "identification", *OF_EVERY}
OF_ONE_MODEL = {"brain_likeness", "alignment_pattern"}
OF_MODELS = {"separability", "model_choice", "recovery", *OF_ONE_MODEL}
"""Metrics of every population, of subjects that are compared with each other, of one model with a
brain, and of several with a brain that is simulated from the variant of one."""


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
        "networks": {"silhouette", "mds"} | OF_COMPARED,
        "mouse": OF_COMPARED | OF_MODELS,
    }


def test_a_brain_in_pairs_has_a_silhouette_and_a_map_as_well():
    pairs = plan({"mouse": {**MOUSE, "sources": "pairs"}})
    pooled = plan({"mouse": MOUSE})
    assert measured(pairs)["mouse"] - measured(pooled)["mouse"] == {"silhouette", "mds"}
    new = figures(pairs, "mouse") - figures(pooled, "mouse")
    assert new == {"silhouette", "profile_map", "model_plane", "figure_2_pairs"}
    assert figures(pooled, "mouse") < figures(pairs, "mouse")
    assert "results/figures/mouse/silhouette.svg" in pairs.final_files()
    assert figures(pairs, "networks") == figures(pooled, "networks")


def test_a_brain_in_groups_has_specificity_and_what_is_of_models():
    """No claim is about its specificity, which has no interval over subjects."""
    grouped = plan({"mouse": {**MOUSE, "sources": "groups"}})
    # A model cannot be compared with subjects that are not compared one by one.
    assert measured(grouped)["mouse"] == {"specificity"} | OF_EVERY | OF_MODELS - OF_ONE_MODEL
    found = figures(grouped, "mouse")
    pooled = figures(plan({"mouse": MOUSE}), "mouse")
    assert {"specificity", "separability_overall"} < found < pooled
    assert not {name for name in found if "predictivity" in name or "identification" in name}
    found = grouped.evaluation.claim_settings(Wildcards(population="mouse"))
    assert "specificity" in found["networks"]["metrics"]
    assert set(found["population"]["metrics"]) == {"separability", "recovery"}


def test_recordings_can_be_compared_in_groups_and_pooled_under_two_names(lab):
    subjects = lab(*"abcd", groups={"n_groups": 2, "n_groupings": 10})
    found = plan({"pooled": subjects, "grouped": {**subjects, "sources": "groups"}})
    of_own = {name for name, metrics in measured(found).items() if "predictivity" in metrics}
    assert of_own == {"networks", "pooled"}
    assert "specificity" in measured(found)["pooled"] & measured(found)["grouped"]


@pytest.mark.parametrize(("n_subjects", "n_groups"), [(5, 3), (8, 5)])
def test_groups_are_of_two_subjects_at_least(n_subjects, n_groups):
    sessions, groups = MOUSE["sessions"][:n_subjects], {"n_groups": n_groups, "n_groupings": 10}
    brain = {**MOUSE, "sessions": sessions, "groups": groups}
    plan({"mouse": brain})
    expected = f"n_groups: found {n_groups} for {n_subjects} subjects, expected at most half"
    with pytest.raises(InputError, match=expected):
        plan({"mouse": {**brain, "sources": "groups"}})


@pytest.mark.parametrize("sources", ["pooled", "pairs", "groups"])
def test_the_number_of_groups_is_a_setting_of_brains_in_groups_alone(sources):
    brain = {**MOUSE, "sources": sources}
    wildcards = Wildcards(brain="mouse", method="rsa", area="VISp")
    settings, changed = (
        plan({"mouse": {**brain, "groups": groups}}).alignment.brain_settings(wildcards)
        for groups in (MOUSE["groups"], {"n_groups": 2, "n_groupings": 20})
    )
    assert (settings != changed) == (sources == "groups")


@pytest.mark.parametrize("n_candidates", [0, 1])
def test_separability_needs_two_candidates(n_candidates):
    found = plan({"mouse": MOUSE}, candidates=DEFAULT["candidates"][:n_candidates])
    assert measured(found)["mouse"] == OF_COMPARED | (OF_ONE_MODEL if n_candidates else set())
    assert not {name for name in figures(found, "mouse") if "separability" in name}
    assert "results/tables/mouse/separability.csv" not in found.final_files()


def test_a_brain_without_images_has_no_models(lab):
    brains = {"mouse": MOUSE, "lab": lab("a", "b", images=False)}
    found = plan(brains)
    assert measured(found)["lab"] == OF_COMPARED
    # The other brain keeps its own.
    assert "separability" in measured(found)["mouse"]
    sizes = {item["name"]: len(item["candidates"]) for item in found.evaluation.populations}
    assert sizes == {"networks": 0, "mouse": len(DEFAULT["candidates"]), "lab": 0}


def test_one_subject_has_models_alone(lab):
    found = plan({"lab": lab("a")})
    assert measured(found)["lab"] == {"separability", "model_choice", "cost"}
    assert not {name for name in figures(found, "lab") if "predictivity" in name}


def test_controls_are_measured_but_no_claim_is_about_them():
    controls = {"kernel_ridge": {}, "shuffled_ridge": {}}
    found = plan({"mouse": MOUSE}, methods={**DEFAULT["methods"], **controls})
    mouse = Wildcards(metric="predictivity", population="mouse")
    measured = found.evaluation.metric_settings(mouse)["mappings"]
    claimed = found.evaluation.claim_settings(mouse)["mappings"]
    assert set(measured) - set(claimed) == set(controls)
    assert "ridge_post" in claimed


def test_units_of_candidates_are_collected_where_a_brain_predicts_them():
    table = "results/tables/mouse/model_units.csv"
    assert table in plan({"mouse": MOUSE}).final_files()
    assert table not in plan({"mouse": MOUSE}, candidates=[]).final_files()
    assert table not in plan({"mouse": MOUSE}, methods={"rsa": {}}).final_files()
    shards = plan({"mouse": MOUSE}).alignment.unit_shards(Wildcards(brain="mouse"))
    assert "results/scores/brain_to_model/mouse/ridge_post/alexnet/0.nc" in shards
    assert not {"rsa", "ridge_pre"} & {path.split("/")[4] for path in shards}


@pytest.mark.parametrize("sources", ["pooled", "pairs"])
def test_every_table_and_figure_is_made_once(lab, sources):
    files = plan({"mouse": MOUSE, "lab": lab("a", "b", sources=sources)}).final_files()
    assert len(files) == len(set(files))
    for table in ("subjects", "units", "stimuli"):
        assert f"results/tables/lab/{table}.csv" in files


def test_recovery_is_of_brains_that_are_simulated_from_a_candidates_variant():
    """All of them together have a figure."""
    other = {**MOUSE["simulated"], "truth": {"variant": "resnet18", "seed": 99}}
    other["layers"] = dict.fromkeys(MOUSE["areas"], "layer1")
    cat = {**MOUSE, "sessions": [1, 2], "simulated": other}
    alexnets = [{**one, "variant": "alexnet"} for one in DEFAULT["candidates"][:1]]
    candidates = [*alexnets, {**alexnets[0], "variant": "alexnet_untrained"}]
    found = plan({"mouse": MOUSE, "cat": cat}, candidates=candidates)
    assert "recovery" in measured(found)["mouse"]
    assert "recovery" not in measured(found)["cat"]
    assert found.figures.truths == {"mouse": "alexnet"}
    assert "results/figures/simulated_brains/figure_3.svg" in found.final_files()


def test_without_a_true_candidate_there_is_nothing_to_recover():
    found = plan({"mouse": MOUSE}, candidates=DEFAULT["candidates"][1:3])
    assert "recovery" not in measured(found)["mouse"]
    assert not [name for name in found.final_files() if "simulated_brains" in name]
