"""What pydantic refuses, in one sentence: the key, what was found and what was expected."""

import difflib
import json
import types
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from workflow_scripts.common.errors import InputError

LONGEST = 120
"""Characters of a found value that a sentence shows."""

# What each of pydantic's errors expected; braces hold the limits that come with the error.
EXPECTED = {
    "bool_type": "true or false",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a smaller whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "string_type": "text",
    "list_type": "a list",
    "dict_type": "keys with values",
    "model_type": "keys with values",
    "model_attributes_type": "keys with values",
    "none_required": "null",
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "too_short": "at least {min_length} {items}",
    "too_long": "at most {max_length} {items}",
}
# Unknown keys first: a misspelt key is also a missing one.
FIRST = ("extra_forbidden", "invalid_key")


def short(value: object, text: Callable[[object], str] = str) -> str:
    """A value as text on one line that a sentence can hold."""
    try:
        shown = text(value) if str(value).isprintable() else repr(value)
    except ValueError:  # Python refuses to write out whole numbers of more than 4300 digits
        return "a number of more than 4300 digits"
    return shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}..."


def expecting(what: str) -> PydanticCustomError:
    """Error for a validator of a configuration key: its sentence ends in "expected <what>"."""
    return PydanticCustomError("expecting", "{what}", {"what": what})


def one_of(choices: Iterable[object]) -> str:
    """``one of a, b, c``; without a choice, that there is none."""
    return f"one of {', '.join(map(str, choices))}" if choices else "none, as there are no others"


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Hint at the known name that is closest to a misspelt one, or an empty text."""
    close = difflib.get_close_matches(str(name), list(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def as_input_error(
    error: ValidationError, model: Any, prefix: Sequence[str | int] = ()
) -> InputError:
    """The first thing that is wrong, as one sentence.

    Parameters
    ----------
    error : pydantic.ValidationError
    model : type
        What was validated: a model, or another type that pydantic takes.
    prefix : sequence of str or int
        Keys above the value that was validated.
    """
    details = error.errors(include_url=False)
    detail = min(details, key=lambda item: item["type"] not in FIRST)
    path, kind = detail["loc"], detail["type"]
    if kind in FIRST:
        section = _model(_type_at(model, path[:-1]))
        known = sorted(section.model_fields)
        unknown = path[-1]
        renamed = getattr(section, "RENAMED", {})
        if unknown in renamed:
            return InputError(
                _place(prefix, path[:-1]),
                f"the key {unknown!r} of version 0.1",
                f"{renamed[unknown]} in its place",
            )
        return InputError(
            _place(prefix, path[:-1]),
            f"the unknown key {short(unknown, repr)}{did_you_mean(unknown, known)}",
            one_of(known),
        )
    if kind == "missing":
        known = list(_model(_type_at(model, path[:-1])).model_fields)
        return InputError(_place(prefix, path[:-1]), f"no key {path[-1]!r}", ", ".join(known))
    # A key of a mapping is refused under its own name and "[key]".
    path = path[:-1] if path and path[-1] == "[key]" else path
    found = short(detail["input"], _as_in_yaml)
    return InputError(_place(prefix, path), found, _expected(detail, _type_at(model, path)))


def _expected(detail: ErrorDetails, annotation: Any) -> str:
    """What would have been right, for an error on a value of this type."""
    kind, limits = detail["type"], detail.get("ctx", {})
    if kind == "expecting":
        return str(limits["what"])
    if kind == "literal_error":
        text = one_of(get_args(_bare(annotation)))
    else:
        items = "item" if 1 in (limits.get("min_length"), limits.get("max_length")) else "items"
        text = EXPECTED.get(kind, detail["msg"]).format(**{**limits, "items": items})
    if kind in ("float_type", "int_type") and _is_number(detail["input"]):
        text += (
            ", but this is text: in YAML write a point, as in 1.0e-3; nested values given by "
            "--config are text, so put them into a file for --configfile"
        )
    elif kind.endswith("_type") and _allows_null(annotation):
        text += " or null"
    return text


def _as_in_yaml(value: object) -> str:
    """A value as Python writes it, but for null, true and false."""
    return json.dumps(value) if value is None or isinstance(value, bool) else repr(value)


def _is_number(value: object) -> bool:
    try:
        float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return False
    return isinstance(value, str)


def _place(prefix: Sequence[str | int], path: Sequence[str | int]) -> str:
    key = ".".join(short(part) for part in (*prefix, *path))
    return f"config {key or 'top level'}"


def _type_at(model: Any, path: Sequence[str | int]) -> Any:
    """Type of the value at a path inside a model; Any where that is not known."""
    current = model
    for part in path:
        current = _bare(current)
        if isinstance(current, type) and issubclass(current, BaseModel):
            field = current.model_fields.get(str(part))
            current = Any if field is None else field.annotation
        else:
            items = get_args(current)
            current = items[-1] if items else Any
    return current


def _bare(annotation: Any) -> Any:
    """A type without its limits and without null."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return _bare(next(item for item in get_args(annotation) if item is not type(None)))
    return annotation


def _model(annotation: Any) -> type[BaseModel]:
    bare: type[BaseModel] = _bare(annotation)
    return bare


def _allows_null(annotation: Any) -> bool:
    if get_origin(annotation) is Annotated:
        return _allows_null(get_args(annotation)[0])
    return type(None) in get_args(annotation)
