"""The one form of every refusal: ``<file or key>: found X, expected Y``."""

import difflib
from pathlib import Path

import yaml

from workflow_scripts.common.errors import InputError


def check_keys(path):
    """Refuse a YAML file that names a key twice, of which the last one would silently count.

    Parameters
    ----------
    path : str or path-like

    Raises
    ------
    InputError
        With one sentence that names the key and both lines.
    """
    waiting = [(yaml.compose(Path(path).read_text("utf-8"), yaml.SafeLoader), "")]
    # An alias may lead back to where it stands.
    seen = set()
    while waiting:
        node, parents = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += [(item, f"{parents}{index}.") for index, item in enumerate(node.value)]
        if not isinstance(node, yaml.MappingNode):
            continue
        lines = {}
        for name, value in node.value:
            line = name.start_mark.line + 1
            if name.value in lines:
                raise InputError(
                    f"config {parents}{_short(name.value)}: found twice in {Path(path).name}, in "
                    f"lines {lines[name.value]} and {line}, expected once"
                )
            lines[name.value] = line
            waiting.append((value, f"{parents}{_short(name.value)}."))


def _sentence(error):
    key = ".".join(_short(part) for part in error.absolute_path) or "the top level"
    if error.validator == "additionalProperties":
        known = sorted(error.schema.get("properties", {}))
        unknown = next(name for name in error.instance if name not in known)
        close = difflib.get_close_matches(str(unknown), known, n=1)
        hint = f" (did you mean {close[0]!r}?)" if close else ""
        return (
            f"config {key}: found the unknown key {_short(unknown, repr)}{hint}, expected one of "
            f"{', '.join(known)}"
        )
    if error.validator == "enum":
        expected = "one of " + ", ".join(str(value) for value in error.validator_value)
    elif error.validator == "type":
        types = error.validator_value
        expected = types if isinstance(types, str) else " or ".join(types)
    elif error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        wanted = ", ".join(error.validator_value)
        return f"config {key}: found no key {missing[0]!r}, expected {wanted}"
    elif error.validator == "pattern":
        expected = error.schema["description"]
    else:
        expected = f"{error.validator} {error.validator_value!r}"
    return f"config {key}: found {_short(error.instance, repr)}, expected {expected}"


def _short(value, text=str):
    """A value as text on one line that a sentence can hold."""
    text = text(value) if str(value).isprintable() else repr(value)
    return text if len(text) <= 120 else f"{text[:120]}..."
