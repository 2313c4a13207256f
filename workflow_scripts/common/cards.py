"""Galleries: folders in which one file is one method, metric, architecture or panel.

A file says what it is in ``CARD = Card(...)``, and which parameters it takes in the signature of
its entry. Both are read from the syntax tree: the Snakefile asks for them each time that it is
parsed, and importing the files would cost seconds.
"""

import ast
import importlib
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, TypeVar, get_args, get_origin

from workflow_scripts.common import forms
from workflow_scripts.common.errors import InputError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

PACKAGE = Path(__file__).parents[1]

FORMS = {name: form for name, form in vars(forms).items() if get_origin(form) is Annotated}
"""Forms that a parameter may have, by name: what `forms` defines, without what it imports."""

CardType = TypeVar("CardType", bound="DataclassInstance")
Node = TypeVar("Node", ast.ClassDef, ast.FunctionDef)


@dataclass(frozen=True)
class Gallery(Generic[CardType]):
    """One folder whose files have the same form.

    Attributes
    ----------
    folder : pathlib.Path
        A folder of this package.
    card_type : type
        Dataclass of the cards. Where a field's type is a ``Literal``, other values are refused.
    entry : str
        Function or method that takes the parameters; see `parameters`.
    """

    folder: Path
    card_type: type[CardType]
    entry: str

    def names(self) -> list[str]:
        """Names of all files, in alphabetical order."""
        return gallery_names(self.folder)

    def path(self, name: str) -> Path:
        """File of this name."""
        return self.folder / f"{name}.py"

    def load(self, name: str) -> ModuleType:
        """The file as a module."""
        folder = self.folder.relative_to(PACKAGE.parent)
        return importlib.import_module(".".join([*folder.parts, name]))

    def card(self, name: str) -> CardType:
        """Card of a file.

        Raises
        ------
        InputError
            If the file is not Python, or has no card with these fields and literal values.
        """
        path, known = self.path(name), fields(self.card_type)
        try:
            card = self.card_type(**card_values(path))
        except TypeError as error:
            names = ", ".join(field.name for field in known)
            raise InputError(path, str(error), f"a card with the fields {names}") from error
        for field in known:
            value, choices = getattr(card, field.name), get_args(field.type)
            if get_origin(field.type) is Literal and value not in choices:
                expected = " or ".join(map(str, choices))
                raise InputError(path, f"{value!r} as {field.name}", expected)
        return card

    def parameters(self, name: str) -> dict[str, Any]:
        """Form of each parameter of a file, by its name; see `parameters`."""
        return parameters(self.path(name), self.entry)


def gallery_names(folder: Path) -> list[str]:
    """Names of the files of a gallery, in alphabetical order."""
    return sorted(path.stem for path in folder.glob("[!_]*.py"))


def card_values(path: Path) -> dict[str, Any]:
    """Fields of the card in a file, as they are written there.

    Raises
    ------
    InputError
        If the file is not Python, or has no card of literals.
    """
    for node in _statements(path):
        match node:
            case ast.Assign(targets=[ast.Name("CARD")], value=ast.Call(keywords=items)):
                return {str(item.arg): _literal(path, item) for item in items}
    raise InputError(path, "no card", "CARD = Card(field=literal, ...)")


def parameters(path: Path, entry: str) -> dict[str, Any]:
    """Form of each parameter in a file of a gallery, by its name: annotations of arguments.

    Parameters
    ----------
    path : pathlib.Path
    entry : str
        A function, whose keyword-only arguments are the parameters; or ``Class.method``, whose
        parameters are all arguments but ``self``. A class without this method takes none.

    Raises
    ------
    InputError
        If the file is not Python, has no such function or class, or an annotation is not a form.
    """
    owner, _, name = entry.rpartition(".")
    if not owner:
        function = _find(_statements(path), ast.FunctionDef, name)
        if function is None:
            raise InputError(path, f"no function {name}", "one")
        return {item.arg: _form(path, item) for item in function.args.kwonlyargs}
    class_ = _find(_statements(path), ast.ClassDef, owner)
    if class_ is None:
        raise InputError(path, f"no class {owner}", "one")
    method = _find(class_.body, ast.FunctionDef, name)
    if method is None:
        return {}
    return {
        item.arg: _form(path, item) for item in [*method.args.args[1:], *method.args.kwonlyargs]
    }


@cache
def _statements(path: Path) -> list[ast.stmt]:
    """What stands at the top level of a file."""
    try:
        return ast.parse(path.read_bytes()).body
    except SyntaxError as error:
        raise InputError(path, f"{error.msg} in line {error.lineno}", "Python") from error


def _find(statements: list[ast.stmt], kind: type[Node], name: str) -> Node | None:
    """The class or function of this name among some statements."""
    for node in statements:
        if isinstance(node, kind) and node.name == name:
            return node
    return None


def _literal(path: Path, item: ast.keyword) -> Any:
    """Value of one field of a card."""
    try:
        return ast.literal_eval(item.value)
    except ValueError as error:
        found = f"{ast.unparse(item.value)} as {item.arg}"
        raise InputError(path, found, "a literal, which can be read without running it") from error


def _form(path: Path, argument: ast.arg) -> Any:
    """Type of an argument, made from the names that the annotation of a parameter may have."""
    known = {**FORMS, "Literal": Literal, "bool": bool, "None": None}
    text = "" if argument.annotation is None else ast.unparse(argument.annotation)
    try:
        return eval(text, {"__builtins__": {}}, known)
    except (SyntaxError, NameError, TypeError, AttributeError) as error:
        raise InputError(
            path,
            f"{text or 'nothing'} as annotation of the parameter {argument.arg!r}",
            f"bool, Literal[...], or a form: {', '.join(sorted(FORMS))}",
        ) from error
