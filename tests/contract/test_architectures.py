"""What every file in networks/architectures/ must keep; a new file is tested without a test."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from torch import nn
from torch.nn.functional import softplus

from workflow_scripts.networks.architecture import ARCHITECTURES, build_network
from workflow_scripts.networks.blocks import Network, NoisySoftplus, torch_generator
from workflow_scripts.networks.readout import NONLINEARITIES, read_layers
from workflow_scripts.networks.unit_sampling import choose_units

CONFIG = yaml.safe_load(Path(__file__).parents[2].joinpath("config.yaml").read_text())
SMALL = {
    **{"width": 0.125, "dropout": 0.5, "model": "resnet18", "weights": None, "input_size": 64},
    "function": f"{__file__}:small_network",
}
"""Options that differ from those in config.yaml, to be fast, or are not there."""
OTHER = {"timm_model": {"model": "ese_vovnet19b_slim"}}
"""Options of single architectures: timm's ResNets begin with branches whose gradient is zero."""
RECTIFICATIONS = {NoisySoftplus: softplus, nn.ReLU: torch.relu}
"""The non-linearities again, by torch's functions alone."""


def variant(architecture):
    """Settings of this architecture: those of config.yaml, with small networks."""
    own = [
        entry for entry in CONFIG["variants"].values() if entry.get("architecture") == architecture
    ]
    return {
        **CONFIG["training"],
        **(own[0] if own else {}),
        "architecture": architecture,
        **SMALL,
        **OTHER.get(architecture, {}),
    }


def small_network():
    """A model of one's own."""
    return nn.Sequential(
        nn.Conv2d(3, 8, 5, 4), nn.ReLU(), nn.Conv2d(8, 8, 5), nn.Flatten(), nn.Linear(968, 9)
    )


def build(architecture, seed=0):
    return build_network(variant(architecture), torch_generator(seed))


def all_units(layer, shape):
    return choose_units(shape, "all", 1, 1, None)


@pytest.fixture
def images():
    return torch.rand(4, 3, 64, 64, generator=torch_generator(0))


OPTIONAL = {"timm_model": "timm"}
"""Libraries that need not be installed."""
NAMES = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            name in OPTIONAL and find_spec(OPTIONAL[name]) is None,
            reason=f"its library is an optional group: uv run --group {OPTIONAL.get(name)} pytest",
        ),
    )
    for name in ARCHITECTURES.names()
]


@pytest.mark.parametrize("architecture", NAMES)
class TestArchitecture:
    def test_card_is_complete_and_read_as_it_is_imported(self, architecture):
        module, card = ARCHITECTURES.load(architecture), ARCHITECTURES.card(architecture)
        assert card == module.CARD
        assert card.label and card.reference
        assert len(set(card.layers)) == len(card.layers)
        assert all(isinstance(layer, str) for layer in card.layers)
        assert card.layers or not card.trained
        assert module.__doc__ and module.build.__doc__

    def test_every_option_has_a_form_and_is_in_the_configuration(self, architecture):
        assert set(ARCHITECTURES.parameters(architecture)) <= set(variant(architecture))

    def test_layers_of_the_card_are_those_that_can_be_read(self, architecture):
        network, layers = build(architecture), ARCHITECTURES.card(architecture).layers
        assert isinstance(network, Network)
        known = network.activations()
        assert known
        assert tuple(known) == (layers or tuple(known))

    def test_every_layer_has_the_values_before_and_after_its_non_linearity(
        self, architecture, images
    ):
        network = build(architecture).eval()
        modules = network.activations()
        responses, units = read_layers(network, images, all_units, list(modules), 3)
        for layer, values in responses.items():
            assert values["post"].shape == (4, len(units[layer][0]))
            assert np.isfinite(values["post"]).all()
            is_rectified = isinstance(modules[layer], NONLINEARITIES)
            assert ("pre" in values) == is_rectified
            assert is_rectified or not ARCHITECTURES.card(architecture).trained
            if is_rectified:
                rectify = RECTIFICATIONS.get(type(modules[layer]), modules[layer])
                expected = rectify(torch.as_tensor(values["pre"])).numpy()
                np.testing.assert_allclose(values["post"], expected, rtol=1e-5, atol=1e-6)

    def test_features_of_64_pixels_are_as_many_as_it_says(self, architecture, images):
        network = build(architecture).eval()
        features = network(images)
        assert features.shape == (4, network.n_outputs)
        assert features.isfinite().all()

    def test_the_seed_alone_decides_on_the_weights(self, architecture):
        """PyTorch's global generator does not, and is left as it was."""
        first = build(architecture)
        torch.manual_seed(1)
        state = torch.get_rng_state()
        again, other = (build(architecture, seed).state_dict() for seed in (0, 1))
        assert torch.equal(torch.get_rng_state(), state)
        assert all(torch.equal(value, again[name]) for name, value in first.state_dict().items())
        for name, parameter in first.named_parameters():
            constant = parameter.std() == 0  # scale and shift of batch normalisation
            assert constant == torch.equal(parameter, other[name])

    def test_every_parameter_has_a_gradient(self, architecture, images):
        network = build(architecture)
        network(images).square().sum().backward()
        assert all(parameter.grad.abs().sum() > 0 for parameter in network.parameters())

    def test_no_module_writes_into_its_input(self, architecture, images):
        before, changed = {}, []

        def remember(module, inputs):
            before[module] = inputs[0].clone()

        def compare(module, inputs, output):
            if not torch.equal(inputs[0], before[module]):
                changed.append(module)

        network, shown = build(architecture).eval(), images.clone()
        for module in network.modules():
            module.register_forward_pre_hook(remember)
            module.register_forward_hook(compare)
        with torch.no_grad():
            network(images)
        assert before and not changed
        assert torch.equal(images, shown)
