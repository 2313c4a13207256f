"""The units of candidates become one table, with the area that predicts each best."""

import logging

import numpy as np
import pytest
import xarray as xr

from workflow_scripts.alignment.collect_units import main
from workflow_scripts.common.files import read_table, write_netcdf

AREAS = ["V1", "IT"]
LAYERS = {"conv1": 3, "conv2": 2}
"""Number of units of each."""


@pytest.fixture
def shard(tmp_path):
    """Write what is read of a shard, given the scores of the units of each area and layer.

    A cell that is skipped has none, and the file as many places as a cell has scores at most.
    """

    def write(method, by_cell):
        n_places = max([len(scores) for scores in by_cell.values()] + [1])
        units = [scores + [np.nan] * (n_places - len(scores)) for scores in by_cell.values()]
        areas, layers = zip(*by_cell, strict=True)
        data = xr.Dataset(
            {
                "unit_score": (("cell", "target_unit"), units),
                "n_target_units": ("cell", [LAYERS[layer] for layer in layers]),
            },
            coords={
                "source_part": ("cell", list(areas)),
                "target_subject": ("cell", ["alexnet/0"] * len(layers)),
                "target_part": ("cell", list(layers)),
            },
            attrs={"brain": "mouse", "method": method, "data_kind": "simulated"},
        )
        path = tmp_path / f"{method}.nc"
        write_netcdf(data, path)
        return path

    return write


def collected(paths, folder):
    main(paths, folder / "units.csv")
    return read_table(folder / "units.csv")


def test_a_unit_has_the_score_of_its_best_area(shard, tmp_path, caplog):
    path = shard(
        "null",
        {
            ("V1", "conv1"): [0.5, -0.2, np.nan],
            ("IT", "conv1"): [0.6, -0.1, np.nan],
            ("V1", "conv2"): [0.3, 0.0],
            ("IT", "conv2"): [],
        },
    )
    with caplog.at_level(logging.INFO):
        table = collected([path], tmp_path)
    assert list(table) == [
        *("brain", "method", "candidate", "layer", "unit", "score", "area", "kind", "data_kind")
    ]
    assert table["layer"].tolist() == ["conv1"] * 3 + ["conv2"] * 2
    assert table["unit"].tolist() == ["0", "1", "2", "0", "1"]
    np.testing.assert_allclose(table["score"], [0.6, -0.1, np.nan, 0.3, 0])
    assert table["area"].tolist() == ["IT", "IT", "", "V1", "V1"]
    assert table["kind"].tolist() == ["common", "unique", "no score", "common", "unique"]
    for name, value in {"brain": "mouse", "method": "null", "candidate": "alexnet/0"}.items():
        assert set(table[name]) == {value}
    assert set(table["data_kind"]) == {"simulated"}
    assert "mouse null: 1 units: no score" in caplog.text


def test_methods_follow_each_other_and_a_skipped_layer_keeps_its_units(shard, tmp_path):
    scored = dict.fromkeys([(area, "conv2") for area in AREAS], [0.1, 0.2])
    skipped = dict.fromkeys([(area, "conv1") for area in AREAS], [])
    nothing = dict.fromkeys([(area, layer) for area in AREAS for layer in LAYERS], [])
    paths = [shard("ridge", skipped | scored), shard("soft", nothing)]
    table = collected(paths, tmp_path)
    assert table["method"].tolist() == ["ridge"] * 5 + ["soft"] * 5
    assert table["score"].isna().tolist() == [True] * 3 + [False] * 2 + [True] * 5
    # Of equal areas, the first.
    assert table["area"].tolist() == [""] * 3 + ["V1"] * 2 + [""] * 5
