"""The file of a shard, and its rows in the tables."""

import numpy as np
import pandas as pd
import xarray as xr

from workflow_scripts.alignment.scoring import _mean, _median
from workflow_scripts.common.errors import InputError


def _dataset(cells, results, splits):
    n_cells, n_splits = len(cells), len(splits)
    scored = [result for result in results if isinstance(result, dict)]
    n_units = max([result["units"].shape[1] for result in scored], default=1)
    score = np.full((n_cells, n_splits), np.nan)
    alpha = np.full((n_cells, n_splits), np.nan)
    score_unit = np.full((n_cells, n_units), np.nan)
    dropped, unconverged = np.zeros(n_cells, np.int64), np.zeros(n_cells, np.int64)
    extras = {name: np.full((n_cells, n_splits), np.nan) for r in scored for name in r["extras"]}
    correlations = {
        name: np.full((n_cells, n_units), np.nan) for r in scored for name in r["correlations"]
    }
    seconds = np.full(n_cells, np.nan)
    for index, result in enumerate(results):
        if not isinstance(result, dict):
            continue
        units = _mean(result["units"], axis=0)
        score_unit[index, : len(units)] = units
        score[index] = _median(result["units"], axis=1)
        alpha[index] = result["alpha"]
        dropped[index] = np.isnan(units).sum()
        unconverged[index] = result["n_unconverged"]
        for name, values in result["extras"].items():
            extras[name][index] = values
        for name, values in result["correlations"].items():
            correlations[name][index, : len(units)] = _mean(values, axis=0)
        seconds[index] = result["seconds"]
    n_stimuli = cells[0][0].values.shape[0]
    n_train, n_test = (n_stimuli, n_stimuli) if splits[0] is None else map(len, splits[0])
    reasons = [result if isinstance(result, str) else "" for result in results]
    return xr.Dataset(
        {
            "score": (("cell", "split"), score),
            "score_unit": (("cell", "target_unit"), score_unit),
            "verdict": ("cell", ["skipped" if reason else "ok" for reason in reasons]),
            "reason": ("cell", reasons),
            "n_source_units": ("cell", [source.values.shape[1] for source, _ in cells]),
            "n_target_units": ("cell", [target.values.shape[1] for _, target in cells]),
            "n_dropped_units": ("cell", dropped),
            "n_unconverged_fits": ("cell", unconverged),
            "n_train": ("cell", [n_train] * n_cells),
            "n_test": ("cell", [n_test] * n_cells),
            "alpha": (("cell", "split"), alpha),
            "seconds": ("cell", seconds, {"units": "s"}),
            **{name: (("cell", "split"), values) for name, values in extras.items()},
            **{name: (("cell", "target_unit"), values) for name, values in correlations.items()},
        },
        coords={
            "source_subject": ("cell", [source.subject for source, _ in cells]),
            "source_part": ("cell", [source.part for source, _ in cells]),
            "target_subject": ("cell", [target.subject for _, target in cells]),
            "target_part": ("cell", [target.part for _, target in cells]),
        },
    )


PAIR = ["source_subject", "source_part", "target_subject", "target_part"]

CORRELATIONS = ["correlation", "correlation_ceiling", "correlation_corrected"]

FLOOR = -1.0  # of the mean over units, which a single exploding prediction would otherwise decide


def read_shard(path):
    """Rows of one shard.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    cells : pandas.DataFrame
        ``score`` is the median over units, ``score_mean`` their mean, floored at -1; correlations
        are medians over units, NaN without a noise correction, and ``n_above_ceiling`` is how many
        corrected ones are above 1.
    splits : pandas.DataFrame
        ``score`` is the median over units in that split.

    Raises
    ------
    InputError
        If a cell has no verdict.
    """
    with xr.open_dataset(path, engine="h5netcdf") as opened:
        data = opened.load()
    verdicts = set(data["verdict"].values.astype(str)) if "verdict" in data else {"none"}
    if not verdicts <= {"ok", "skipped"}:
        raise InputError(f"{path}: found verdicts {sorted(verdicts)}, expected ok or skipped")
    units = pd.DataFrame(data["score_unit"].values)
    empty = np.full(units.shape, np.nan)
    correlations = {name: data[name].values if name in data else empty for name in CORRELATIONS}
    cells = pd.DataFrame(
        {
            "comparison": data.attrs["comparison"],
            "method": data.attrs["method"],
            **{name: data[name].values for name in PAIR},
            "verdict": data["verdict"].values,
            "reason": data["reason"].values,
            "score": units.median(axis=1),
            "score_mean": units.clip(lower=FLOOR).mean(axis=1),
            **{name: pd.DataFrame(values).median(axis=1) for name, values in correlations.items()},
            "n_above_ceiling": (correlations["correlation_corrected"] > 1).sum(axis=1),
            **{
                name: data[name].values
                for name in (
                    "n_source_units",
                    "n_target_units",
                    "n_dropped_units",
                    "n_unconverged_fits",
                    "seconds",
                )
            },
            "data_kind": data.attrs["data_kind"],
        }
    )
    n_splits = data.sizes["split"]
    splits = cells[["comparison", "method", *PAIR]].loc[np.repeat(cells.index, n_splits)]
    splits["split"] = np.tile(np.arange(n_splits), len(cells))
    splits["score"] = data["score"].values.ravel()
    return cells, splits
