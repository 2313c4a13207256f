"""Alignment methods: what a file in ``methods/`` must have, and the methods that are configured."""

from collections import abc
from dataclasses import dataclass, replace
from inspect import signature
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

from workflow_scripts.common.cards import PACKAGE, Gallery

if TYPE_CHECKING:
    import numpy as np

    from workflow_scripts.solvers.arrays import Array

Stage = Literal["pre", "post"]


@dataclass(frozen=True, kw_only=True)
class Card:
    """What a method says about itself; every value must be a literal.

    Attributes
    ----------
    label : str
        Name in figures.
    colour : str
        Hexadecimal colour, the same in every figure.
    kind : {"mapping", "geometry"}
        Whether ``Estimator`` is a `Mapping` or a `Geometry`.
    source_stage, target_stage : {"pre", "post"}
        Stage of the responses, before or after the output non-linearity.
    symmetric : bool
        Whether the score from A to B equals the score from B to A by definition.
    joint_targets : bool
        Whether the fit of one target unit depends on the other target units. If it does not,
        the units of many targets are fitted in one call.
    invariant_to : tuple of str
        Transformations of the source's units that leave the score unchanged, out of
        ``permutation``, ``rotation``, ``invertible_linear``, ``scaling``, ``translation``.
    not_invariant_to : tuple of str
        Transformations that lower the score of a profile aligned to itself.
    bounds : tuple of float or None
        Smallest and largest possible score; None for no bound.
    reference : str
        Where the method is defined.
    array_api : bool
        Whether fit and predict take arrays of any array API library, so that they run on a GPU.
    nonnegative_targets : bool
        Whether predictions are never negative. Targets that have negative responses are then
        skipped.
    control : bool
        Whether the method only shows how a method scores that is too flexible, or predicts
        nothing. Claims about methods leave it out.
    """

    label: str
    colour: str
    kind: Literal["mapping", "geometry"]
    source_stage: Stage
    target_stage: Stage
    symmetric: bool
    joint_targets: bool
    invariant_to: tuple[str, ...]
    not_invariant_to: tuple[str, ...]
    bounds: tuple[float | None, float | None]
    reference: str
    array_api: bool = False
    nonnegative_targets: bool = False
    control: bool = False

    @property
    def on_brains(self) -> bool:
        """Whether it needs no responses before the non-linearity, which brains do not have."""
        return self.source_stage == self.target_stage == "post"


class Mapping(Protocol):
    """Predicts the responses of target units from those of source units.

    An estimator may also have, after a fit, ``alpha_`` (the penalty of each target unit),
    ``converged_`` (whether the optimum of each was reached) and ``extras_`` (numbers by name, which
    are stored with the score); and, after a prediction, ``guards_`` (how often each safeguard
    acted, by its name, which is logged). One whose penalties are costly to choose may have
    ``fit_like(like, X, Y)``: a fit with the penalties of another fit of the same targets, ``like``,
    which was to other stimuli or to a part of the source.
    """

    def fit(self, X: "Array", Y: "Array") -> Self:
        """Learn from training responses X (n_stimuli, n_units) and Y (n_stimuli, n_targets).

        Raises
        ------
        NotComparable
            If these responses do not allow a fit; the cell is skipped with this reason.
        """

    def predict(self, X: "Array") -> "Array":
        """Predicted responses (n_stimuli, n_targets) to test stimuli."""


class Geometry(Protocol):
    """Compares the geometries of two profiles; nothing is fitted, so all stimuli are used."""

    def prepare(self, X: "np.ndarray") -> "np.ndarray":
        """What the comparison needs of responses X (n_stimuli, n_units); computed once per profile.

        Raises
        ------
        NotComparable
            If these responses have no geometry; the cell is skipped with this reason.
        """

    def compare(self, x: "np.ndarray", y: "np.ndarray") -> float:
        """Similarity of two prepared profiles that saw the same stimuli."""


METHODS = Gallery(PACKAGE / "methods", Card, "Estimator.__init__")


@dataclass(frozen=True)
class Method:
    """One entry of the configuration's methods.

    Attributes
    ----------
    implementation : str
        Name of its file in ``methods/``.
    card : Card
    parameters : dict
        Arguments of the estimator, where they differ from the defaults.
    """

    implementation: str
    card: Card
    parameters: dict[str, Any]


ENTRY_KEYS = ("method", "label", "colour")
"""Keys of an entry that are not parameters: with them, several entries can use one file."""


def configured_methods(entries: abc.Mapping[str, abc.Mapping[str, Any]]) -> dict[str, Method]:
    """Methods by their names in results.

    Parameters
    ----------
    entries : dict of str to dict
        Parameters of each method. An entry whose name is not that of its file also has ``method``
        (the file's name), ``label`` and ``colour``.

    Returns
    -------
    dict of str to Method
    """
    methods = {}
    for name, entry in entries.items():
        implementation = entry.get("method", name)
        looks = {key: entry[key] for key in ("label", "colour") if key in entry}
        parameters = {key: value for key, value in entry.items() if key not in ENTRY_KEYS}
        card = replace(METHODS.card(implementation), **looks)
        methods[name] = Method(implementation, card, parameters)
    return methods


def make_estimator(implementation: str, parameters: abc.Mapping[str, Any]) -> Any:
    """New estimator of a method with the given parameters, the others at their defaults.

    Returns
    -------
    Mapping or Geometry
        As the method's card says.
    """
    return METHODS.load(implementation).Estimator(**parameters)


def penalty_extremes(implementation: str, parameters: abc.Mapping[str, Any]) -> tuple[float, ...]:
    """The smallest and the largest penalty that a method can choose; empty without a choice.

    A fit that chooses one of them might be better with a penalty that it was not offered.
    """
    declared = signature(METHODS.load(implementation).Estimator).parameters
    if "alphas" not in declared:
        return ()
    alphas = parameters.get("alphas", declared["alphas"].default)
    return (min(alphas), max(alphas)) if len(alphas) > 1 else ()
