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


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_training_step_moves_the_weights_alike(objective):
    """The GPU works in half precision, so it is directions that are compared."""
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (128, 64, 64, 3), dtype=np.uint8)
    labels = random.integers(5, size=128)
    steps = []
    for device in DEVICES:
        trainer = Trainer(
            {**VARIANT, "objective": objective},
            DeviceImages(ImageSet(images, labels, np.arange(128)), device),
            torch.as_tensor(labels, device=device),
            None,
            master_seed=0,
            seed=0,
            device=device,
        )
        before = [p.detach().cpu().clone() for p in trainer.modules.parameters()]
        trainer.advance()
        after = [p.detach().cpu() for p in trainer.modules.parameters()]
        trainer.require_finite()
        steps.append([now - then for now, then in zip(after, before, strict=True)])
    for ours, theirs in zip(*steps, strict=True):
        cosine = torch.nn.functional.cosine_similarity(ours.flatten(), theirs.flatten(), dim=0)
        assert cosine > 0.99
        assert theirs.norm().item() == pytest.approx(ours.norm().item(), rel=0.05)


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
