"""What a job depends on besides its data: the code that it imports, the pins of its environment.

Snakemake does not see edits to imported modules. As parameters of a rule their contents are
compared, and the reason that it prints for a rerun names the module. (As inputs they would be
compared as well, but each of them costs time in each round of scheduling.)

Comments and docstrings are left out: rewording them changes no result, so it plans no job.
"""

import ast
import io
import tokenize
from functools import cache
from hashlib import sha256
from itertools import accumulate
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
ANNOTATIONS = PACKAGE / "common/forms.py"
"""Left out: annotations say which settings are accepted, and do nothing in a job."""


@cache
def _modules(path: Path) -> list[Path]:
    """Files of the package that one file imports by name."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level:
                above = path.relative_to(PACKAGE.parent).parts[: -node.level]
                module = ".".join([*above, *filter(None, [module])])
            names = [module, *(f"{module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            head, *rest = name.split(".")
            file = PACKAGE.joinpath(*rest).with_suffix(".py")
            if head == PACKAGE.name and rest and file.is_file() and file != ANNOTATIONS:
                found.append(file)
    return found


def source_files(path: Path) -> list[Path]:
    """A script and all files of this package that it imports, directly or not.

    Parameters
    ----------
    path : pathlib.Path
        Python file inside the package.

    Returns
    -------
    list of pathlib.Path
        In alphabetical order, the script included.
    """
    found: set[Path] = set()
    waiting = [path]
    while waiting:
        current = waiting.pop()
        if current not in found:
            found.add(current)
            waiting.extend(_modules(current))
    return sorted(found)


def without_prose(source: str) -> str:
    """Code of a Python file without comments, docstrings and other text that is not used.

    The text of the code is kept as it is, because a syntax tree is written out differently by
    different versions of Python.
    """
    code = source.encode()
    lines = code.split(b"\n")
    starts = [0, *accumulate(len(line) + 1 for line in lines)]
    spans = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Expr(ast.Constant(str()), end_lineno=int(row), end_col_offset=int(column)):
                start = starts[node.lineno - 1] + node.col_offset
                spans.append((start, starts[row - 1] + column))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        row, column = token.start
        line = lines[row - 1] if row <= len(lines) else b""
        if token.type == tokenize.COMMENT:
            # The tokenizer counts characters where the syntax tree counts bytes.
            code_before = line.decode()[:column].rstrip().encode()
            spans.append((starts[row - 1] + len(code_before), starts[row - 1] + len(line)))
        elif token.type == tokenize.NL and not line.strip():
            spans.append((starts[row - 1], starts[row]))
    for start, end in sorted(spans, reverse=True):
        before, after = code[:start].rstrip(b" "), code[end:]
        # A line of which nothing is left goes with its end.
        is_empty = before.endswith(b"\n") or not before
        code = before + (after.removeprefix(b"\n") if is_empty else after)
    return code.decode()


@cache
def _code(path: Path) -> str:
    return sha256(without_prose(path.read_text()).encode()).hexdigest()[:12]


@cache
def fingerprints(path: Path) -> list[str]:
    """Name and code, as a short hash, of a script and of each file that it imports.

    Parameters
    ----------
    path : pathlib.Path
        Python file inside the package.

    Returns
    -------
    list of str
        ``<path inside the package> <hash>``, in alphabetical order.
    """
    return [f"{file.relative_to(PACKAGE)} {_code(file)}" for file in source_files(path)]


def pins_hash(pins: Path) -> str:
    """Short hash of a file of pinned versions: another hash is another environment."""
    return sha256(pins.read_bytes()).hexdigest()[:12]
