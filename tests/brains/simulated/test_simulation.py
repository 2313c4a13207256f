"""A simulated session depends on its settings alone, and reads out what its layers have."""

from dataclasses import replace

import numpy as np
import pytest

from tests.harness.mini import DEFAULT
from workflow_scripts.brains.allen.nwb import write_session
from workflow_scripts.brains.simulated.simulation import (
    Simulation,
    draw_units,
    principal_components,
    simulate,
)
from workflow_scripts.common.errors import InputError

SIMULATION = Simulation(
    seed=0,
    session=900001,
    units_per_area=[3, 4],
    n_trials=2,
    max_dimensions=3,
    spectrum="cortex",
    mean_rate_hz=10.0,
    gain=2.0,
)


@pytest.fixture
def layers():
    return {"VISp": np.random.default_rng(0).normal(size=(12, 10))}


def test_equal_settings_give_equal_files_and_other_seeds_and_sessions_do_not(layers, tmp_path):
    def content(**changes):
        path = tmp_path / "session.nwb"
        write_session(path, simulate(layers, replace(SIMULATION, **changes)), notes="{}")
        return path.read_bytes()

    assert content() == content()
    assert len({content(), content(seed=1), content(session=900002)}) == 3


def test_each_area_has_units_and_each_probe_two_of_another_area(layers):
    session = simulate(layers, SIMULATION)
    locations = session.electrodes.set_index("id")["location"]
    areas = session.units["peak_channel_id"].map(locations).value_counts()
    assert set(areas.index) == {"VISp", "CA1"}
    assert areas["VISp"] in SIMULATION.units_per_area
    assert areas["CA1"] == 2
    assert len(session.spike_times) == len(session.units)


@pytest.mark.parametrize("spectrum", ["cortex", "layer"])
def test_components_have_the_spectrum_that_is_asked_for(layers, spectrum):
    centred = layers["VISp"] - layers["VISp"].mean(axis=0)
    of_layer = np.linalg.eigvalsh(centred.T @ centred)[::-1]
    expected = {"cortex": 1 / np.arange(1, 11), "layer": of_layer / of_layer[0]}[spectrum]
    components = principal_components(layers["VISp"], 50, spectrum, "VISp")
    np.testing.assert_allclose(components.T @ components / 12, np.diag(expected), atol=1e-12)
    fewer = principal_components(layers["VISp"], 3, spectrum, "VISp")
    np.testing.assert_allclose(fewer, components[:, :3])


def test_a_layer_that_tells_nothing_apart_is_named():
    expected = r"^area VISp: found a layer that responds to all stimuli alike, expected"
    with pytest.raises(InputError, match=expected):
        simulate({"VISp": np.ones((12, 10))}, SIMULATION)


def test_the_default_mice_are_as_noisy_as_recorded_ones():
    """Of recorded units a part is reliable, by about .75 (halves of 50 trials, Spearman-Brown)."""
    options = DEFAULT["brains"]["mouse"]["simulated"]
    given = {name: options[name] for name in options if name not in ("truth", "layers")}
    random = np.random.default_rng(0)
    layers = {"VISp": random.normal(size=(118, 60))}
    wanted = Simulation(seed=0, session=1, **given | {"units_per_area": [200, 200]})
    _, rates = draw_units(layers, wanted)
    expected = 0.21 * rates[:200]  # spikes in the window of the extraction
    odd, even = (random.poisson(25 * expected) for _ in range(2))
    halves = [np.corrcoef(*unit)[0, 1] for unit in zip(odd, even, strict=True)]
    reliability = 2 * np.array(halves) / (1 + np.array(halves))
    reliable = reliability[reliability > 0.5]
    assert 0.25 < len(reliable) / 200 < 0.75
    assert 0.65 < np.median(reliable) < 0.85
