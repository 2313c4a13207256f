"""A GPU and the CPU give the same results. Skipped where there is no GPU."""

import numpy as np
import pytest
import torch

from tests.networks.test_training import VARIANT as TRAINED
from workflow_scripts.alignment.method import METHODS
from workflow_scripts.alignment.score_cells import score_cells
from workflow_scripts.common.profile import Profile
from workflow_scripts.images.device_images import DeviceImages
from workflow_scripts.images.sets import ImageSet
from workflow_scripts.networks.architecture import ARCHITECTURES, build_network
from workflow_scripts.networks.blocks import torch_generator
from workflow_scripts.networks.objectives import OBJECTIVES
from workflow_scripts.networks.readout import read_layers
from workflow_scripts.networks.replay import EAGER_CALLS
from workflow_scripts.networks.trainer import Trainer
from workflow_scripts.networks.unit_sampling import choose_units

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU"),
]
DEVICES = [torch.device("cpu"), torch.device("cuda")]
ON_GPUS = [name for name in METHODS.names() if METHODS.card(name).array_api]
# Without noise, because the two devices draw different numbers.
VARIANT = {
    **TRAINED,
    "width": 0.25,
    "noise_gain": None,
    "epochs": 1,
    "batch_size": 64,
    "learning_rate_drops": [],
    "bfloat16": True,
    "augmentation": {"crop_scale": [1.0, 1.0], "flip": 0.0, "jitter": 0.0, "greyscale": 0.0},
}


def make_images(n):
    random = np.random.default_rng(0)
    return random.integers(0, 256, (n, 64, 64, 3), dtype=np.uint8), random.integers(5, size=n)


def make_trainer(variant, images, labels, device):
    return Trainer(
        variant,
        DeviceImages(ImageSet(images, labels, np.arange(len(labels))), device),
        torch.as_tensor(labels, device=device),
        None,
        master_seed=0,
        seed=0,
        device=device,
    )


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_training_step_moves_the_weights_alike(objective):
    """The GPU works in half precision, so it is directions that are compared."""
    images, labels = make_images(128)
    steps = []
    for device in DEVICES:
        trainer = make_trainer({**VARIANT, "objective": objective}, images, labels, device)
        before = [p.detach().cpu().clone() for p in trainer.modules.parameters()]
        trainer.advance()
        after = [p.detach().cpu() for p in trainer.modules.parameters()]
        trainer.require_finite()
        steps.append([now - then for now, then in zip(after, before, strict=True)])
    for ours, theirs in zip(*steps, strict=True):
        cosine = torch.nn.functional.cosine_similarity(ours.flatten(), theirs.flatten(), dim=0)
        assert cosine > 0.99
        assert theirs.norm().item() == pytest.approx(ours.norm().item(), rel=0.05)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_recorded_step_draws_and_computes_as_one_that_is_not(objective):
    """Every bit, with noise and all augmentations; also where the learning rate falls."""
    changed = {"objective": objective, "learning_rate_drops": [0.5], "bfloat16": True}
    variant = {**TRAINED, **changed, "epochs": 0.99}
    images, labels = make_images(50 * TRAINED["batch_size"])
    recorded, launched = (make_trainer(variant, images, labels, DEVICES[1]) for _ in range(2))
    launched._take_step = lambda images, indices, step, rate: launched._compute_step(
        images, indices, *(torch.tensor(value, device=DEVICES[1]) for value in (step, rate))
    )
    with torch.backends.cudnn.flags(deterministic=True):
        for _ in range(EAGER_CALLS + 30):
            recorded.advance()
            launched.advance()
    assert recorded.learning_rate < variant["learning_rate"]
    assert torch.equal(recorded.loss_sum, launched.loss_sum)
    pairs = zip(recorded.modules.parameters(), launched.modules.parameters(), strict=True)
    assert all(torch.equal(*pair) for pair in pairs)
    for name, stream in launched.streams.items():
        assert torch.equal(recorded.streams[name].get_state(), stream.get_state())


def test_activations_are_the_same():
    images = torch.rand(16, 3, 64, 64, generator=torch_generator(0))
    responses = []
    for device in DEVICES:
        network = build_network(VARIANT, torch_generator(1)).to(device).eval()
        found, _ = read_layers(
            network,
            images.to(device),
            lambda layer, shape: choose_units(shape, "all", 1, 1, None),
            list(ARCHITECTURES.card("alexnet").layers),
            8,
        )
        responses.append(found)
    for layer, stages in responses[0].items():
        for stage, values in stages.items():
            scale = np.abs(values).max()
            np.testing.assert_allclose(responses[1][layer][stage], values, atol=5e-3 * scale)


@pytest.mark.parametrize("method", ON_GPUS)
def test_fits_are_the_same(method):
    random = np.random.default_rng(0)
    source = random.gamma(2, size=(120, 15))
    target = np.log1p(np.exp(source @ random.standard_normal((15, 9)) / 4))
    cells = [(Profile("a", "conv1", source), Profile("b", "conv1", target))]
    splits = [(np.arange(90), np.arange(90, 120))]
    scores = [
        score_cells(method, {}, cells, splits, 1, device.type)["unit_score"].values
        for device in DEVICES
    ]
    np.testing.assert_allclose(scores[1], scores[0], rtol=1e-4, atol=1e-4)
