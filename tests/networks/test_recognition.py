"""Instance recognition on generated images: it learns, and what each of its parts is for."""

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


def train(drive_deviation, noise_gain):
    """Curve of a small network, and the mean cosine of rows of the bank of the same scene."""
    images, labels = views(N_IMAGES, 1)
    shown, scenes = views(120, 2)
    variant = {
        **VARIANT,
        "objective": "instance_recognition",
        "width": 0.125,
        "drive_deviation": drive_deviation,
        "noise_gain": noise_gain,
        "augmentation": {"crop_scale": [0.8, 1.0], "flip": 0.0, "jitter": 0.0, "greyscale": 0.0},
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
    similar = trainer.head.bank @ trainer.head.bank.T
    return trainer.curve, similar[torch.as_tensor(labels[:, None] == labels)].mean()


# Units that vary little have, in comparison, a large mean: there centring decides.
DEFAULT, LARGE_MEAN = (4.0, 1.0), (1.0, 16.0)


@pytest.mark.parametrize("scale", [DEFAULT, LARGE_MEAN])
def test_a_network_with_noise_learns_to_recognise_views(scale):
    (first, *_, last), similarity = train(*scale)
    assert last.accuracy > 0.5  # chance is 1/8
    assert last.loss < first.loss
    assert abs(last.mean_cosine) < 0.3
    assert similarity > 0.3


def test_with_the_gradient_it_does_not_recognise_any(monkeypatch):
    forward = InstanceRecognition.forward
    monkeypatch.setattr(InstanceRecognition, "forward", lambda *values: -forward(*values))
    curve, _ = train(*LARGE_MEAN)
    assert curve[-1].accuracy < 0.3


def test_without_an_update_the_bank_does_not_know_what_is_alike(monkeypatch):
    forward = InstanceRecognition.forward

    def without_update(self, *values):
        before = self.bank.clone()
        loss = forward(self, *values)
        self.bank.copy_(before)
        return loss

    monkeypatch.setattr(InstanceRecognition, "forward", without_update)
    assert train(*LARGE_MEAN)[1] < 0.1


def test_without_centring_embeddings_have_a_common_direction(monkeypatch):
    monkeypatch.setattr(Centring, "forward", lambda self, x: x)
    curve, _ = train(*LARGE_MEAN)
    assert curve[-1].mean_cosine > 0.4
