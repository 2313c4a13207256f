"""Alignment methods: what a file in ``methods/`` must have, and how it is read."""

import ast
import importlib
from dataclasses import dataclass, replace
from pathlib import Path

from workflow_scripts.common.errors import InputError

METHODS_FOLDER = Path(__file__).parents[1] / "methods"

STAGES = ("pre", "post")

CHOICES = {"kind": ("mapping", "geometry"), "source_stage": STAGES, "target_stage": STAGES}


@dataclass(frozen=True, kw_only=True)
class Card:
    """What a method says of itself; every value must be a literal.

    Attributes
    ----------
    label : str
        Name in figures.
    colour : str
        Hexadecimal colour, the same in every figure.
    kind : {"mapping", "geometry"}
        A mapping has ``fit(X, Y)`` and ``predict(X)``. A geometry has ``prepare(X)``, which is
        called once a profile, and ``compare(x, y)`` of two profiles so prepared.
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
    """

    label: str
    colour: str
    kind: str
    source_stage: str
    target_stage: str
    symmetric: bool
    joint_targets: bool
    invariant_to: tuple
    not_invariant_to: tuple
    bounds: tuple
    reference: str
    array_api: bool = False

    @property
    def on_brains(self):
        """Whether it needs no pre-softplus stage, which brains do not have."""
        return self.source_stage == self.target_stage == "post"


def method_names():
    """Names of all methods, in alphabetical order."""
    return sorted(path.stem for path in METHODS_FOLDER.glob("*.py"))


def method_file(name):
    """Path of a method's file."""
    return METHODS_FOLDER / f"{name}.py"


def _statements(name):
    """What stands at the top level of a method's file."""
    file = method_file(name)
    try:
        return ast.parse(file.read_text()).body
    except SyntaxError as error:
        raise InputError(
            f"{file}: found {error.msg} in line {error.lineno}, expected Python"
        ) from error


def read_card(name):
    """Card of a method, read from its ``CARD = Card(...)`` without importing the file.

    Raises
    ------
    InputError
        If the file is no Python, or has no card with these fields and literal values.
    """
    expected = "expected CARD = Card(field=literal, ...) with the fields of registry.Card"
    for node in _statements(name):
        match node:
            case ast.Assign(targets=[ast.Name("CARD")], value=ast.Call(keywords=items)):
                break
    else:
        raise InputError(f"{method_file(name)}: found no card, {expected}")
    try:
        card = Card(**{item.arg: ast.literal_eval(item.value) for item in items})
    except (TypeError, ValueError) as error:
        raise InputError(f"{method_file(name)}: found {error}, {expected}") from error
    for field, choices in CHOICES.items():
        if getattr(card, field) not in choices:
            raise InputError(
                f"{method_file(name)}: found {getattr(card, field)!r} as {field}, expected "
                f"{' or '.join(choices)}"
            )
    return card


def parameter_names(name):
    """Names of the parameters of a method: the arguments of ``Estimator.__init__``.

    Raises
    ------
    InputError
        If the file is no Python, or has no ``class Estimator``.
    """
    for node in _statements(name):
        if isinstance(node, ast.ClassDef) and node.name == "Estimator":
            for item in node.body:
                if isinstance(item, ast.FunctionDef) and item.name == "__init__":
                    arguments = item.args.args + item.args.kwonlyargs
                    return [argument.arg for argument in arguments if argument.arg != "self"]
            return []
    raise InputError(f"{method_file(name)}: found no class Estimator, expected one")


@dataclass(frozen=True)
class Method:
    """One entry of the configuration's methods.

    Attributes
    ----------
    file : str
        Name of its file in ``methods/``.
    card : Card
    parameters : dict
        Of the estimator, where they differ from the defaults.
    """

    file: str
    card: Card
    parameters: dict


# Keys of an entry that are not parameters: with them, several entries can use one file.
ENTRY_KEYS = ("method", "label", "colour")


def configured_methods(entries):
    """Methods by the names that results have.

    Parameters
    ----------
    entries : dict of str to dict
        Parameters of each method; or, for an entry that has not the name of its file, also
        ``method`` (the file's name), ``label`` and ``colour``.

    Returns
    -------
    dict of str to Method
    """
    methods = {}
    for name, entry in entries.items():
        file = entry.get("method", name)
        looks = {key: entry[key] for key in ("label", "colour") if key in entry}
        parameters = {key: value for key, value in entry.items() if key not in ENTRY_KEYS}
        methods[name] = Method(file, replace(read_card(file), **looks), parameters)
    return methods


def make_estimator(name, parameters):
    """New estimator of a method with the given parameters, the rest at their defaults."""
    module = importlib.import_module(f"workflow_scripts.methods.{name}")
    return module.Estimator(**parameters)
