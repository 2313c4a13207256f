"""Training: reproducible bit for bit, learns, and stops on numbers that are not finite."""

import numpy as np
import pytest
import torch

from workflow_scripts.augmentation import augment
from workflow_scripts.network import torch_generator
from workflow_scripts.stimuli import ImageSet, image_dataset
from workflow_scripts.training import OBJECTIVES, train

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


def run(data, seed=0, **changes):
    variant = {**VARIANT, **changes}
    return train(variant, *data, master_seed=0, seed=seed, device=torch.device("cpu"))


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("architecture", ["resnet18", "vgg11"])
def test_deeper_networks_train_with_both_objectives(data, architecture, objective):
    few = [images.isel(stimulus=slice(32)) for images in data]
    network, curve = run(few, architecture=architecture, objective=objective, epochs=1)
    assert np.isfinite(curve[0]["loss"])
    initial, _ = run(few, architecture=architecture, objective="untrained")
    moved = zip(network.parameters(), initial.parameters(), strict=True)
    assert all(not torch.equal(now, before) for now, before in moved)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_same_seed_gives_the_same_weights_bit_for_bit(data, objective):
    networks = [run(data, objective=objective, epochs=1, dropout=0.5)[0] for _ in range(2)]
    first, second = (network.state_dict() for network in networks)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_only_the_rows_of_the_set_are_trained_on(data):
    """A set of every other row of an array is the array of these rows."""
    training, validation = data
    rows = np.arange(0, 128, 2)
    images, labels = training.images.copy(), training.labels.copy()
    part = ImageSet(images[rows], labels[rows], np.arange(64))
    images[1::2], labels[1::2] = 0, 7
    networks = [
        run((training, validation), epochs=1)[0].state_dict()
        for training in (part, ImageSet(images, labels, rows))
    ]
    assert all(torch.equal(networks[0][name], networks[1][name]) for name in networks[0])


def test_another_seed_gives_other_weights(data):
    first, second = (run(data, seed=seed, epochs=1)[0].state_dict() for seed in (0, 1))
    assert not torch.equal(first["blocks.fc7.1.weight"], second["blocks.fc7.1.weight"])


@pytest.fixture
def bank():
    """Head of instance recognition for 20 images, and features of five of them."""
    generator = torch_generator(3)
    head = OBJECTIVES["instance_recognition"](12, torch.arange(20) % 3, VARIANT, generator)
    return head, torch.rand(5, 12, generator=generator), torch.tensor([4, 0, 19, 7, 2])


def test_noise_contrastive_loss_is_that_of_wu_et_al(bank):
    """Re-derived by loops, with the negatives that the head is going to draw."""
    head, features, indices = bank
    rows = head.bank.clone()
    ahead = torch.Generator()
    ahead.set_state(head.negatives.get_state())
    drawn = torch.randint(20, (5, 16), generator=ahead)
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
    torch.testing.assert_close(head(features, indices), expected / 5, rtol=1e-4, atol=1e-4)
    moved = rows[indices] + embedded
    torch.testing.assert_close(head.bank[indices], moved / moved.norm(dim=1, keepdim=True))
    others = [i for i in range(20) if i not in indices]
    assert torch.equal(head.bank[others], rows[others])


def test_a_step_against_the_gradient_recognises_better(bank):
    head, features, indices = bank
    state, rows = head.negatives.get_state(), head.bank.clone()
    losses = []
    for _ in range(2):
        head.negatives.set_state(state)
        head.bank.copy_(rows)
        loss = head(features, indices)
        losses.append(loss.item())
        head.zero_grad()
        loss.backward()
        with torch.no_grad():
            for parameter in head.parameters():
                parameter -= 1e-3 * parameter.grad
    assert losses[1] < losses[0]


def test_training_lowers_the_loss(data):
    _, curve = run(data, epochs=4)
    assert curve[-1]["loss"] < curve[0]["loss"]
    assert [row["epoch"] for row in curve] == [1, 2, 3, 4]


def test_half_an_epoch_takes_half_the_steps(data):
    whole, half = (run(data, epochs=epochs, learning_rate_drops=[])[0] for epochs in (1, 0.5))
    assert not torch.equal(whole.blocks["fc7"][1].weight, half.blocks["fc7"][1].weight)
    _, curve = run(data, epochs=1.5)
    assert len(curve) == 2


def test_supervised_network_learns_three_colours(data):
    _, curve = run(data, epochs=8, augmentation={**VARIANT["augmentation"], "jitter": 0.0})
    assert curve[-1]["accuracy"] > 0.8  # chance is 1/3


def test_untrained_network_has_its_initial_weights(data):
    network, curve = run(data, objective="untrained")
    assert curve == []
    again, _ = run(data, objective="untrained")
    assert torch.equal(network.blocks["conv1"][0].weight, again.blocks["conv1"][0].weight)


def test_divergence_stops_with_the_epoch(data):
    with pytest.raises(FloatingPointError, match="epoch 1"):
        run(data, learning_rate=1e30)


def test_whole_crop_without_flip_or_jitter_is_the_image():
    images = torch.rand(5, 3, 64, 64, generator=torch_generator(0))
    settings = {"crop_scale": [1.0, 1.0], "flip": 1.0, "jitter": 0.0, "greyscale": 0.0}
    generator = torch_generator(1)
    # The aspect ratio is drawn too; a crop as large as the image is cut to it on one side.
    flipped = augment(images, settings, generator)
    assert flipped.shape == images.shape
    grey = augment(images, {**settings, "greyscale": 1.0}, generator)
    torch.testing.assert_close(grey[:, 0], grey[:, 2])
