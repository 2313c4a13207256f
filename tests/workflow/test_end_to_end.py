"""One small run from nothing to the figures."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml
from PIL import Image

TABLES = [
    "scores",
    "split_scores",
    "predictivity",
    "silhouette",
    "separability",
    "claims",
    "mds",
    "mice",
    "mouse_units",
    "training",
]
MAPPINGS = ["soft_matching", "ridge_post", "linear_nonlinear", "linear_softplus"]


@pytest.fixture(scope="module")
def tables(finished):
    folder = finished.folder / "results/tables"
    return {name: pd.read_csv(folder / f"{name}.csv") for name in TABLES}


def overall(tables, population, relation="same part"):
    table = tables["predictivity"]
    chosen = (table["population"] == population) & (table["relation"] == relation)
    chosen &= (table["part"] == "overall") & (table["statistic"] == "median")
    return table[chosen].set_index("method")["predictivity"]


def test_every_pair_has_one_cell_a_method(tables):
    """2 networks x 3 layers: 6 profiles, 30 ordered pairs; 3 mice x 2 x 2 areas; candidates."""
    cells = tables["scores"].groupby(["comparison", "method"]).size().unstack(0)
    assert (cells["models"] == 6 * 5).all()
    post = cells.drop(["ridge_pre", "pre_linear_softplus"])
    assert (post["mouse"] == 3 * 2 * 2).all()
    assert (post["model_to_mouse"] == 2 * 2 * 3 * 2).all()
    assert (post["mouse_to_model"] == 2 * 2 * 2).all()
    pair = ["source_subject", "source_part", "target_subject", "target_part"]
    assert not tables["scores"].duplicated(["comparison", "method", *pair]).any()


def test_every_cell_has_a_verdict_and_a_score_or_a_reason(tables):
    scores = tables["scores"]
    ok = scores["verdict"] == "ok"
    assert scores.loc[ok, "score"].notna().all()
    assert scores.loc[ok, "reason"].isna().all()
    assert scores.loc[~ok, "reason"].notna().all()
    mapping = ~scores["method"].isin(["rsa"])
    assert (scores.loc[ok & mapping, "score"] <= 1).all()


def test_more_flexible_maps_predict_better(tables):
    models = overall(tables, "models")
    assert models["soft_matching"] < models["ridge_post"] < models["ridge_pre"]
    mice = overall(tables, "mice")
    assert mice["soft_matching"] < mice["ridge_post"] < mice["linear_nonlinear"]


def test_the_simulated_structure_is_found(tables):
    """Areas read out different layers, and all mice read out the same ones."""
    same, different = overall(tables, "mice"), overall(tables, "mice", "different part")
    assert (same[MAPPINGS] > different[MAPPINGS]).all()


def test_symmetric_methods_are_symmetric(tables):
    scores = tables["scores"]
    rsa = scores[(scores["comparison"] == "models") & (scores["method"] == "rsa")]
    there = rsa.set_index(["source_subject", "source_part", "target_subject", "target_part"])
    back = rsa.set_index(["target_subject", "target_part", "source_subject", "source_part"])
    np.testing.assert_allclose(there["score"], back["score"].reindex(there.index))


def test_rsa_squared_is_the_square_of_rsa(tables):
    scores = tables["scores"].set_index("method")["score"]
    np.testing.assert_allclose(scores["rsa_squared"], scores["rsa"] * scores["rsa"].abs())


def test_silhouettes_are_reported_with_all_options(tables):
    silhouette = tables["silhouette"]
    assert (silhouette.groupby("method").size() == 12).all()
    assert (silhouette.groupby("method")["default"].sum() == 1).all()
    assert silhouette["silhouette"].between(-1, 1).all()


def test_claims_carry_the_values_that_they_compare(tables):
    claims = tables["claims"]
    assert {f"M{n}" for n in range(1, 14)} <= set(claims["claim"])
    assert {f"B{n}" for n in range(1, 7)} <= set(claims["claim"])
    m1 = claims[(claims["claim"] == "M1") & (claims["statistic"] == "median")]
    m1 = m1.set_index("part").loc["overall"]
    models = overall(tables, "models")
    assert m1["left"] == pytest.approx(models["ridge_post"])
    assert m1["margin"] == pytest.approx(models["ridge_post"] - models["soft_matching"])
    assert m1["holds"] == "yes"


def test_the_mice_are_counted(finished, tables):
    """Units in the file as they were simulated, and those that were scored."""
    mice = tables["mice"].set_index(["session", "area"])
    assert len(mice) == 3 * 2
    assert mice["n_in_file"].between(12, 16).all()
    assert (mice["n_after_quality"] <= mice["n_in_file"]).all()
    assert (mice["n_after_quality"] < mice["n_in_file"]).any()
    assert (mice["n_after_trials"] <= mice["n_after_quality"]).all()
    # A second without valid data hides some of the 20 trials.
    assert (mice["least_trials"] < 20).all()
    assert (mice["most_trials"] == 20).all()
    assert mice["is_target"].all()
    scores = tables["scores"]
    targets = scores[scores["comparison"] == "mouse"].astype({"target_subject": int})
    targets = targets.groupby(["target_subject", "target_part"])["n_target_units"].unique()
    for key, numbers in targets.items():
        assert numbers.tolist() == [mice.loc[key, "n_after_reliability"]]
    log = (finished.folder / "results/logs/summarise_mice.log").read_text()
    assert "INFO 3 of 3 mice take part" in log


def test_the_last_epoch_of_every_network_is_counted(finished, tables):
    """Two of the population, one of them also a candidate, and the one that mice read out."""
    training = tables["training"]
    assert training["variant"].tolist() == ["alexnet"] * 3
    assert training["seed"].tolist() == [0, 1, 99]
    assert training["accuracy"].between(0, 1).all()
    log = (finished.folder / "results/logs/summarise_training.log").read_text()
    assert "final validation accuracy of alexnet: lowest" in log


def test_the_noise_of_trials_is_corrected_for_maps_and_mice_alone(tables):
    scores = tables["scores"].set_index(["comparison", "method"]).sort_index()
    names = ["correlation", "correlation_ceiling", "correlation_corrected"]
    assert scores.loc["models", names].isna().all(axis=None)
    assert scores.loc[(slice(None), "rsa"), names].isna().all(axis=None)
    for comparison in ("mouse", "model_to_mouse", "mouse_to_model"):
        for method in MAPPINGS:
            cells = scores.loc[(comparison, method)]
            cells = cells[(cells["verdict"] == "ok") & cells["correlation_corrected"].notna()]
            assert len(cells)
            assert (cells["correlation_ceiling"] < 1).all()
            # Units without a ceiling are in one of these medians alone.
            if comparison != "mouse_to_model":
                assert cells["correlation_corrected"].mean() > cells["correlation"].mean()
    statistics = tables["predictivity"].groupby("population")["statistic"].unique()
    assert set(statistics["models"]) == {"median", "mean"}
    assert set(statistics["mice"]) == {"median", "mean", "correlation", "correlation_corrected"}


def test_simulated_results_say_so(finished, tables):
    scores = tables["scores"]
    of_mice = scores["comparison"] != "models"
    assert (scores.loc[of_mice, "data_kind"] == "simulated").all()
    assert (scores.loc[~of_mice, "data_kind"] == "networks").all()
    results = finished.folder / "results"
    for path in (results / "mouse/sessions").glob("*.nc"):
        assert xr.open_dataset(path).attrs["data_kind"] == "simulated"
    for panel in ("2", "2a", "2b", "2c", "2d", "mice"):
        assert "simulated" in (results / f"figures/figure_{panel}.svg").read_text()
    assert "simulated" not in (results / "figures/figure_1.svg").read_text()


def test_results_say_what_made_them(finished):
    path = next((finished.folder / "results/scores/models/ridge_post").rglob("*.nc"))
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
    names = [f"figure_{n}" for n in ("1", "1a", "1b", "1c", "1d", "2", "2a", "2b", "2c", "2d")]
    names += ["figure_mice", "training_alexnet", "training_alexnet_untrained"]
    for name in names:
        with Image.open(finished.folder / f"results/figures/{name}.png") as picture:
            assert min(picture.size) > 800
            assert len(np.unique(picture.convert("L"))) > 20


def test_the_report_builds(finished):
    finished.snakemake("--report", "results/report.html")
    assert (finished.folder / "results/report.html").stat().st_size > 1e6


def test_an_allen_cache_folder_is_read_like_the_simulated_mice(finished, tmp_path):
    """The simulated files laid out as AllenSDK does; they stay as they are."""
    mice = finished.folder / "results/mouse"
    shutil.copytree(mice / "natural_scene_templates", tmp_path / "natural_scene_templates")
    for session in (900001, 900002, 900003):
        folder = tmp_path / f"session_{session}"
        folder.mkdir()
        shutil.copy(mice / f"nwb/session_{session}.nwb", folder)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    override = finished.folder / "allen.yaml"
    mouse = {"source": "directory", "directory": str(tmp_path)}
    override.write_text(yaml.safe_dump({"mouse": mouse}))
    wanted = ["results/mouse/sessions/900001.nc", "results/stimuli/scenes.nc"]
    finished.snakemake("--directory", "allen", *wanted, configfiles=["allen.yaml"])
    for name in wanted:
        xr.testing.assert_equal(
            xr.open_dataset(finished.folder / "allen" / name),
            xr.open_dataset(finished.folder / name),
        )
    assert before == {path: path.stat().st_mtime_ns for path in before}
    assert set(before) == {path for path in tmp_path.rglob("*") if path.is_file()}
