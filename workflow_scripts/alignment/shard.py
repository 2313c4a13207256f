"""A shard: the cells that one job scores with one method, and the file that it writes."""

from collections.abc import Sequence
from typing import Any

from workflow_scripts.alignment.cells import Cell
from workflow_scripts.alignment.noise_ceiling import NoiseCorrection
from workflow_scripts.alignment.score_cells import score_cells
from workflow_scripts.alignment.splits import make_splits
from workflow_scripts.common.devices import choose_device
from workflow_scripts.common.files import PathLike, write_netcdf
from workflow_scripts.common.provenance import stamp
from workflow_scripts.common.random_streams import generator
from workflow_scripts.common.stimuli import Stimuli


def write_shard(
    cells: Sequence[Cell],
    comparison: str,
    settings: dict[str, Any],
    stimuli: Stimuli,
    data_kind: str,
    output: PathLike,
) -> None:
    """Score cells and write them as one file.

    Parameters
    ----------
    cells : list of tuple of Profile
        Source and target of each cell.
    comparison : {"networks", "brain", "model_to_brain", "brain_to_model", "brain_to_brain"}
    settings : dict
        ``seed``, ``device``, ``method`` (its name in results), ``implementation`` (name of its
        file), ``parameters``, and ``splits`` (``n_splits``, ``train_fraction``). With a brain also
        ``brain`` (its name), ``filters`` (of which ``min_units`` is the fewest units of a target),
        and ``noise_correction`` (number of random divisions of the trials into halves, or None).
    stimuli : Stimuli
        Rows of all profiles.
    data_kind : str
        See `workflow_scripts.common.provenance.stamp`.
    output : str or path-like
        netCDF file.
    """
    brain, seed = settings.get("brain", ""), settings["seed"]
    # One stream for the networks' stimuli and one for those of every brain, so that all methods and
    # comparisons have the same splits.
    random = generator(seed, "splits", "scenes" if brain else "population")
    splits = make_splits(stimuli, **settings["splits"], generator=random)
    device = choose_device(settings["device"])
    n_halves = settings["noise_correction"] if brain else None
    scores = score_cells(
        settings["implementation"],
        settings["parameters"],
        cells,
        splits,
        settings["filters"]["min_units"] if brain else 1,
        device,
        None if n_halves is None else NoiseCorrection(n_halves, seed),
    )
    scores.attrs = {
        "comparison": comparison,
        "brain": brain,
        "method": settings["method"],
        **stamp(settings, seed=seed, data_kind=data_kind, device=device),
    }
    write_netcdf(scores, output)
