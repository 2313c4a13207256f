"""Training figures show what was trained, and seeds that differ too much are warned of."""

import logging

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.colors import to_rgb

from workflow_scripts.common.files import write_netcdf, write_table
from workflow_scripts.figures import plot_training
from workflow_scripts.figures.plot_training import draw, filter_mosaic, filters_of
from workflow_scripts.images.stimulus_file import image_dataset
from workflow_scripts.networks import summarise_training
from workflow_scripts.networks.architecture import build_network
from workflow_scripts.networks.weights import write_weights

SETTINGS = {
    "seed": 0,
    "variant_name": "small",
    "variant": {
        "architecture": "alexnet",
        "objective": "supervised",
        "epochs": 3,
        "learning_rate_drops": [0.8],
        "width": 0.0625,
        "batchnorm": True,
        "dropout": 0.0,
        "noise_gain": None,
    },
    "first_seed": 5,
    "stimuli": {"source": "photographs", "n": {"training": 1200, "validation": 50}},
}
UNTRAINED = {**SETTINGS, "variant": {**SETTINGS["variant"], "objective": "untrained"}}
FILTERS = np.random.default_rng(0).normal(size=(4, 3, 5, 5))
COLUMNS = [
    "seed",
    "epoch",
    "learning_rate",
    "loss",
    "accuracy",
    "images_per_second",
    "gpu_memory_mb",
]


def curve(**accuracies):
    """Training curve of seeds: `s5=[0.2, 0.3]` is seed 5, with an accuracy an epoch."""
    rows = [
        [int(seed[1:]), epoch, 0.01, 1 - accuracy, accuracy, 100.0, None]
        for seed, values in accuracies.items()
        for epoch, accuracy in enumerate(values, start=1)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


# The figure.


@pytest.fixture
def figure(tmp_path):
    """Figures of a curve from the files that training leaves, as main writes them; their texts."""
    weights = tmp_path / "weights.safetensors"
    network = build_network(SETTINGS["variant"], torch.Generator().manual_seed(0))
    write_weights({5: network}, weights)
    labels = np.array([0, 1, 2, 3] * 2)
    training = image_dataset(np.zeros((8, 64, 64, 3), np.uint8), labels)
    write_netcdf(training, tmp_path / "training.nc")

    def make(curves, name="training", settings=SETTINGS):
        paths = [tmp_path / f"{number}.csv" for number in range(len(curves))]
        for table, path in zip(curves, paths, strict=True):
            write_table(table, path)
        outputs = [tmp_path / f"{name}.svg", tmp_path / f"{name}.png"]
        plot_training.main(paths, weights, tmp_path / "training.nc", settings, outputs)
        return [path.read_bytes() for path in outputs]

    return make


def test_the_figure_says_what_it_shows(figure):
    text = figure([curve(s5=[0.2, 0.4, 0.5]), curve(s6=[0.3, 0.4, 0.6])])[0].decode()
    assert (
        "data: 2 networks of small (supervised), trained on 1,200 and validated on 50 images: "
        "photographs"
    ) in text
    for words in (
        "seed 5",
        "seed 6",
        "chance (1 of 4 classes)",
        "learning rate falls to a tenth",
        "cross-entropy (nats)",
        "share of images classified correctly",
        "First-layer filters of seed 5",
        "grey is zero",
    ):
        assert words in text


def test_an_untrained_variant_has_its_filters_alone(figure):
    text = figure([curve()], settings=UNTRAINED)[0].decode()
    assert "data: a network of small with its initial weights" in text
    assert "First-layer filters of seed 5" in text
    assert "accuracy" not in text and "chance" not in text


@pytest.mark.parametrize("settings", [SETTINGS, UNTRAINED])
def test_equal_input_gives_equal_files(figure, settings):
    rows = [curve(s5=[0.2, 0.4, 0.5]) if settings is SETTINGS else curve()]
    assert figure(rows, "one", settings) == figure(rows, "two", settings)


def test_the_curves_are_those_of_the_table():
    table = curve(s5=[0.2, 0.4, 0.5], s6=[0.3, 0.4, 0.6])
    loss, accuracy, _ = draw(table, FILTERS, 4, SETTINGS).axes
    for axes, column in ((loss, "loss"), (accuracy, "accuracy")):
        lines = axes.get_lines()
        for seed, line in zip((5, 6), lines, strict=False):
            rows = table[table["seed"] == seed]
            assert line.get_xydata().tolist() == rows[["epoch", column]].values.tolist()
        assert lines[-1].get_xdata() == pytest.approx([2.4, 2.4])  # where the learning rate falls
    assert set(accuracy.get_lines()[2].get_ydata()) == {0.25}  # chance


@pytest.mark.parametrize("epochs", [1, 0.3])
def test_a_single_epoch_is_seen(epochs):
    """Where it ended, which may be before its end; a line of one point is drawn by its marker."""
    settings = {**SETTINGS, "variant": {**SETTINGS["variant"], "epochs": epochs}}
    for axes in draw(curve(s5=[0.4]), FILTERS, 4, settings).axes[:2]:
        line = axes.get_lines()[0]
        assert line.get_xdata().tolist() == [epochs]
        assert line.get_marker() == "o"
        assert axes.get_xlim()[0] < epochs < axes.get_xlim()[1]


@pytest.mark.parametrize(
    ("architecture", "name"),
    [
        ("alexnet", "blocks.conv1.0.weight"),
        ("resnet18", "body.conv1.weight"),
        ("vgg11", "features.0.weight"),
    ],
)
def test_the_filters_are_those_of_the_first_layer(architecture, name):
    variant = {**SETTINGS["variant"], "architecture": architecture}
    weights = build_network(variant, torch.Generator().manual_seed(0)).state_dict()
    np.testing.assert_array_equal(filters_of(weights), weights[name])


def test_filters_have_the_colours_of_their_weights():
    """Red, its opposite, nothing, and blue in one corner, whatever the size of the weights."""
    filters = np.zeros((4, 3, 2, 2))
    filters[0, 0] = 7.0
    filters[1, 0] = -0.001
    filters[3, 2, 0, 1] = 0.2
    mosaic = filter_mosaic(filters)
    assert mosaic.shape == (5, 5, 3)
    grey = [0.5, 0.5, 0.5]
    assert (mosaic[:2, :2] == [1, 0.5, 0.5]).all()
    assert (mosaic[:2, 3:] == [0, 0.5, 0.5]).all()
    assert (mosaic[3:, :2] == grey).all()
    assert mosaic[3:, 3:].tolist() == [[grey, [0.5, 0.5, 1]], [grey, grey]]
    assert (mosaic[2] == to_rgb("white")).all() and (mosaic[:, 2] == to_rgb("white")).all()


def test_a_row_that_is_not_full_ends_in_white():
    mosaic = filter_mosaic(np.ones((3, 3, 2, 2)) * -1)
    assert (mosaic[:2, 3:] == 0).all() and (mosaic[3:, 3:] == 1).all()


# The table and the warning.


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
    """Of the population alone: neither seed 99 nor another variant counts."""
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
