"""Training figures show what was trained: curves of every seed, and filters of one."""

from itertools import combinations

import numpy as np
import pytest
import torch

from tests.networks.made_up import curve
from workflow_scripts.common.files import write_netcdf, write_table
from workflow_scripts.figures import plot_training
from workflow_scripts.figures.training_figure import draw
from workflow_scripts.images.stimulus_file import image_dataset
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
        "drive_deviation": 4.0,
        "dropout": 0.0,
        "noise_gain": None,
    },
    "first_seed": 5,
    "stimuli": {"source": "photographs", "n": {"training": 1200, "validation": 50}},
    "images": "photographs and generated pictures",
}
UNTRAINED = {**SETTINGS, "variant": {**SETTINGS["variant"], "objective": "untrained"}}
FILTERS = np.random.default_rng(0).normal(size=(4, 3, 5, 5))


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
        "photographs and generated pictures"
    ) in text
    for words in (
        "seed 5",
        "seed 6",
        "chance (1 of 4 classes)",
        "learning rate falls to a tenth",
        "cross-entropy over classes (nats)",
        "share of images classified correctly",
        "First-layer filters of seed 5",
        "grey is zero",
    ):
        assert words in text


def test_an_untrained_variant_has_only_its_filters(figure):
    text = figure([curve()], settings=UNTRAINED)[0].decode()
    assert "data: a network of small with its initial weights" in text
    assert "First-layer filters of seed 5" in text
    assert "accuracy" not in text and "chance" not in text


@pytest.mark.parametrize(
    ("loss", "label"),
    [("softmax", "cross-entropy over images"), ("nce", "noise-contrastive loss")],
)
def test_the_loss_of_instance_recognition_is_named(loss, label):
    objective = {"objective": "instance_recognition", "instance_recognition": {"loss": loss}}
    settings = {**SETTINGS, "variant": {**SETTINGS["variant"], **objective}}
    assert label in draw(curve(s5=[0.4]), FILTERS, 4, settings).axes[0].get_ylabel()


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
    """Where the training ended, which may be within the epoch; a single point needs its marker."""
    settings = {**SETTINGS, "variant": {**SETTINGS["variant"], "epochs": epochs}}
    for axes in draw(curve(s5=[0.4]), FILTERS, 4, settings).axes[:2]:
        line = axes.get_lines()[0]
        assert line.get_xdata().tolist() == [epochs]
        assert line.get_marker() == "o"
        assert axes.get_xlim()[0] < epochs < axes.get_xlim()[1]


RECOGNITION = {
    **SETTINGS["variant"],
    "objective": "instance_recognition",
    "instance_recognition": {"loss": "softmax"},
}


@pytest.mark.parametrize("variant", [SETTINGS["variant"], RECOGNITION])
@pytest.mark.parametrize("n_seeds", [1, 6])
def test_texts_are_inside_the_figure_and_apart(variant, n_seeds):
    seeds = {f"s{seed}": [0.2, 0.25, 0.3] for seed in range(n_seeds)}
    settings = {**SETTINGS, "variant": variant, "first_seed": 0}
    figure = draw(curve(**seeds), FILTERS, 60, settings)
    figure.draw_without_rendering()
    texts = [*figure.legends[0].get_texts(), *figure.texts]
    for axes in figure.axes:
        texts += [axes.title, axes.xaxis.label, axes.yaxis.label]
    boxes = [text.get_window_extent() for text in texts if text.get_text()]
    whole = figure.bbox.padded(0.5)
    assert all(whole.contains(*box.min) and whole.contains(*box.max) for box in boxes)
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
