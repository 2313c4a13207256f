"""A shard: the cells that one job scores with one method, and the file that it writes."""

import json
from collections.abc import Sequence
from typing import Any

from workflow_scripts.alignment.cells import Cell
from workflow_scripts.alignment.noise_ceiling import NoiseCorrection
from workflow_scripts.alignment.score_cells import score_cells
from workflow_scripts.alignment.source_units import limit_sources
from workflow_scripts.alignment.splits import inner_splits, jackknife_groups, make_splits
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
    chooses: bool = False,
    subject_groups: Sequence[Sequence[str]] = (),
) -> None:
    """Score cells and write them as one file.

    Parameters
    ----------
    cells : list of tuple of Profile
        Source and target of each cell.
    comparison : str
        ``networks``, ``brain``, ``groups``, ``model_to_brain``, ``brain_to_model`` or
        ``brain_to_brain``.
    settings : dict
        ``seed``, ``device``, ``method`` (its name in results), ``implementation`` (name of its
        file), ``parameters``, and ``splits`` (``n_splits``, ``train_fraction``). With a brain also
        ``brain`` (its name), ``filters`` (of which ``min_units`` is the fewest units of a target),
        ``max_source_units`` (the most units of a source, or None), and ``noise_correction`` (number
        of random divisions of the trials into halves, or None).
    stimuli : Stimuli
        Rows of all profiles.
    data_kind : str
        See `workflow_scripts.common.provenance.stamp`.
    output : str or path-like
        netCDF file.
    chooses : bool
        Whether one of these cells is chosen later, by scores inside the training stimuli.
    subject_groups : list of list of str
        Groups of a brain's subjects that are left out in turn; see
        `workflow_scripts.alignment.cells.subject_groups`.
    """
    brain, seed = settings.get("brain", ""), settings["seed"]
    # One stream for the networks' stimuli and one for those of every brain, so that all methods and
    # comparisons have the same splits.
    stream = "scenes" if brain else "population"
    splits = make_splits(stimuli, **settings["splits"], generator=generator(seed, "splits", stream))
    inner = None
    if chooses:
        fraction = settings["splits"]["train_fraction"]
        inner = inner_splits(stimuli, splits, fraction, generator(seed, "inner_splits", stream))
    device = choose_device(settings["device"])
    n_halves = settings["noise_correction"] if brain else None
    max_units = settings["max_source_units"] if brain else None
    if max_units is not None:
        cells = limit_sources(cells, max_units, seed)
    scores = score_cells(
        settings["implementation"],
        settings["parameters"],
        cells,
        splits,
        settings["filters"]["min_units"] if brain else 1,
        device,
        None if n_halves is None else NoiseCorrection(n_halves, seed),
        jackknife_groups(stimuli, generator(seed, "jackknife", stream)),
        inner,
        subject_groups,
    )
    scores.attrs = {
        "comparison": comparison,
        "brain": brain,
        "method": settings["method"],
        "subject_groups": json.dumps(subject_groups),
        **stamp(settings, seed=seed, data_kind=data_kind, device=device),
    }
    write_netcdf(scores, output)
