"""Scores of cells: how well a method aligns source profiles to target profiles."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
import xarray as xr

from workflow_scripts.alignment.cells import Cell
from workflow_scripts.alignment.fit import Fitter
from workflow_scripts.alignment.method import METHODS, Card, make_estimator
from workflow_scripts.alignment.noise_ceiling import NoiseCorrection, estimate_ceilings
from workflow_scripts.alignment.result import Result, Scored, Skipped
from workflow_scripts.alignment.scoring import (
    mean_of_known,
    pearson_per_unit,
    r2_per_unit,
)
from workflow_scripts.alignment.shard_file import shard_dataset
from workflow_scripts.alignment.splits import Split
from workflow_scripts.common.errors import InputError, NotComparable
from workflow_scripts.common.profile import AnyProfile, Profile
from workflow_scripts.solvers.arrays import to_numpy


def score_cells(
    method: str,
    parameters: dict[str, Any],
    cells: Sequence[Cell],
    splits: Sequence[Split],
    min_units: int,
    device: str = "cpu",
    noise_correction: NoiseCorrection | None = None,
) -> xr.Dataset:
    """Score every cell with one method.

    A mapping is fitted on the training stimuli of each split and scored by the coefficient of
    determination on the test stimuli; a geometry is compared once, on all stimuli. Where a
    mapping treats each target unit on its own, all targets of a source are fitted in one call,
    so that what depends on the source alone is computed once per split.

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
        Fewest units of a target; cells with smaller targets are skipped with a reason.
    device : {"cpu", "cuda"}
        Where a mapping is fitted, if its card allows another than the CPU.
    noise_correction : NoiseCorrection or None
        With one, mappings also have correlations, and what they would be without the noise of
        trials: ``correlation_corrected`` is ``correlation`` divided by
        `workflow_scripts.alignment.noise_ceiling.ceiling_per_unit`, mean over halves and splits.

    Returns
    -------
    xarray.Dataset
        One row per cell, as results/README.md describes.

    Raises
    ------
    InputError
        If a source and a target were not shown the same number of stimuli, or the method predicts
        responses of a wrong shape.
    """
    for source, target in cells:
        if source.n_stimuli != target.n_stimuli:
            raise InputError(
                f"{target.subject} {target.part}",
                f"responses to {target.n_stimuli} stimuli",
                f"{source.n_stimuli} as in {source.subject} {source.part}",
            )
    card = METHODS.card(method)
    results: dict[int, Result] = {}
    profiles = {id(profile): profile for cell in cells for profile in cell}
    lowest = {key: profile.values.min(axis=0) for key, profile in profiles.items()}
    for index, (source, target) in enumerate(cells):
        obstacle = _obstacle(card, source, target, min_units, lowest)
        if obstacle:
            results[index] = Skipped(obstacle)
    usable = [index for index in range(len(cells)) if index not in results]
    if card.kind == "geometry":
        compared = _compare(method, parameters, [cells[index] for index in usable])
        results.update(zip(usable, compared, strict=True))
        everything = np.arange(cells[0][0].n_stimuli)
        splits = [(everything, everything)]
    else:
        groups: dict[int, list[int]] = {}
        for index in usable:
            key = index if card.joint_targets else id(cells[index][0])
            groups.setdefault(key, []).append(index)
        fitter = Fitter(method, parameters, device if card.array_api else "cpu")
        for number, indices in enumerate(groups.values(), start=1):
            source = cells[indices[0]][0]
            logging.info(
                "source %d of %d: %s %s, %d targets",
                *(number, len(groups), source.subject, source.part, len(indices)),
            )
            targets = [cells[index][1] for index in indices]
            scored = _score_group(source, targets, splits, fitter, noise_correction)
            results.update(zip(indices, scored, strict=True))
    return shard_dataset(cells, [results[index] for index in range(len(cells))], splits)


def _obstacle(
    card: Card, source: AnyProfile, target: Profile, min_units: int, lowest: dict[int, np.ndarray]
) -> str:
    """Why the method of this card cannot score this cell, or an empty text.

    `lowest` has the smallest response of each unit, NaN if one is missing, by the identity of the
    profile.
    """
    for name, profile in (("source", source), ("target", target)):
        n_missing = np.isnan(lowest[id(profile)]).sum()
        if n_missing:
            return f"{n_missing} units of the {name} have missing responses"
    if source.n_units == 0:
        return "the source has no units"
    if target.n_units < max(1, min_units):
        return f"the target has {target.n_units} units, fewer than {max(1, min_units)}"
    n_negative = (lowest[id(target)] < 0).sum()
    if card.nonnegative_targets and n_negative:
        return (
            f"{n_negative} units of the target have negative responses, which this method cannot "
            "predict"
        )
    return ""


def _compare(method: str, parameters: dict[str, Any], cells: Sequence[Cell]) -> list[Result]:
    """Results of a geometry; every profile is prepared once."""
    estimator = make_estimator(method, parameters)
    prepared: dict[int, Any] = {}
    results: list[Result] = []
    for cell in cells:
        started = perf_counter()
        try:
            for profile in cell:
                if id(profile) not in prepared:
                    prepared[id(profile)] = estimator.prepare(profile.values)
            value = estimator.compare(*(prepared[id(profile)] for profile in cell))
        except NotComparable as reason:
            results.append(Skipped(str(reason)))
            continue
        if np.isnan(value):
            results.append(Skipped("no score: the comparison of the two profiles is NaN"))
            continue
        seconds = perf_counter() - started
        results.append(Scored(np.array([[value]]), seconds, alpha=np.array([[np.nan]])))
    return results


def _score_group(
    source: AnyProfile,
    targets: Sequence[Profile],
    splits: Sequence[Split],
    fitter: Fitter,
    noise_correction: NoiseCorrection | None,
) -> list[Result]:
    """Result of each target of one source."""
    try:
        stack = _fit_stack(source, targets, splits, fitter, noise_correction is not None)
    except NotComparable as reason:
        if len(targets) == 1:
            return [Skipped(str(reason))]
        # One of the stacked targets cannot be fitted: find out which, and keep the others.
        alone = [
            _score_group(source, [target], splits, fitter, noise_correction) for target in targets
        ]
        return [result for results in alone for result in results]
    correlations = {}
    if noise_correction is not None:
        ceilings = estimate_ceilings(source, targets, splits, fitter, noise_correction)
        correlations = {
            "correlation": stack.correlations,
            "correlation_ceiling": mean_of_known(ceilings, axis=0),
            "correlation_corrected": mean_of_known(stack.correlations / ceilings, axis=0),
        }
    ends = np.cumsum([target.n_units for target in targets])
    return [
        _cut(stack, slice(start, end), correlations, len(targets))
        for start, end in zip([0, *ends[:-1]], ends, strict=True)
    ]


@dataclass(frozen=True)
class _Stack:
    """Fits of all targets of one source, the units of the targets side by side.

    Attributes
    ----------
    scores, correlations, alphas : numpy.ndarray, shape (n_splits, n_units)
        Correlations are NaN if they are not wanted.
    unconverged, not_numbers : numpy.ndarray of int, shape (n_units,)
        In how many splits the fit of a unit did not converge, or did but predicts NaN.
    extras : dict of str to numpy.ndarray, each of shape (n_splits,)
    seconds : float
        Time of all fits together.
    """

    scores: np.ndarray
    correlations: np.ndarray
    alphas: np.ndarray
    unconverged: np.ndarray
    not_numbers: np.ndarray
    extras: dict[str, np.ndarray]
    seconds: float


def _fit_stack(
    source: AnyProfile,
    targets: Sequence[Profile],
    splits: Sequence[Split],
    fitter: Fitter,
    correlate: bool,
) -> _Stack:
    """Fit and score all targets of one source in every split."""
    n_units = sum(target.n_units for target in targets)
    scores, correlations, alphas = np.full((3, len(splits), n_units), np.nan)
    unconverged = np.zeros(n_units, int)
    not_numbers = np.zeros(n_units, int)
    extras: dict[str, np.ndarray] = {}
    started = perf_counter()
    for number, (train, test) in enumerate(splits):
        # The targets are put side by side in the order of the split, so that training and test
        # stimuli are slices: another copy would take as long as scoring.
        stimuli = np.concatenate([train, test])
        Y = _side_by_side(targets, stimuli)
        fit = fitter.fit(
            fitter.place(source.values[stimuli]),
            fitter.place(Y),
            slice(len(train)),
            slice(len(train), None),
        )
        responses = Y[len(train) :]
        scores[number] = r2_per_unit(responses, fit.predicted)
        unconverged += fit.varies & ~fit.converged
        lost = np.flatnonzero(np.isnan(scores[number]) & fit.converged)
        varies = np.ptp(responses[:, lost], axis=0) > 0
        not_numbers[lost] += varies & np.isnan(fit.predicted[:, lost]).any(axis=0)
        if correlate:
            correlations[number] = pearson_per_unit(responses, fit.predicted)
        if hasattr(fit.estimator, "alpha_"):
            alphas[number, fit.varies] = to_numpy(fit.estimator.alpha_)
        for name, value in getattr(fit.estimator, "extras_", {}).items():
            extras.setdefault(name, np.full(len(splits), np.nan))[number] = value
        for guard, count in getattr(fit.estimator, "guards_", {}).items():
            if count:
                logging.info("safeguard: %s %d times in split %d", guard, count, number)
    seconds = perf_counter() - started
    return _Stack(scores, correlations, alphas, unconverged, not_numbers, extras, seconds)


def _side_by_side(targets: Sequence[Profile], stimuli: np.ndarray) -> np.ndarray:
    """Responses of all targets to these stimuli, in this order, shape (n_stimuli, n_units)."""
    counts = [target.n_units for target in targets]
    responses = np.empty((len(stimuli), sum(counts)))
    columns = np.split(responses, np.cumsum(counts[:-1]), axis=1)
    for target, of_target in zip(targets, columns, strict=True):
        of_target[:] = target.values[stimuli]
    return responses


def _cut(
    stack: _Stack, units: slice, correlations: dict[str, np.ndarray], n_targets: int
) -> Result:
    """Result of the target that has these units."""
    by_split = stack.scores[:, units]
    unconverged = stack.unconverged[units].sum()
    if np.isnan(by_split).all():
        return Skipped(_no_score(by_split.size, unconverged, stack.not_numbers[units].sum()))
    return Scored(
        by_split,
        stack.seconds / n_targets,
        alpha=stack.alphas[:, units],
        n_unconverged=unconverged,
        extras=stack.extras,
        correlations={name: values[:, units] for name, values in correlations.items()},
    )


def _no_score(n_fits: int, n_unconverged: int, n_not_numbers: int) -> str:
    """Reason of a cell in which no unit has a score in any split."""
    counts = {
        "did not converge": n_unconverged,
        "predicted NaN": n_not_numbers,
        "had a target that is constant over the training or test stimuli": (
            n_fits - n_unconverged - n_not_numbers
        ),
    }
    told = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    return f"no unit has a score: of {n_fits} fits, {told}"
