"""Training: reproducible bit for bit, survives kills, learns, and stops where it diverges."""

import itertools
import json
import logging
import multiprocessing
import os
import signal
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors import safe_open

from workflow_scripts.common.errors import InputError
from workflow_scripts.images.sets import ImageSet
from workflow_scripts.images.stimulus_file import image_dataset
from workflow_scripts.networks import trainer
from workflow_scripts.networks.augmentation import augment
from workflow_scripts.networks.checkpoints import Checkpoints
from workflow_scripts.networks.objectives import OBJECTIVES
from workflow_scripts.networks.trainer import Epoch
from workflow_scripts.networks.training import train
from workflow_scripts.networks.weights import read_weights, write_weights

VARIANT = {
    "architecture": "alexnet",
    "objective": "supervised",
    "width": 0.0625,
    "drive_deviation": 4.0,
    "dropout": 0.0,
    "noise_gain": 1.0,
    "epochs": 2,
    "batch_size": 16,
    "learning_rate": 0.01,
    "learning_rate_drops": [0.9],
    "weight_decay": 0.0005,
    "gradient_clip": 1.0,
    "bfloat16": False,
    "augmentation": {"crop_scale": [0.8, 1.0], "flip": 0.5, "jitter": 0.2, "greyscale": 0.2},
    "instance_recognition": {
        "loss": "softmax",
        "centred": True,
        "negatives": None,
        "temperature": 0.07,
        "bank_momentum": 0.5,
    },
}


def coloured_images(n, seed):
    """Images of three classes: a noisy red, green or blue square."""
    random = np.random.default_rng(seed)
    labels = random.integers(3, size=n)
    images = random.integers(0, 80, (n, 64, 64, 3), dtype=np.uint8)
    images[np.arange(n), :, :, labels] += 150
    return images, labels


@pytest.fixture(scope="module")
def data():
    images, labels = coloured_images(128, 0)
    return ImageSet(images, labels, np.arange(128)), image_dataset(*coloured_images(48, 1))


@pytest.fixture
def run(data, tmp_path):
    """Train a group of networks on some data; networks by seed, and the curve."""

    def train_group(*seeds, data=data, minutes=60, master_seed=0, **changes):
        return train(
            {**VARIANT, **changes},
            *data,
            master_seed=master_seed,
            seeds=seeds,
            device=torch.device("cpu"),
            checkpoints=Checkpoints(tmp_path, "this training", minutes),
        )

    return train_group


def equal(first, second):
    """Whether two networks have the same weights and running statistics, bit for bit."""
    first, second = first.state_dict(), second.state_dict()
    return all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("architecture", ["resnet18", "vgg11"])
def test_deeper_networks_train_with_both_objectives(run, data, architecture, objective):
    training, validation = data
    few = ImageSet(training.images, training.labels, training.index[:32]), validation
    changes = {"architecture": architecture, "epochs": 1}
    networks, curve = run(0, data=few, objective=objective, **changes)
    assert np.isfinite(curve[0].loss)
    initial, _ = run(0, data=few, objective="untrained", **changes)
    moved = zip(networks[0].parameters(), initial[0].parameters(), strict=True)
    # Biases in front of a batch normalisation have no effect, and stay.
    assert all(not torch.equal(now, before) for now, before in moved if now.ndim > 1)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_network_is_the_same_alone_and_in_a_group(run, objective):
    """Bit for bit, so that it is also the same in a second run."""
    group, curve = run(0, 1, 2, objective=objective, epochs=1.5, dropout=0.5)
    alone, curve_alone = run(1, objective=objective, epochs=1.5, dropout=0.5)
    assert equal(group[1], alone[1])
    assert not equal(group[1], group[0]) and not equal(group[1], group[2])
    assert [row.loss for row in curve if row.seed == 1] == [row.loss for row in curve_alone]


def test_half_precision_is_a_setting_that_decides_on_the_weights(run):
    slow = {"epochs": 1, "learning_rate": 1e-4}  # so that no difference grows from step to step
    half, curve = run(0, bfloat16=True, **slow)
    single, curve_single = run(0, **slow)
    assert equal(half[0], run(0, bfloat16=True, **slow)[0][0])
    assert not equal(half[0], single[0])
    assert {p.dtype for p in half[0].parameters()} == {torch.float32}
    assert curve[0].loss == pytest.approx(curve_single[0].loss, rel=0.05)


def test_only_the_rows_of_the_set_are_trained_on(run, data):
    """A set of every other row of an array is the array of these rows."""
    training, validation = data
    rows = np.arange(0, 128, 2)
    images, labels = training.images.copy(), training.labels.copy()
    alone = ImageSet(images[rows], labels[rows], np.arange(64))
    images[1::2], labels[1::2] = 0, 7
    networks = [
        run(0, data=(training, validation), epochs=1)[0][0]
        for training in (alone, ImageSet(images, labels, rows))
    ]
    assert equal(*networks)


def test_validation_changes_no_weight(run, data):
    fewer = data[0], data[1].isel(stimulus=slice(40))
    assert equal(run(0)[0][0], run(0, data=fewer)[0][0])


def test_a_larger_image_is_cropped_to_what_networks_see(run, data):
    images = np.pad(data[0].images, ((0, 0), (4, 4), (4, 4), (0, 0)))
    larger = ImageSet(images, data[0].labels, data[0].index), data[1]
    networks, curve = run(0, data=larger, epochs=1)
    assert np.isfinite(curve[0].loss)
    assert not equal(networks[0], run(0, epochs=1)[0][0])


# Long runs survive.


def train_and_write(run, path, **settings):
    """In a process of its own, which writes the weights at its end and then says so."""
    networks, _ = run(3, 4, minutes=0, **settings)
    write_weights(networks, path)


def started(target, *arguments, **settings):
    process = multiprocessing.get_context("fork").Process(
        target=target, args=arguments, kwargs=settings
    )
    process.start()
    return process


LONG = {"objective": "instance_recognition", "epochs": 6, "dropout": 0.5}


def train_until_killed(run, path, n_calls, seconds, **settings):
    """Killed some time after a number of augmentations, of which a step makes one per network."""
    calls = itertools.count(1)

    def augment_and_count(*arguments):
        if next(calls) == n_calls:
            threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGKILL)).start()
        return augment(*arguments)

    trainer.augment = augment_and_count
    train_and_write(run, path, **settings)


def test_ten_kills_at_random_moments_change_nothing(run, tmp_path):
    random = np.random.default_rng(0)
    path = tmp_path / "weights" / "killed.safetensors"
    begin = time.monotonic()
    undisturbed, _ = run(3, 4, **LONG)
    seconds_per_step = (time.monotonic() - begin) / 48
    for _ in range(10):
        # A number of steps, so that a busy machine does not get to the end before.
        moment = int(random.integers(1, 9)), random.uniform(0, seconds_per_step)
        process = started(train_until_killed, run, path, *moment, **LONG)
        process.join()
        assert process.exitcode == -signal.SIGKILL and not path.exists()
    with safe_open(tmp_path / "3.safetensors", "pt") as checkpoint:
        step = json.loads(checkpoint.metadata()["numbers"])["step"]
    assert 5 < step < 48  # so that several kills came after a checkpoint
    process = started(train_and_write, run, path, **LONG)
    process.join()
    assert process.exitcode == 0
    for seed, network in undisturbed.items():
        weights = read_weights(path, seed)
        assert all(torch.equal(weights[name], w) for name, w in network.state_dict().items())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_writes_a_checkpoint_first(run, tmp_path, number, monkeypatch, caplog):
    """It comes in the middle of a step of the first of two networks, and both take the step."""
    caplog.set_level(logging.INFO)
    undisturbed, _ = run(0, 1)
    n_calls = iter(range(1000))

    def interrupted(*arguments):
        if next(n_calls) == 10:
            os.kill(os.getpid(), number)
        return augment(*arguments)

    handler = signal.getsignal(number)
    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(trainer, "augment", interrupted)
        run(0, 1)
    assert f"{number.name} ended the training after step 6" in caplog.text
    assert signal.getsignal(number) == handler
    assert {path.name for path in tmp_path.iterdir()} == {"0.safetensors", "1.safetensors"}
    resumed, _ = run(0, 1)
    assert caplog.text.count("continuing after step 6") == 2
    assert equal(resumed[0], undisturbed[0]) and equal(resumed[1], undisturbed[1])


class Stopped(Exception):
    """Raised in the middle of an epoch."""


class StopsAtStep20(Checkpoints):
    def save(self, trainer):
        super().save(trainer)
        if trainer.step == 20:
            raise Stopped


def test_a_training_continues_from_its_checkpoint_with_a_whole_curve(run, tmp_path, data, caplog):
    caplog.set_level(logging.INFO)
    whole, curve = run(5, epochs=4)
    with pytest.raises(Stopped):
        train(
            {**VARIANT, "epochs": 4},
            *data,
            master_seed=0,
            seeds=[5],
            device=torch.device("cpu"),
            checkpoints=StopsAtStep20(tmp_path, "this training", 0),
        )
    caplog.clear()
    resumed, resumed_curve = run(5, epochs=4)
    assert f"{tmp_path}/5.safetensors: continuing after step 20" in caplog.text
    assert equal(whole[5], resumed[5])
    resumed_curve, curve = (
        [replace(row, images_per_second=0) for row in rows] for rows in (resumed_curve, curve)
    )
    assert resumed_curve == curve


def test_a_checkpoint_of_another_training_is_left(run, tmp_path, data, caplog):
    first, _ = run(0, epochs=1, minutes=0)
    path = tmp_path / "0.safetensors"
    other = Checkpoints(tmp_path, "another training", 60)
    again = train(
        {**VARIANT, "epochs": 1},
        *data,
        master_seed=0,
        seeds=[0],
        device=torch.device("cpu"),
        checkpoints=other,
    )[0]
    assert f"{path} is of another training, which starts again" in caplog.text
    assert equal(first[0], again[0])
    other.remove([0])
    assert not path.exists()


def test_a_broken_checkpoint_is_named(run, tmp_path):
    (tmp_path / "0.safetensors").write_bytes(b"\x10" * 100)
    with pytest.raises(InputError, match=r"0\.safetensors: found .* a checkpoint; delete"):
        run(0)


def test_a_training_does_not_continue_from_a_checkpoint_with_another_bit(run, tmp_path):
    run(0, epochs=1, minutes=0)
    path = tmp_path / "0.safetensors"
    content = bytearray(path.read_bytes())
    content[-1000] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"0\.safetensors: found content that no training wrote"):
        run(0, epochs=1)


def test_a_held_out_image_is_embedded_as_the_training_images_were(run, data):
    """It is not normalised over the held-out images: here there is only one."""
    one = data[0], data[1].isel(stimulus=slice(1))
    _, curve = run(0, data=one, objective="instance_recognition")
    assert np.isfinite(curve[-1].loss)


def test_the_progress_bar_says_how_it_goes(run, capsys):
    _, curve = run(2, epochs=2)
    shown = capsys.readouterr().err
    assert "256/256" in shown and "image/s" in shown
    assert f"seed=2, loss={curve[-1].loss:.4g}, accuracy={curve[-1].accuracy:.4g}" in shown


def test_half_an_epoch_takes_half_the_steps(run):
    whole, half = (run(0, epochs=epochs, learning_rate_drops=[])[0][0] for epochs in (1, 0.5))
    assert not equal(whole, half)
    _, curve = run(0, epochs=1.5)
    assert len(curve) == 2


def test_the_learning_rate_falls_where_config_says(run):
    _, curve = run(0, epochs=4, learning_rate_drops=[0.5, 0.75])
    assert [row.learning_rate for row in curve] == pytest.approx([0.01, 0.01, 0.001, 0.0001])


def test_a_supervised_network_learns_three_colours(run):
    _, curve = run(
        0, epochs=8, augmentation={**VARIANT["augmentation"], "jitter": 0.0, "greyscale": 0.0}
    )
    assert [row.epoch for row in curve] == list(range(1, 9))
    assert curve[-1].loss < curve[0].loss
    assert curve[-1].accuracy > 0.8  # chance is 1/3


def test_an_untrained_network_has_its_initial_weights(run):
    networks, curve = run(0, 1, objective="untrained")
    assert curve == []
    assert equal(networks[0], run(0, objective="untrained")[0][0])
    assert not equal(networks[0], networks[1])


@pytest.mark.parametrize(
    ("cosine", "dimensions", "warns"),
    [(0.0, 20.0, False), (0.96, 20.0, True), (0.0, 1.9, True), (None, None, False)],
)
def test_embeddings_that_gather_cause_a_warning(caplog, cosine, dimensions, warns):
    row = Epoch(3, 5, 0.01, 1.0, 0.5, cosine, dimensions, 100.0, None)
    trainer._watch_spread(row)
    assert ("seed 3, epoch 5: the embeddings may be collapsing" in caplog.text) == warns


def test_the_progress_bar_says_how_embeddings_are_spread(run, capsys):
    _, curve = run(2, objective="instance_recognition")
    shown = capsys.readouterr().err
    assert f"mean_cosine={curve[-1].mean_cosine:.4g}, " in shown
    assert f"dimensions={curve[-1].dimensions:.4g}" in shown


def test_long_gradients_are_shortened(run):
    """One step without momentum and decay is at most as long as the rate times the limit."""
    one_step = {"epochs": 1, "batch_size": 128, "learning_rate": 0.01, "weight_decay": 0.0}
    start = run(0, objective="untrained")[0][0].state_dict()

    def length(limit):
        after = dict(run(0, **one_step, gradient_clip=limit)[0][0].named_parameters())
        return sum((after[name] - start[name]).square().sum() for name in after).sqrt().item()

    assert length(None) > 0.01
    assert 0 < length(0.5) <= 0.005 * 1.001


def test_weights_decay_and_gains_of_normalisation_do_not(run):
    """With a rate that moves nothing but decays what decays."""
    settings = {"epochs": 1, "learning_rate": 1e-8, "weight_decay": 1e6}
    before, after = (
        run(0, **changes)[0][0].blocks["conv2"]
        for changes in ({"objective": "untrained"}, settings)
    )
    weights, gains = (
        (after[part].weight.norm() / before[part].weight.norm()).item() for part in (0, 1)
    )
    assert weights < 0.9
    assert gains == pytest.approx(1, abs=1e-3)


def test_divergence_stops_with_step_and_layer(run, tmp_path):
    with pytest.raises(
        FloatingPointError, match=r"seed 0 diverged.* of network\.blocks.* in step \d"
    ):
        run(0, learning_rate=1e30, minutes=0)
    # There is no checkpoint of the lost weights either.
    with pytest.raises(FloatingPointError):
        run(0, learning_rate=1e30, minutes=0)


def test_fewer_images_than_a_batch_are_refused(run, data):
    few = ImageSet(data[0].images, data[0].labels, data[0].index[:15]), data[1]
    with pytest.raises(InputError, match="found 15 images, expected at least .*batch_size, 16"):
        run(0, data=few)


def test_epochs_without_a_step_are_refused(run):
    with pytest.raises(
        InputError, match=r"epochs: found 0\.05, expected at least one step, 1/8 of"
    ):
        run(0, epochs=0.05)
    assert len(run(0, epochs=0.1)[1]) == 1
