"""One small run from nothing to the figures."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml
from PIL import Image

from tests.harness.mini import PLAN
from workflow_scripts.common.files import read_table

FILES = [Path(path).with_suffix("") for path in PLAN.final_files()]
TABLES = sorted(
    {str(path.relative_to("results/tables")) for path in FILES if "tables" in path.parts}
)
FIGURES = {
    population: sorted({path.name for path in FILES if path.parts[1:3] == ("figures", population)})
    for population in ("networks", "mouse", "simulated_brains")
}
"""Every figure of the run, by its population."""

MAPPINGS = ["soft_matching", "ridge_post", "linear_nonlinear", "linear_softplus"]


@pytest.fixture(scope="module")
def tables(finished):
    """Tables by their names, with the rows of all populations."""
    folder, found = finished.folder / "results/tables", {}
    for name in TABLES:
        found.setdefault(Path(name).name, []).append(read_table(folder / f"{name}.csv"))
    return {name: pd.concat(parts, ignore_index=True) for name, parts in found.items()}


def test_these_are_all_tables_and_figures(finished):
    """The plan, and files that are there: one of each kind is named, so that neither is empty."""
    assert {"networks/scores", "mouse/claims", "training", "mouse/subjects"} <= set(TABLES)
    assert {"mouse/stimuli", "mouse/units", "mouse/model_units"} <= set(TABLES)
    assert {"figure_1", "profile_map", "training_alexnet"} <= set(FIGURES["networks"])
    assert {"figure_2", "brain_noise_corrected", "subjects"} <= set(FIGURES["mouse"])
    results = finished.folder / "results"
    for folder, suffix, expected in [
        ("tables", "csv", TABLES),
        ("figures", "svg", [f"{kind}/{name}" for kind in FIGURES for name in FIGURES[kind]]),
    ]:
        root = results / folder
        found = [path.relative_to(root).with_suffix("") for path in root.rglob(f"[!.]*.{suffix}")]
        assert sorted(map(str, found)) == sorted(expected)


def overall(tables, population, relation="same part"):
    table = tables["predictivity"]
    chosen = (table["population"] == population) & (table["relation"] == relation)
    chosen &= (table["part"] == "overall") & (table["statistic"] == "median")
    return table[chosen].set_index("method")["predictivity"]


def test_every_pair_has_one_cell_per_method(tables):
    """2 networks x 3 layers: 6 profiles, 30 ordered pairs; 3 subjects x 2 x 2 areas; candidates."""
    cells = tables["scores"].groupby(["comparison", "method"]).size().unstack(0)
    assert (cells["networks"] == 6 * 5).all()
    post = cells.loc[list(PLAN.alignment.post_methods)]
    assert (post["brain"] == 3 * 2 * 2).all()
    assert (post["model_to_brain"] == 2 * 2 * 3 * 2).all()
    assert (post["brain_to_model"] == 2 * 2 * 2).all()
    pair = ["source_subject", "source_part", "target_subject", "target_part"]
    assert not tables["scores"].duplicated(["comparison", "method", *pair]).any()


def test_every_cell_has_a_verdict_and_a_score_or_a_reason(tables):
    scores = tables["scores"]
    ok = scores["verdict"] == "ok"
    assert scores.loc[ok, "score"].notna().all()
    assert (scores.loc[ok, "reason"] == "").all()
    assert (scores.loc[~ok, "reason"] != "").all()
    mapping = ~scores["method"].isin(["rsa"])
    assert (scores.loc[ok & mapping, "score"] <= 1).all()


def test_more_flexible_maps_predict_better(tables):
    networks = overall(tables, "networks")
    assert networks["soft_matching"] < networks["ridge_post"] < networks["ridge_pre"]
    brain = overall(tables, "mouse")
    assert brain["soft_matching"] < brain["ridge_post"] < brain["linear_nonlinear"]


def test_the_simulated_structure_is_found(tables):
    """Areas read out different layers, and all subjects read out the same ones."""
    same, different = overall(tables, "mouse"), overall(tables, "mouse", "different part")
    assert (same[MAPPINGS] > different[MAPPINGS]).all()


def test_symmetric_methods_are_symmetric(tables):
    scores = tables["scores"]
    rsa = scores[(scores["comparison"] == "networks") & (scores["method"] == "rsa")]
    there = rsa.set_index(["source_subject", "source_part", "target_subject", "target_part"])
    back = rsa.set_index(["target_subject", "target_part", "source_subject", "source_part"])
    np.testing.assert_allclose(there["score"], back["score"].reindex(there.index))


def test_rsa_squared_is_the_square_of_rsa(tables):
    """In every split; the mean over splits, by which candidates are compared, is not."""
    scores = tables["split_scores"].set_index("method")["split_score"]
    np.testing.assert_allclose(scores["rsa_squared"], scores["rsa"] * scores["rsa"].abs())


def test_silhouettes_are_reported_with_all_options(tables):
    silhouette = tables["silhouette"]
    assert (silhouette.groupby("method").size() == 12).all()
    assert (silhouette.groupby("method")["default"].sum() == 1).all()
    assert silhouette["silhouette"].between(-1, 1).all()


def test_claims_carry_the_values_that_they_compare(tables):
    claims = tables["claims"]
    assert {f"M{n}" for n in range(1, 13)} <= set(claims["claim"])
    assert {f"B{n}" for n in range(1, 7)} <= set(claims["claim"])
    # It compares the mice with the networks.
    assert "not measured" not in set(claims.loc[claims["claim"] == "B2", "verdict"])
    m1 = claims[(claims["claim"] == "M1") & claims["is_default"]]
    m1 = m1.set_index("part").loc["overall"]
    networks = overall(tables, "networks")
    assert m1["left"] == pytest.approx(networks["ridge_post"])
    assert m1["margin"] == pytest.approx(networks["ridge_post"] - networks["soft_matching"])
    assert (m1["verdict"] == "holds") == (m1["ci_low"] > 0)
    # Two networks are too few to leave one out.
    assert m1["resampled"] == "stimuli"


def test_the_subjects_are_counted(finished, tables):
    """Units in the file as they were simulated, and those that were scored."""
    subjects = tables["subjects"].set_index(["subject", "area"])
    assert len(subjects) == 3 * 2
    assert subjects["n_in_file"].between(12, 16).all()
    assert (subjects["n_after_quality"] <= subjects["n_in_file"]).all()
    assert (subjects["n_after_quality"] < subjects["n_in_file"]).any()
    assert (subjects["n_after_trials"] <= subjects["n_after_quality"]).all()
    # A second without valid data hides some of the 20 trials.
    assert (subjects["least_trials"] < 20).all()
    assert (subjects["most_trials"] == 20).all()
    assert subjects["is_target"].all()
    scores = tables["scores"]
    targets = scores[scores["comparison"] == "brain"]
    targets = targets.groupby(["target_subject", "target_part"])["n_target_units"].unique()
    assert len(targets) == 3 * 2
    for key, numbers in targets.items():
        assert numbers.tolist() == [subjects.loc[key, "n_after_reliability"]]
    log = (finished.folder / "results/logs/summarise_brain/mouse.log").read_text()
    assert "INFO mouse: 3 of 3 subjects take part" in log


def test_the_last_epoch_of_every_network_is_counted(finished, tables):
    """Two in the population, one of them also a candidate, and the one that subjects read out."""
    training = tables["training"]
    assert training["variant"].tolist() == ["alexnet"] * 3
    assert training["seed"].tolist() == [0, 1, 99]
    assert training["accuracy"].between(0, 1).all()
    log = (finished.folder / "results/logs/summarise_training.log").read_text()
    assert "final validation accuracy of alexnet: lowest" in log


def test_the_noise_of_trials_is_corrected_for_maps_and_brains_alone(tables):
    scores = tables["scores"].set_index(["comparison", "method"]).sort_index()
    names = ["correlation", "correlation_ceiling", "correlation_corrected"]
    assert scores.loc["networks", names].isna().all(axis=None)
    assert scores.loc[(slice(None), "rsa"), names].isna().all(axis=None)
    for comparison in ("brain", "model_to_brain", "brain_to_model"):
        for method in MAPPINGS:
            cells = scores.loc[(comparison, method)]
            cells = cells[(cells["verdict"] == "ok") & cells["correlation_corrected"].notna()]
            assert len(cells)
            assert (cells["correlation_ceiling"] < 1).all()
            # Units without a ceiling are only in the median of the uncorrected correlations.
            if comparison != "brain_to_model":
                assert cells["correlation_corrected"].mean() > cells["correlation"].mean()
    statistics = tables["predictivity"].groupby("population")["statistic"].unique()
    assert set(statistics["networks"]) == {"median", "mean"}
    assert set(statistics["mouse"]) == {"median", "mean", "correlation", "correlation_corrected"}


def test_simulated_results_say_so(finished, tables):
    scores = tables["scores"]
    of_brain = scores["brain"] == "mouse"
    assert (scores["comparison"] != "networks").equals(of_brain)
    assert (scores.loc[of_brain, "data_kind"] == "simulated").all()
    assert (scores.loc[~of_brain, "data_kind"] == "networks").all()
    results = finished.folder / "results"
    for path in (results / "brains/mouse/recordings").glob("*.nc"):
        assert xr.open_dataset(path).attrs["data_kind"] == "simulated"
    for name in FIGURES["mouse"]:
        assert "simulated" in (results / f"figures/mouse/{name}.svg").read_text()
    for name in FIGURES["networks"]:
        assert "simulated" not in (results / f"figures/networks/{name}.svg").read_text()


def test_results_say_what_made_them(finished):
    path = next((finished.folder / "results/scores/networks/ridge_post").rglob("*.nc"))
    facts = xr.open_dataset(path).attrs
    assert json.loads(facts["parameters"])["method"] == "ridge_post"
    assert {"workflow_version", "library_versions", "created", "seed", "device"} <= set(facts)


def test_activations_hold_both_stages_of_the_same_units(finished):
    path = finished.folder / "results/activations/population/alexnet/0.nc"
    layers = [xr.open_dataset(path, group=f"conv{n}") for n in (1, 2, 3)]
    for layer in layers:
        assert layer["pre"].shape == layer["post"].shape == (150, layer.sizes["unit"])
        assert layer["post"].dtype == np.float32
        assert layer["post"].min() >= 0
        assert {"channel", "row", "column"} <= set(layer.coords)


def test_figures_are_pictures(finished):
    for population, names in FIGURES.items():
        for name in names:
            path = finished.folder / f"results/figures/{population}/{name}.png"
            with Image.open(path) as picture:
                assert min(picture.size) > 800
                assert len(np.unique(picture.convert("L"))) > 20


def test_the_report_builds(finished):
    finished.snakemake("--report", "results/snakemake_report.html")
    assert (finished.folder / "results/snakemake_report.html").stat().st_size > 1e6


def test_an_allen_cache_folder_is_read_like_the_simulated_sessions(finished, tmp_path):
    """The simulated files are laid out as AllenSDK does it; they stay as they are."""
    simulated = finished.folder / "results/brains/mouse"
    shutil.copytree(simulated / "natural_scene_templates", tmp_path / "natural_scene_templates")
    for session in (900001, 900002, 900003):
        folder = tmp_path / f"session_{session}"
        folder.mkdir()
        shutil.copy(simulated / f"nwb/session_{session}.nwb", folder)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    override = finished.folder / "allen.yaml"
    mouse = {"source": "directory", "directory": str(tmp_path)}
    override.write_text(yaml.safe_dump({"brains": {"mouse": mouse}}))
    wanted = ["results/brains/mouse/recordings/900001.nc", "results/stimuli/mouse/64.nc"]
    finished.snakemake("--directory", "allen", *wanted, configfiles=["allen.yaml"])
    for name in wanted:
        xr.testing.assert_equal(
            xr.open_dataset(finished.folder / "allen" / name),
            xr.open_dataset(finished.folder / name),
        )
    assert before == {path: path.stat().st_mtime_ns for path in before}
    assert set(before) == {path for path in tmp_path.rglob("*") if path.is_file()}
