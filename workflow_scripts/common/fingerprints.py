"""What a job depends on besides its data: the code that it imports, the pins of its environment.

Snakemake does not see edits to imported modules. As parameters of a rule their contents are
compared, and the reason that it prints for a rerun names the module. (As inputs they would be
compared as well, but each of them costs time in each round of scheduling.)

Comments and docstrings are left out: rewording them changes no result, so it plans no job.
"""

import ast
import re
from functools import cache
from hashlib import sha256
from itertools import accumulate
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
ANNOTATIONS = PACKAGE / "common/forms.py"
"""Left out: annotations say which settings are accepted, and do nothing in a job."""

# Strings, and what is left out between them: Python's own tokenizer takes five times as long, in
# each plan. From Python 3.12 on, a field of an f-string may contain the quotes that enclose it.
_FIELD = r"""\{(?:[^{}"'\n]|"[^"\\\n]*"|'[^'\\\n]*'|\{[^{}"'\n]*\})*+\}"""
_F = r"(?i:\b(?:f|fr|rf))"
_STRING = "|".join(
    rf"{_F}{quote}(?:\\[^{{]|\{{\{{|{_FIELD}|(?!{quote}|\{{){character})*+{quote}"
    rf"|{_F}?{quote}(?:\\.|(?!{quote}){character})*+{quote}"
    for quote, character in (('"""', "."), ("'''", "."), ('"', r"[^\n]"), ("'", r"[^\n]"))
)
_COMMENT, _EMPTY_LINE = r"#[^\n]*", r"^[ \t\f]*\n"
_TOKEN = re.compile(
    rf"(?P<string>{_STRING})|{_COMMENT}|{_EMPTY_LINE}".encode(), re.DOTALL | re.MULTILINE
)


@cache
def _imports_and_texts(source: str) -> list[ast.stmt]:
    """Statements, at any depth, that import or consist of a text alone, such as a docstring."""
    found: list[ast.stmt] = []
    have_statements = ast.stmt | ast.excepthandler | ast.match_case
    waiting: list[ast.AST] = [ast.parse(source)]
    while waiting:
        node = waiting.pop()
        match node:
            case ast.Import() | ast.ImportFrom() | ast.Expr(ast.Constant(str())):
                found.append(node)
        for value in vars(node).values():
            # Statements are in lists: those of a body, and of each handler or case.
            if isinstance(value, list):
                waiting.extend(below for below in value if isinstance(below, have_statements))
    return found


@cache
def _modules(path: Path) -> list[Path]:
    """Files of the package that one file imports by name."""
    found = []
    for node in _imports_and_texts(path.read_text()):
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
    starts = [0, *accumulate(len(line) + 1 for line in code.split(b"\n"))]
    spans = [token.span() for token in _TOKEN.finditer(code) if not token["string"]]
    for node in _imports_and_texts(source):
        match node:
            case ast.Expr(end_lineno=int(row), end_col_offset=int(column)):
                start = starts[node.lineno - 1] + node.col_offset
                spans.append((start, starts[row - 1] + column))
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
