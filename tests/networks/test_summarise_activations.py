"""The table of how reliable activations are."""

import numpy as np
import pandas as pd

from workflow_scripts.common.files import read_table
from workflow_scripts.networks import summarise_activations
from workflow_scripts.networks.activation_file import layer_dataset, write_activations


def write(path, n_passes, layers):
    """Activations of three images, with the reliability of each unit by layer and stage."""
    stimuli = np.array(list("abc"))
    data = {}
    for layer, reliability in layers.items():
        n_units = len(reliability["post"])
        responses = {stage: np.zeros((3, n_units), np.float32) for stage in reliability}
        units = tuple(np.zeros((3, n_units), int))
        values = {stage: np.array(each) for stage, each in reliability.items()}
        data[layer] = layer_dataset(responses, units, stimuli, reliability=values)
    write_activations(data, {"data_kind": "networks", "n_passes": n_passes}, path)
    return path


def test_the_table_has_quartiles_of_every_layer(tmp_path):
    noisy = {"pre": [0.9, 1.0, 0.95, 0.97, 0.92], "post": [0.1, 0.5, 0.2, 0.3, np.nan]}
    paths = [
        write(tmp_path / "population/net/7.nc", 20, {"conv1": noisy, "conv2": {"post": [0.4]}}),
        write(tmp_path / "mouse/still/0.nc", 1, {"1": {"post": [1.0, 1.0]}}),
    ]
    summarise_activations.main(paths, tmp_path / "activations.csv")
    table = read_table(tmp_path / "activations.csv")
    expected = pd.DataFrame(
        {
            "stimuli": ["population", "population", "mouse"],
            "variant": ["net", "net", "still"],
            "seed": [7, 7, 0],
            "part": ["conv1", "conv2", "1"],
            "n_passes": [20, 20, 1],
            "n_units": [5, 1, 2],
            "reliability_pre_q1": [0.92, np.nan, np.nan],
            "reliability_pre_median": [0.95, np.nan, np.nan],
            "reliability_pre_q3": [0.97, np.nan, np.nan],
            # The unit that is constant has no reliability.
            "reliability_post_q1": [0.175, 0.4, 1.0],
            "reliability_post_median": [0.25, 0.4, 1.0],
            "reliability_post_q3": [0.35, 0.4, 1.0],
            "data_kind": "networks",
        }
    )
    pd.testing.assert_frame_equal(table, expected)
