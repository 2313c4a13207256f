"""A shard: the cells that one job scores with one method, and the file that it writes."""

from workflow_scripts.alignment.noise_ceiling import NoiseCorrection
from workflow_scripts.alignment.score_cells import score_cells
from workflow_scripts.alignment.splits import make_splits
from workflow_scripts.common.devices import choose_device
from workflow_scripts.common.files import write_netcdf
from workflow_scripts.common.provenance import stamp
from workflow_scripts.common.random_streams import generator


def write_shard(
    cells, comparison, settings, output, *, stimuli, data_kind, min_units=1, n_halves=None
):
    """Score cells and write them as one file.

    Parameters
    ----------
    cells : list of tuple of Profile
        Source and target of each cell.
    comparison : str
        Which of the workflow's comparisons the cells belong to.
    settings : dict
        ``method``, its ``method_file`` and ``parameters``, ``splits`` (``n_splits``,
        ``train_fraction``), ``seed`` and ``device``.
    output : str or path-like
        netCDF file.
    stimuli : {"population", "scenes"}
        What the stimuli are: their splits are the same for all methods and comparisons.
    data_kind : str
        See `workflow_scripts.common.provenance.stamp`.
    min_units : int
        Fewest units of a target.
    n_halves : int or None
        Random halves of the trials for the noise correction; None for none.
    """
    splits = make_splits(
        len(cells[0][0].values),
        **settings["splits"],
        generator=generator(settings["seed"], "splits", stimuli),
    )
    device = choose_device(settings["device"])
    scores = score_cells(
        settings["method_file"],
        settings["parameters"],
        cells,
        splits,
        min_units,
        device,
        None if n_halves is None else NoiseCorrection(n_halves, settings["seed"]),
    )
    scores.attrs = {
        "comparison": comparison,
        "method": settings["method"],
        **stamp(settings, seed=settings["seed"], data_kind=data_kind, device=device),
    }
    write_netcdf(scores, output)
