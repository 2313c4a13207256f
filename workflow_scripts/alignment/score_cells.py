"""Scores of cells: how well a method aligns source profiles to target profiles."""

import logging
from time import perf_counter

import numpy as np

from workflow_scripts.alignment.fit import _map
from workflow_scripts.alignment.method import make_estimator, read_card
from workflow_scripts.alignment.noise_ceiling import _ceilings
from workflow_scripts.alignment.scoring import _mean, _median, pearson_per_unit, r2_per_unit
from workflow_scripts.alignment.shard_file import _dataset
from workflow_scripts.common.errors import InputError, NotComparable
from workflow_scripts.solvers.arrays import on_device, to_numpy


def score_cells(method, parameters, cells, splits, min_units, device="cpu", noise_correction=None):
    """Score every cell with one method.

    A mapping is fitted on the training stimuli of each split and scored by the coefficient of
    determination on the test stimuli; a geometry is compared once, on all stimuli. Where a
    mapping treats each target unit on its own, all targets of a source are fitted in one call,
    so that what depends on the source alone is computed once a split.

    Parameters
    ----------
    method : str
        Name of a file in ``methods/``.
    parameters : dict
        Parameters of its estimator; those not named keep their defaults.
    cells : list of tuple of Profile
        Source and target of each cell; equal sources should be the same object.
    splits : list of tuple of numpy.ndarray
        Training and test indices.
    min_units : int
        Fewest units of a target; smaller ones are skipped with a reason.
    device : {"cpu", "cuda"}
        Where a mapping is fitted, if its card allows another than the CPU.
    noise_correction : NoiseCorrection or None
        With one, mappings also have correlations, and what they would be without the noise of
        trials: ``correlation_corrected`` is ``correlation`` divided by
        `workflow_scripts.alignment.scoring.ceiling_per_unit`, mean over halves and splits.

    Returns
    -------
    xarray.Dataset
        One row a cell, as results/README.md describes.

    Raises
    ------
    InputError
        If a source and a target were not shown the same number of stimuli.
    """
    for source, target in cells:
        if len(source.values) != len(target.values):
            raise InputError(
                f"{target.subject} {target.part}: found responses to {len(target.values)} stimuli, "
                f"expected {len(source.values)} as in {source.subject} {source.part}"
            )
    card = read_card(method)
    device = device if card.array_api else "cpu"
    results = [None] * len(cells)
    groups = {}
    for index, (source, target) in enumerate(cells):
        reason = _unusable(source, target, min_units)
        if reason:
            results[index] = reason
        else:
            key = index if card.joint_targets else id(source)
            groups.setdefault(key, []).append(index)
    if card.kind == "geometry":
        _compare(method, parameters, cells, results)
        return _dataset(cells, results, [None])

    def fit(X, Y):
        return make_estimator(method, parameters).fit(X, Y)

    for number, indices in enumerate(groups.values(), start=1):
        source = cells[indices[0]][0]
        logging.info(
            "source %d of %d: %s %s, %d targets",
            number,
            len(groups),
            source.subject,
            source.part,
            len(indices),
        )
        for index, result in zip(
            indices,
            _score_group(
                source, [cells[i][1] for i in indices], splits, device, fit, noise_correction
            ),
            strict=True,
        ):
            results[index] = result
    return _dataset(cells, results, splits)


def _unusable(source, target, min_units):
    """Why a cell cannot be scored by any method, or an empty text."""
    for name, profile in (("source", source), ("target", target)):
        missing = np.isnan(profile.values).any(axis=0).sum()
        if missing:
            return f"{missing} units of the {name} have missing responses"
    if source.values.shape[1] == 0:
        return "the source has no units"
    if target.values.shape[1] < max(1, min_units):
        return f"the target has {target.values.shape[1]} units, fewer than {max(1, min_units)}"
    return ""


def _score_group(source, targets, *how):
    """Result of each target: a dict, or the reason why there is none."""
    try:
        return _fit_and_score(source, targets, *how)
    except NotComparable as reason:
        if len(targets) == 1:
            return [str(reason)]
    # One of the stacked targets cannot be fitted: find out which, and keep the others.
    return [_score_group(source, [target], *how)[0] for target in targets]


def _compare(method, parameters, cells, results):
    """Fill in the results of a geometry; every profile is prepared once."""
    estimator = make_estimator(method, parameters)
    prepared = {}
    for index, cell in enumerate(cells):
        if results[index]:
            continue
        started = perf_counter()
        try:
            for profile in cell:
                if id(profile) not in prepared:
                    prepared[id(profile)] = estimator.prepare(profile.values)
            value = estimator.compare(*(prepared[id(profile)] for profile in cell))
        except NotComparable as reason:
            results[index] = str(reason)
            continue
        results[index] = {
            "units": np.array([[value]]),
            "alpha": np.array([np.nan]),
            "n_unconverged": 0,
            "extras": {},
            "seconds": perf_counter() - started,
            "correlations": {},
        }


def _fit_and_score(source, targets, splits, device, fit, noise_correction):
    stacked = np.hstack([target.values for target in targets])
    ends = np.cumsum([target.values.shape[1] for target in targets])
    scores = np.full((len(splits), stacked.shape[1]), np.nan)
    alphas = np.full((len(splits), stacked.shape[1]), np.nan)
    unconverged = np.zeros(stacked.shape[1], int)
    extras, predictions = {}, []
    started = perf_counter()
    X, Y = on_device(source.values, device), on_device(stacked, device)
    for number, (train, test) in enumerate(splits):
        estimator, varies, reached, predicted = _map(fit, X, Y, train, test)
        scores[number] = r2_per_unit(stacked[test], predicted)
        unconverged += varies & ~reached
        predictions.append(predicted)
        if hasattr(estimator, "alpha_"):
            alphas[number, varies] = to_numpy(estimator.alpha_)
        for name, value in getattr(estimator, "extras_", {}).items():
            extras.setdefault(name, np.full(len(splits), np.nan))[number] = value
        for guard, count in getattr(estimator, "guards_", {}).items():
            if count:
                logging.info("guard %s bound %d times in split %d", guard, count, number)
    seconds = (perf_counter() - started) / len(targets)
    correlations = {}
    if noise_correction is not None:
        measured = np.array(
            [
                pearson_per_unit(stacked[test], predicted)
                for (_, test), predicted in zip(splits, predictions, strict=True)
            ]
        )
        ceilings = _ceilings(source, targets, splits, device, fit, noise_correction)
        correlations = {
            "correlation": measured,
            "correlation_ceiling": _mean(ceilings, axis=0),
            "correlation_corrected": _mean(measured / ceilings, axis=0),
        }
    results = []
    for start, end in zip(np.r_[0, ends[:-1]], ends, strict=True):
        units = scores[:, start:end]
        if np.isnan(units).all():
            results.append(
                f"no unit has a score: {unconverged[start:end].sum()} of {units.size} fits did not "
                f"converge, the other units are constant over the test stimuli"
            )
            continue
        results.append(
            {
                "units": units,
                "alpha": _median(alphas[:, start:end], axis=1),
                "n_unconverged": unconverged[start:end].sum(),
                "extras": extras,
                "seconds": seconds,
                "correlations": {
                    name: values[:, start:end] for name, values in correlations.items()
                },
            }
        )
    return results
