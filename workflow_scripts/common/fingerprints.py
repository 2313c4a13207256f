"""What a job depends on besides its data: the code that it imports, the pins of its environment.

Snakemake does not see edits to imported modules; as parameters of a rule their contents are
compared, and the reason that it prints for a rerun names the module. (As inputs they would be
compared too, but every one of them costs time in each round of scheduling.)
"""

import ast
from functools import cache
from hashlib import sha256
from pathlib import Path

PACKAGE = Path(__file__).parents[1]


@cache
def _modules(path):
    """Files of the package that one file imports by name."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            head, *rest = name.split(".")
            file = PACKAGE.joinpath(*rest).with_suffix(".py")
            if head == PACKAGE.name and rest and file.is_file():
                found.append(file)
    return found


def source_files(path):
    """A script and all files of this package that it imports, directly or not.

    Parameters
    ----------
    path : str or path-like
        Python file inside the package.

    Returns
    -------
    list of pathlib.Path
        In alphabetical order, the script included.
    """
    found, waiting = set(), [Path(path)]
    while waiting:
        current = waiting.pop()
        if current not in found:
            found.add(current)
            waiting.extend(_modules(current))
    return sorted(found)


@cache
def _content(path):
    return sha256(path.read_bytes()).hexdigest()[:12]


@cache
def fingerprints(path):
    """Name and content, as a short hash, of a script and of each file that it imports.

    Parameters
    ----------
    path : str or path-like
        Python file inside the package.

    Returns
    -------
    list of str
        ``<path inside the package> <hash>``, in alphabetical order.
    """
    return [f"{file.relative_to(PACKAGE)} {_content(file)}" for file in source_files(path)]


def environment_folder(pins):
    """Folder of the environment that a file of pins describes, named by the file's content.

    Other pins are another environment, whatever the modification times say.
    """
    pins = Path(pins)
    return Path(".envs", f"{pins.stem}-{_content(pins)}")
