"""Instance recognition on generated images: it learns, and each of its parts is needed."""

import numpy as np
import pytest
import torch

from tests.networks.test_training import VARIANT
from workflow_scripts.images.device_images import DeviceImages
from workflow_scripts.images.pixels import normalise, to_input
from workflow_scripts.images.sets import ImageSet
from workflow_scripts.networks.objectives import Centring, InstanceRecognition
from workflow_scripts.networks.trainer import Trainer

N_SCENES, N_IMAGES = 8, 256
CPU = torch.device("cpu")


def views(n, seed):
    """Images of eight smooth scenes, each shifted and with noise of its own; labels are scenes."""
    scenes = np.random.default_rng(0).normal(size=(N_SCENES, 6, 6, 3))
    random = np.random.default_rng(seed)
    labels, shifts = np.arange(n) % N_SCENES, random.integers(8, size=(n, 2))
    blocks = np.kron(scenes, np.ones((1, 12, 12, 1)))
    shown = np.stack(
        [blocks[k, y:, x:][:64, :64] for k, (y, x) in zip(labels, shifts, strict=True)]
    )
    noisy = 128 + 25 * shown + 40 * random.normal(size=shown.shape)
    return noisy.clip(0, 255).astype(np.uint8), labels


def learns(drive_deviation, noise_gain):
    """Whether a small network recognises held-out views, and the bank knows which are alike."""
    images, labels = views(N_IMAGES, 1)
    shown, scenes = views(120, 2)
    augmentation = {"crop_scale": [0.8, 1.0], "flip": 0.0, "jitter": 0.0, "greyscale": 0.0}
    variant = {
        **VARIANT,
        "objective": "instance_recognition",
        "width": 0.125,
        "drive_deviation": drive_deviation,
        "noise_gain": noise_gain,
        "augmentation": augmentation,
        "epochs": 12,
        "learning_rate": 0.02,
        "learning_rate_drops": [],
    }
    trainer = Trainer(
        variant,
        DeviceImages(ImageSet(images, labels, np.arange(N_IMAGES)), CPU),
        torch.as_tensor(labels),
        (normalise(to_input(shown, CPU)), torch.as_tensor(scenes)),
        master_seed=0,
        seed=0,
        device=CPU,
    )
    while not trainer.finished:
        trainer.advance()
    first, *_, last = trainer.curve
    recognises = last.accuracy > 0.5 and last.loss < first.loss  # chance is 1/8
    similar = trainer.head.bank @ trainer.head.bank.T
    same = torch.as_tensor(labels[:, None] == labels)
    return recognises and abs(last.mean_cosine) < 0.3 and similar[same].mean() > 0.3


# Units that vary little have, in comparison, a large mean: there centring decides.
SCALES = {"default": (4.0, 1.0), "large mean": (1.0, 16.0)}


@pytest.mark.parametrize("scale", SCALES)
def test_a_network_with_noise_learns_to_recognise_views(scale):
    assert learns(*SCALES[scale])


def against_the_gradient(monkeypatch):
    softmax = InstanceRecognition._softmax
    monkeypatch.setattr(InstanceRecognition, "_softmax", lambda *values: -softmax(*values))


def bank_that_stays(monkeypatch):
    forward = InstanceRecognition.forward

    def without_update(self, *values):
        before = self.bank.clone()
        loss = forward(self, *values)
        self.bank.copy_(before)
        return loss

    monkeypatch.setattr(InstanceRecognition, "forward", without_update)


def no_centring(monkeypatch):
    monkeypatch.setattr(Centring, "forward", lambda self, x: x)


@pytest.mark.parametrize("mutation", [against_the_gradient, bank_that_stays, no_centring])
def test_it_does_not_learn_without_one_of_its_parts(monkeypatch, mutation):
    mutation(monkeypatch)
    assert not learns(*SCALES["large mean"])
