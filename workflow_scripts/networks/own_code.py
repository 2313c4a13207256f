"""A function of somebody's own that makes a model: where its code is, and what it returns."""

import importlib
import importlib.util
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from workflow_scripts.common.errors import InputError
from workflow_scripts.common.fingerprints import PACKAGE, fingerprints, without_prose

FORM = "module:function or path/of/file.py:function, below the folder where Snakemake runs"


@contextmanager
def naming_errors(place: str, found: str, expected: str) -> Iterator[None]:
    """Name in one sentence what somebody's own code raises; the log gets its traceback.

    Parameters
    ----------
    place, found, expected : str
        See `workflow_scripts.common.errors.InputError`. Type and first line of the error follow
        `found` in parentheses.

    Raises
    ------
    InputError
        For whatever the code raises, or if it ends the process.
    """
    try:
        yield
    except (Exception, SystemExit) as error:
        logging.exception("%s", found)
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise InputError(place, f"{found} ({reason})", expected) from error


def source_file(function: str) -> Path | None:
    """File of a function's code; None for a module that is installed.

    Parameters
    ----------
    function : str
        ``module:function`` or ``path/of/file.py:function``.

    Raises
    ------
    InputError
        If the text has another form, or the path does not exist.
    """
    place, _, name = function.rpartition(":")
    is_file = place.endswith(".py")
    is_module = all(part.isidentifier() for part in place.split("."))
    if not (name.isidentifier() and (is_file or is_module)):
        raise InputError("function", repr(function), FORM)
    folders = place.replace(".", "/")
    for path in (place,) if is_file else (f"{folders}.py", f"{folders}/__init__.py"):
        if os.path.isfile(path):
            return Path(path)
    if is_file:
        raise InputError("function", f"{function!r}, whose file does not exist", FORM)
    return None


def code_of(function: str) -> list[str]:
    """What a job depends on besides its data: the code of a function, if it is not installed.

    Raises
    ------
    InputError
        See `source_file`; or if the file is not Python.
    """
    path = source_file(function)
    if path is None:
        return []
    if path.resolve().is_relative_to(PACKAGE):
        return fingerprints(path.resolve())
    try:
        code = without_prose(path.read_text())
    except (SyntaxError, ValueError, OSError) as error:
        found = f"{function!r}, whose file cannot be read ({error})"
        raise InputError("function", found, "a file of Python") from error
    return [f"{path} {sha256(code.encode()).hexdigest()[:12]}"]


def load_function(function: str) -> Callable[[], Any]:
    """Import a function.

    Parameters
    ----------
    function : str
        ``module:function``, importable from the working directory, or ``path/of/file.py:function``,
        which may import other files of its folder.

    Raises
    ------
    InputError
        If there is no such module or function, or the module fails.
    """
    path = source_file(function)
    place, _, name = function.rpartition(":")
    is_file = place.endswith(".py")
    sys.path.insert(0, os.path.abspath(os.path.dirname(place)) if is_file else os.getcwd())
    expected = "code that can be imported from the folder where Snakemake runs"
    with naming_errors("function", f"{function!r}, which cannot be imported", expected):
        if is_file:
            # By its path: an imported library may have the name of the file.
            spec = importlib.util.spec_from_file_location(f"own.{Path(place).stem}", path)
            assert spec and spec.loader
            module = importlib.util.module_from_spec(spec)
            sys.modules[spec.name] = module
            spec.loader.exec_module(module)
        else:
            module = importlib.import_module(place)
    found = getattr(module, name, None)
    if not callable(found):
        raise InputError("function", f"no function {name!r} in {place}", "one")
    loaded: Callable[[], Any] = found
    return loaded
