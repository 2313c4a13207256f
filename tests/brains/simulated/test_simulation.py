"""A simulated session depends on its settings alone, and reads out what its layers have."""

from dataclasses import replace

import numpy as np
import pytest

from workflow_scripts.brains.allen.nwb import write_session
from workflow_scripts.brains.simulated.simulation import Simulation, simulate
from workflow_scripts.common.errors import InputError

SIMULATION = Simulation(
    seed=0,
    session=900001,
    units_per_area=[3, 4],
    n_trials=2,
    dimensions=3,
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


def test_a_layer_with_too_few_components_is_named(layers):
    expected = (
        r"^area VISp: found a layer with 10 principal components, expected at least 11, as "
        r"simulated\.dimensions says$"
    )
    with pytest.raises(InputError, match=expected):
        simulate(layers, replace(SIMULATION, dimensions=11))
