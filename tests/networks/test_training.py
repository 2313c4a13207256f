"""Training: reproducible bit for bit, survives kills, learns, and stops where it diverges."""

import json
import logging
import multiprocessing
import os
import signal
import time

import numpy as np
import pytest
import torch
from safetensors import safe_open

from workflow_scripts.common.checksums import checksum_of
from workflow_scripts.common.errors import InputError
from workflow_scripts.images.device_images import DeviceImages
from workflow_scripts.images.sets import ImageSet
from workflow_scripts.images.stimulus_file import image_dataset
from workflow_scripts.networks import training
from workflow_scripts.networks.augmentation import augment
from workflow_scripts.networks.blocks import torch_generator
from workflow_scripts.networks.checkpoints import Checkpoints, fingerprint
from workflow_scripts.networks.objectives import OBJECTIVES
from workflow_scripts.networks.training import train
from workflow_scripts.networks.weights import read_weights, write_weights

VARIANT = {
    "architecture": "alexnet",
    "objective": "supervised",
    "width": 0.0625,
    "batchnorm": True,
    "dropout": 0.0,
    "noise_gain": 1.0,
    "epochs": 2,
    "batch_size": 16,
    "learning_rate": 0.01,
    "learning_rate_drops": [0.9],
    "weight_decay": 0.0005,
    "augmentation": {"crop_scale": [0.8, 1.0], "flip": 0.5, "jitter": 0.2, "greyscale": 0.2},
    "negatives": 16,
    "temperature": 0.07,
    "bank_momentum": 0.5,
    "embedding_batchnorm": False,
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
    assert np.isfinite(curve[0]["loss"])
    initial, _ = run(0, data=few, objective="untrained", **changes)
    moved = zip(networks[0].parameters(), initial[0].parameters(), strict=True)
    assert all(not torch.equal(now, before) for now, before in moved)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_network_is_the_same_alone_and_in_a_group(run, objective):
    """Bit for bit, so that it is also the same in a second run."""
    group, curve = run(0, 1, 2, objective=objective, epochs=1.5, dropout=0.5)
    alone, curve_alone = run(1, objective=objective, epochs=1.5, dropout=0.5)
    assert equal(group[1], alone[1])
    assert not equal(group[1], group[0]) and not equal(group[1], group[2])
    assert [row["loss"] for row in curve if row["seed"] == 1] == [
        row["loss"] for row in curve_alone
    ]


def test_only_the_rows_of_the_set_are_trained_on(run, data):
    """A set of every other row of an array is the array of these rows."""
    training, validation = data
    rows = np.arange(0, 128, 2)
    images, labels = training.images.copy(), training.labels.copy()
    part = ImageSet(images[rows], labels[rows], np.arange(64))
    images[1::2], labels[1::2] = 0, 7
    networks = [
        run(0, data=(training, validation), epochs=1)[0][0]
        for training in (part, ImageSet(images, labels, rows))
    ]
    assert equal(*networks)


def test_validation_changes_no_weight(run, data):
    fewer = data[0], data[1].isel(stimulus=slice(40))
    assert equal(run(0)[0][0], run(0, data=fewer)[0][0])


def test_a_larger_image_is_cropped_to_what_networks_see(run, data):
    images = np.pad(data[0].images, ((0, 0), (4, 4), (4, 4), (0, 0)))
    larger = ImageSet(images, data[0].labels, data[0].index), data[1]
    networks, curve = run(0, data=larger, epochs=1)
    assert np.isfinite(curve[0]["loss"])
    assert not equal(networks[0], run(0, epochs=1)[0][0])


def test_images_on_the_device_are_not_copied_to_it_again(data):
    """A device has a number or has none, as "cuda" and "cuda:0", of which the CPU tells here."""
    images = DeviceImages(data[0], torch.device("cpu:0"))
    batch = images.batch(torch.tensor([3, 1]))
    np.testing.assert_array_equal(batch, data[0].images[[3, 1]])


def test_weights_are_read_as_they_were_written(run, tmp_path):
    networks, _ = run(0, 10, 1, objective="untrained")
    write_weights(networks, tmp_path / "0_10_1.safetensors")
    for seed, network in networks.items():
        weights = read_weights(tmp_path / "0_10_1.safetensors", seed)
        assert weights.keys() == network.state_dict().keys()
        assert all(torch.equal(weights[name], w) for name, w in network.state_dict().items())
    with pytest.raises(InputError, match="found no network of seed 100"):
        read_weights(tmp_path / "0_10_1.safetensors", 100)
    (tmp_path / "no.safetensors").write_bytes(b"\x00" * 20)
    with pytest.raises(InputError, match="no.safetensors: expected weights"):
        read_weights(tmp_path / "no.safetensors", 0)


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


def test_ten_kills_at_random_moments_change_nothing(run, tmp_path):
    random = np.random.default_rng(0)
    path = tmp_path / "weights" / "killed.safetensors"
    begin = time.monotonic()
    undisturbed, _ = run(3, 4, **LONG)
    seconds = time.monotonic() - begin
    kills = 0
    while kills < 10:
        process = started(train_and_write, run, path, **LONG)
        time.sleep(random.uniform(0.05, 0.2) * seconds)
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        kills += 1
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
        patch.setattr(training, "augment", interrupted)
        run(0, 1)
    assert f"{number.name} ended the training after step 6" in caplog.text
    assert signal.getsignal(number) == handler
    assert {path.name for path in tmp_path.iterdir()} == {"0.safetensors", "1.safetensors"}
    resumed, _ = run(0, 1)
    assert caplog.text.count("going on after step 6") == 2
    assert equal(resumed[0], undisturbed[0]) and equal(resumed[1], undisturbed[1])


class Stopped(Exception):
    """Raised in the middle of an epoch."""


class StopsAtStep20(Checkpoints):
    def save(self, trainer):
        super().save(trainer)
        if trainer.step == 20:
            raise Stopped


def test_a_checkpoint_is_gone_on_from_and_its_curve_is_whole(run, tmp_path, data, caplog):
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
    assert f"{tmp_path}/5.safetensors: going on after step 20" in caplog.text
    assert equal(whole[5], resumed[5])
    speed = {"images_per_second": None}
    assert [row | speed for row in resumed_curve] == [row | speed for row in curve]


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
    assert f"{path} is of another training, starting anew" in caplog.text
    assert equal(first[0], again[0])
    other.remove([0])
    assert not path.exists()


def test_a_broken_checkpoint_is_named(run, tmp_path):
    (tmp_path / "0.safetensors").write_bytes(b"\x10" * 100)
    with pytest.raises(InputError, match=r"0\.safetensors: expected a checkpoint, found .* delete"):
        run(0)


def test_a_checkpoint_with_another_bit_is_not_gone_on_from(run, tmp_path):
    run(0, epochs=1, minutes=0)
    path = tmp_path / "0.safetensors"
    content = bytearray(path.read_bytes())
    content[-1000] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"0\.safetensors: found content that no training wrote"):
        run(0, epochs=1)


def test_whatever_decides_on_the_weights_is_in_the_fingerprint(tmp_path, monkeypatch):
    images = tmp_path / "images"
    checksum_of(images).write_text("a")
    base = fingerprint({"a": 1, "b": 2}, {"x.py": "0f"}, [images], "cpu")
    assert base == fingerprint({"b": 2, "a": 1}, {"x.py": "0f"}, [images], "cpu")
    others = [
        fingerprint({"a": 1, "b": 3}, {"x.py": "0f"}, [images], "cpu"),
        fingerprint({"a": 1, "b": 2}, {"x.py": "0e"}, [images], "cpu"),
        fingerprint({"a": 1, "b": 2}, {"x.py": "0f"}, [images], "cuda"),
    ]
    checksum_of(images).write_text("b")
    others.append(fingerprint({"a": 1, "b": 2}, {"x.py": "0f"}, [images], "cpu"))
    monkeypatch.setattr(torch, "__version__", "1.0")
    others.append(fingerprint({"a": 1, "b": 2}, {"x.py": "0f"}, [images], "cpu"))
    assert len({base, *others}) == 6


# Objectives.


@pytest.fixture
def bank():
    """Head of instance recognition for 20 images, and features of five of them."""
    generator = torch_generator(3)
    head = OBJECTIVES["instance_recognition"](12, torch.arange(20) % 3, VARIANT, generator)
    features = torch.rand(5, 12, generator=generator)
    return head, features, torch.tensor([4, 0, 19, 7, 2])


def test_noise_contrastive_loss_is_that_of_wu_et_al(bank):
    """Re-derived by loops, with the negatives that the head is going to draw."""
    head, features, indices = bank
    rows = head.bank.clone()
    drawn = torch.randint(20, (5, 16), generator=torch_generator(1))
    embedded = head.embedding(features)
    embedded = embedded / embedded.norm(dim=1, keepdim=True)
    partition, chance = 20 * 2876934.2 / 1281167, 1 / 20
    expected = 0.0
    for v, index, negatives in zip(embedded, indices, drawn, strict=True):

        def posterior(row, v=v):
            density = torch.exp(v @ rows[row] / 0.07) / partition
            return density / (density + 16 * chance)

        expected -= torch.log(posterior(index))
        expected -= sum(torch.log(1 - posterior(row)) for row in negatives)
    torch.testing.assert_close(
        head(features, indices, torch_generator(1)), expected / 5, rtol=1e-4, atol=1e-4
    )
    moved = rows[indices] + embedded
    torch.testing.assert_close(head.bank[indices], moved / moved.norm(dim=1, keepdim=True))
    others = [i for i in range(20) if i not in indices]
    assert torch.equal(head.bank[others], rows[others])


def test_a_step_against_the_gradient_recognises_better(bank):
    head, features, indices = bank
    rows = head.bank.clone()
    losses = []
    for _ in range(2):
        head.bank.copy_(rows)
        loss = head(features, indices, torch_generator(1))
        losses.append(loss.item())
        head.zero_grad()
        loss.backward()
        with torch.no_grad():
            for parameter in head.parameters():
                parameter -= 1e-3 * parameter.grad
    assert losses[1] < losses[0]


def nearest_row_accuracy(learning_rate, mean, **changes):
    """Of a head after 15 epochs on images of four classes, each showing with new, larger nuisances.

    All features have a mean in common.
    """
    generator = torch_generator(5)
    labels = torch.arange(1024) % 4
    lasting = 2 * (torch.eye(4) - 1 / 4)[labels] + torch.randn(1024, 4, generator=generator) / 2

    def shown(rows):
        nuisance = 3 * torch.randn(len(rows), 12, generator=generator)
        return torch.cat([lasting[rows], nuisance], 1) + mean

    head = OBJECTIVES["instance_recognition"](16, labels, {**VARIANT, **changes}, generator)
    optimiser = torch.optim.SGD(head.parameters(), lr=learning_rate, momentum=0.9)
    for _ in range(15):
        for rows in torch.randperm(1024, generator=generator).split(16):
            optimiser.zero_grad()
            head(shown(rows), rows, generator).backward()
            optimiser.step()
    head.eval()
    return head.accuracy(shown(torch.arange(1024)), labels)


@pytest.mark.parametrize(("mean", "batchnorm"), [(0, False), (0, True), (3, True)])
def test_instance_recognition_learns_what_lasts_of_an_image(mean, batchnorm):
    untrained, trained = (
        nearest_row_accuracy(rate, mean, embedding_batchnorm=batchnorm) for rate in (0, 0.01)
    )
    assert trained > untrained + 0.15


def test_a_mean_of_all_features_is_why_embeddings_are_normalised_over_the_batch():
    assert nearest_row_accuracy(0.01, mean=3) < nearest_row_accuracy(0, mean=3)


def test_a_held_out_image_is_embedded_as_the_training_images_were(run, data):
    """And not normalised over the held-out images, of which there is one."""
    one = data[0], data[1].isel(stimulus=slice(1))
    _, curve = run(0, data=one, objective="instance_recognition", embedding_batchnorm=True)
    assert np.isfinite(curve[-1]["loss"])


def test_the_progress_bar_says_how_it_goes(run, capsys):
    _, curve = run(2, epochs=2)
    shown = capsys.readouterr().err
    assert "256/256" in shown and "image/s" in shown
    assert f"seed=2, loss={curve[-1]['loss']:.4g}, accuracy={curve[-1]['accuracy']:.4g}" in shown


def test_half_an_epoch_takes_half_the_steps(run):
    whole, half = (run(0, epochs=epochs, learning_rate_drops=[])[0][0] for epochs in (1, 0.5))
    assert not equal(whole, half)
    _, curve = run(0, epochs=1.5)
    assert len(curve) == 2


def test_the_learning_rate_falls_where_config_says(run):
    _, curve = run(0, epochs=4, learning_rate_drops=[0.5, 0.75])
    assert [row["learning_rate"] for row in curve] == pytest.approx([0.01, 0.01, 0.001, 0.0001])


def test_a_supervised_network_learns_three_colours(run):
    _, curve = run(
        0, epochs=8, augmentation={**VARIANT["augmentation"], "jitter": 0.0, "greyscale": 0.0}
    )
    assert [row["epoch"] for row in curve] == list(range(1, 9))
    assert curve[-1]["loss"] < curve[0]["loss"]
    assert curve[-1]["accuracy"] > 0.8  # chance is 1/3


def test_an_untrained_network_has_its_initial_weights(run):
    networks, curve = run(0, 1, objective="untrained")
    assert curve == []
    assert equal(networks[0], run(0, objective="untrained")[0][0])
    assert not equal(networks[0], networks[1])


def test_divergence_stops_with_step_and_layer(run, tmp_path):
    with pytest.raises(
        FloatingPointError, match=r"seed 0 diverged.* of network\.blocks.* in step \d"
    ):
        run(0, learning_rate=1e30, minutes=0)
    # Nor is there a checkpoint of weights that are lost.
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
