"""Scores of cells: how well a method aligns source profiles to target profiles."""

import logging
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
import xarray as xr

from workflow_scripts.alignment.cells import Cell
from workflow_scripts.alignment.fit import Fit, Fitter
from workflow_scripts.alignment.method import (
    METHODS,
    Card,
    Geometry,
    make_estimator,
    penalty_extremes,
)
from workflow_scripts.alignment.noise_ceiling import NoiseCorrection, estimate_ceilings
from workflow_scripts.alignment.result import Result, Scored, Skipped
from workflow_scripts.alignment.scoring import (
    mean_of_known,
    pearson_per_unit,
    r2_per_unit,
    r2_without_groups,
)
from workflow_scripts.alignment.shard_file import shard_dataset
from workflow_scripts.alignment.splits import Split
from workflow_scripts.common.errors import InputError, NotComparable
from workflow_scripts.common.profile import POOL, AnyProfile, Pool, Profile
from workflow_scripts.solvers.arrays import Array, to_numpy, varying


def score_cells(
    method: str,
    parameters: dict[str, Any],
    cells: Sequence[Cell],
    splits: Sequence[Split],
    min_units: int,
    device: str = "cpu",
    noise_correction: NoiseCorrection | None = None,
    groups: np.ndarray | None = None,
    inner: Sequence[Split] | None = None,
    subject_groups: Sequence[Collection[str]] = (),
) -> xr.Dataset:
    """Score every cell with one method.

    A mapping is fitted on the training stimuli of each split and scored by the coefficient of
    determination on the test stimuli; a geometry, which fits nothing, is compared once, on all
    stimuli, unless choices are made by the training stimuli (`inner`). Where a mapping treats each
    target unit on its own, all targets of a source are fitted in one call, so that what depends on
    the source alone is computed once per split.

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
    groups : numpy.ndarray of int, shape (n_stimuli,), or None
        Jackknife group of each stimulus: scores are also given without the test stimuli of each
        group. The fits are kept, so that these scores say how sure a score is for these fits.
    inner : list of tuple of numpy.ndarray, or None
        A division of the training stimuli of each split: cells also have the score of a fit to
        the first part on the second, for choices that no test stimulus may decide. (A map whose
        penalties are costly keeps those that all training stimuli chose.) A geometry then
        is compared on the test stimuli of each split, and for choices on its training stimuli.
    subject_groups : list of collection of str
        Names of subjects: cells whose source is a pool also have scores from the pool without each
        of these groups.

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
        if inner is None:
            everything = np.arange(cells[0][0].n_stimuli)
            splits = [(everything, everything)]
        compared = [cells[index] for index in usable]
        estimator = make_estimator(method, parameters)
        chooses = inner is not None
        found = _compare(estimator, compared, splits, groups, subject_groups, chooses=chooses)
        results.update(zip(usable, found, strict=True))
    else:
        of_source: dict[int, list[int]] = {}
        for index in usable:
            key = index if card.joint_targets else id(cells[index][0])
            of_source.setdefault(key, []).append(index)
        fitter = Fitter(method, parameters, device if card.array_api else "cpu")
        scoring = _Scoring(splits, fitter, noise_correction, groups, inner, subject_groups)
        for number, indices in enumerate(of_source.values(), start=1):
            source = cells[indices[0]][0]
            logging.info(
                "source %d of %d: %s %s, %d targets",
                *(number, len(of_source), source.subject, source.part, len(indices)),
            )
            targets = [cells[index][1] for index in indices]
            scored = _score_group(source, targets, scoring)
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


def _compare(
    estimator: Geometry,
    cells: Sequence[Cell],
    splits: Sequence[Split],
    groups: np.ndarray | None,
    subject_groups: Sequence[Collection[str]],
    chooses: bool,
) -> list[Result]:
    """Results of a geometry, on the test stimuli of each split."""
    seconds = 0.0
    values, choices = np.full((2, len(cells), len(splits)), np.nan)
    without = {
        kind: np.full((len(cells), len(splits), n), np.nan)
        for kind, n in (("stimuli", _count(groups)), ("subjects", len(subject_groups)))
    }
    reasons = [""] * len(cells)
    for number, (train, test) in enumerate(splits):
        started = perf_counter()
        values[:, number], found = _similarities(estimator, cells, test)
        seconds += perf_counter() - started
        reasons = [earlier or reason for earlier, reason in zip(reasons, found, strict=True)]
        if chooses:
            choices[:, number], _ = _similarities(estimator, cells, train)
        without["stimuli"][:, number] = values[:, [number]]
        for group, kept in _left_out(groups, test):
            left = _similarities(estimator, cells, kept)[0] if len(kept) else np.nan
            without["stimuli"][:, number, group] = left
        for group, names in enumerate(subject_groups):
            pools = {id(source): _pool_without(source, names) for source, _ in cells}
            smaller = [
                (row, (pool, target))
                for row, (source, target) in enumerate(cells)
                if (pool := pools[id(source)]) and target.subject not in names
            ]
            rows = [row for row, _ in smaller]
            without["subjects"][rows, number, group], _ = _similarities(
                estimator, [cell for _, cell in smaller], test
            )
    return [
        Skipped(reason)
        if np.isnan(of_cell).all()
        else Scored(
            of_cell[:, None],
            seconds / len(cells),
            alpha=np.full((len(splits), 1), np.nan),
            selection=choice[:, None],
            without={kind: left[row, :, :, None] for kind, left in without.items()},
        )
        for row, (of_cell, choice, reason) in enumerate(zip(values, choices, reasons, strict=True))
    ]


def _count(groups: np.ndarray | None) -> int:
    """Number of jackknife groups."""
    return 0 if groups is None else int(groups.max()) + 1


def _left_out(groups: np.ndarray | None, stimuli: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Each jackknife group that some of these stimuli are in, and the other stimuli."""
    if groups is not None:
        for group in np.unique(groups[stimuli]):
            yield int(group), stimuli[groups[stimuli] != group]


def _pool_without(source: AnyProfile, subjects: Collection[str]) -> Pool | None:
    """A pool of the brain without some of its members; None if nothing is left."""
    if not isinstance(source, Pool) or source.subject != POOL:
        return None
    smaller = source.without(subjects)
    return smaller if smaller.n_units else None


def _similarities(
    estimator: Geometry, cells: Sequence[Cell], stimuli: np.ndarray
) -> tuple[np.ndarray, list[str]]:
    """Value of each cell over these stimuli, NaN if it has none, and the reason for that."""
    prepared: dict[int, Any] = {}
    values, reasons = np.full(len(cells), np.nan), [""] * len(cells)
    for index, cell in enumerate(cells):
        try:
            for profile in cell:
                if id(profile) not in prepared:
                    prepared[id(profile)] = estimator.prepare(profile.values[stimuli])
            values[index] = estimator.compare(*(prepared[id(profile)] for profile in cell))
        except NotComparable as reason:
            reasons[index] = str(reason)
            continue
        if np.isnan(values[index]):
            reasons[index] = "no score: the comparison of the two profiles is NaN"
    return values, reasons


@dataclass(frozen=True)
class _Scoring:
    """How all targets of a source are scored; see `score_cells`."""

    splits: Sequence[Split]
    fitter: Fitter
    noise_correction: NoiseCorrection | None
    groups: np.ndarray | None
    inner: Sequence[Split] | None
    subject_groups: Sequence[Collection[str]]


def _score_group(source: AnyProfile, targets: Sequence[Profile], scoring: _Scoring) -> list[Result]:
    """Result of each target of one source."""
    try:
        stack = _fit_stack(source, targets, scoring)
    except NotComparable as reason:
        if len(targets) == 1:
            return [Skipped(str(reason))]
        # One of the stacked targets cannot be fitted: find out which, and keep the others.
        alone = [_score_group(source, [target], scoring) for target in targets]
        return [result for results in alone for result in results]
    correlations = {}
    if scoring.noise_correction is not None:
        ceilings = estimate_ceilings(
            source, targets, scoring.splits, scoring.fitter, scoring.noise_correction
        )
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
    scores, correlations, alphas, choices : numpy.ndarray, shape (n_splits, n_units)
        Correlations and the scores to make choices by are NaN if they are not wanted.
    without : dict of str to numpy.ndarray, each of shape (n_splits, n_groups, n_units)
        See `Scored`.
    unconverged, not_numbers, penalty_ends : numpy.ndarray of int, shape (n_units,)
        In how many splits the fit of a unit did not converge, did but predicts NaN, or has the
        smallest or largest penalty that could be chosen.
    extras : dict of str to numpy.ndarray, each of shape (n_splits,)
    seconds : float
        Time of the fits and their scores together, without other fits that say how sure they are.
    """

    scores: np.ndarray
    correlations: np.ndarray
    alphas: np.ndarray
    choices: np.ndarray
    without: dict[str, np.ndarray]
    unconverged: np.ndarray
    not_numbers: np.ndarray
    penalty_ends: np.ndarray
    extras: dict[str, np.ndarray]
    seconds: float


def _fit_stack(source: AnyProfile, targets: Sequence[Profile], scoring: _Scoring) -> _Stack:
    """Fit and score all targets of one source in every split."""
    splits, groups, fitter = scoring.splits, scoring.groups, scoring.fitter
    n_units = sum(target.n_units for target in targets)
    scores, correlations, alphas, choices = np.full((4, len(splits), n_units), np.nan)
    without = {
        kind: np.full((len(splits), n, n_units), np.nan)
        for kind, n in (("stimuli", _count(groups)), ("subjects", len(scoring.subject_groups)))
    }
    unconverged, not_numbers, penalty_ends = np.zeros((3, n_units), int)
    extremes = penalty_extremes(fitter.implementation, fitter.parameters)
    extras: dict[str, np.ndarray] = {}
    seconds = 0.0
    for number, (train, test) in enumerate(splits):
        # The targets are put side by side in the order of the split, so that training and test
        # stimuli are slices: another copy would take as long as scoring.
        started = perf_counter()
        stimuli = np.concatenate([train, test])
        Y = _side_by_side(targets, stimuli)
        placed, parts = fitter.place(Y), (slice(len(train)), slice(len(train), None))
        whole = fitter.place(source.values[stimuli])
        fit = fitter.fit(whole, placed, *parts)
        responses = Y[len(train) :]
        scores[number] = r2_per_unit(responses, fit.predicted)
        seconds += perf_counter() - started
        if groups is not None:
            without["stimuli"][number] = r2_without_groups(
                responses, fit.predicted, groups[test], _count(groups)
            )
        for group, names in enumerate(scoring.subject_groups):
            pool = _pool_without(source, names)
            if pool and pool.n_units == source.n_units:
                without["subjects"][number, group] = scores[number]
            elif pool and any(target.subject not in names for target in targets):
                X = fitter.place(pool.values[stimuli])
                without["subjects"][number, group] = _again(fitter, fit, X, placed, *parts)
        if scoring.inner is not None:
            row_of = np.argsort(stimuli)
            inside = [row_of[part] for part in scoring.inner[number]]
            choices[number] = _again(fitter, fit, whole, placed, *inside)
        unconverged += fit.varies & ~fit.converged
        lost = np.flatnonzero(np.isnan(scores[number]) & fit.converged)
        varies = varying(responses[:, lost])
        not_numbers[lost] += varies & np.isnan(fit.predicted[:, lost]).any(axis=0)
        if scoring.noise_correction is not None:
            correlations[number] = pearson_per_unit(responses, fit.predicted)
        if hasattr(fit.estimator, "alpha_"):
            alphas[number, fit.varies] = to_numpy(fit.estimator.alpha_)
            penalty_ends += np.isclose(alphas[number][:, None], extremes).any(axis=1)
        for name, value in getattr(fit.estimator, "extras_", {}).items():
            extras.setdefault(name, np.full(len(splits), np.nan))[number] = value
        for guard, count in getattr(fit.estimator, "guards_", {}).items():
            if count:
                logging.info("safeguard: %s %d times in split %d", guard, count, number)
    return _Stack(
        scores,
        correlations,
        alphas,
        choices,
        without,
        unconverged,
        not_numbers,
        penalty_ends,
        extras,
        seconds,
    )


def _again(
    fitter: Fitter,
    fit: Fit,
    X: Array,
    Y: Array,
    train: np.ndarray | slice,
    test: np.ndarray | slice,
) -> np.ndarray:
    """Score of each unit in another fit of the same targets; NaN where there can be none."""
    try:
        predicted = fitter.refit(fit, X, Y, train, test).predicted
    except NotComparable as reason:
        logging.info("no score from a part of the stimuli or of the source: %s", reason)
        return np.full(Y.shape[1], np.nan)
    return r2_per_unit(to_numpy(Y[test]), predicted)


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
        selection=stack.choices[:, units],
        without={kind: values[:, :, units] for kind, values in stack.without.items()},
        n_penalty_ends=stack.penalty_ends[units].sum(),
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
