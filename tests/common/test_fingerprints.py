"""A fingerprint sees code, whatever imports it, and no prose."""

import ast
import io
import sys
import tokenize
from pathlib import Path

import pytest

from workflow_scripts.common import fingerprints
from workflow_scripts.common.fingerprints import source_files, without_prose

PACKAGE = Path(fingerprints.__file__).parents[1]
CODE = """def double(x):
    return 2 * x


TEXT = "a # b"
"""


@pytest.mark.parametrize(
    "source",
    [
        f'"""What this is."""\n\n{CODE}',
        CODE.replace("    return", '    """Twice.\n\n    As much: é.\n    """\n    return'),
        CODE.replace("2 * x", "2 * x  # twice, é"),
        CODE.replace("    return", "    # Twice.\n\n    return"),
        CODE.replace('b"\n', 'b"\n"""What it says."""\n'),
    ],
)
def test_prose_is_left_out(source):
    assert source != CODE
    assert without_prose(source) == without_prose(CODE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2 * x", "3 * x"),
        ("a # b", "a # c"),
        ("double", "twice"),
        ("    return", "    x = 1\n    return"),
    ],
)
def test_code_is_seen(old, new):
    assert without_prose(CODE.replace(old, new)) != without_prose(CODE)


def tokens(source):
    """All but comments, and ends of lines that end no statement."""
    prose = (tokenize.COMMENT, tokenize.NL)
    found = tokenize.generate_tokens(io.StringIO(source).readline)
    return [token.string for token in found if token.type not in prose]


@pytest.mark.parametrize(
    "code",
    [
        "X = f'{a}#{b:>{c}}'  # it's \"",
        "X = f'{{' + f'''{a}\n\n# b'''  # c",
        "X = f'{\"{\"} # b'  # c",
        "X = rf'\\{a} # b'  # c",
        "X = 'it\\'s # a'  # b",
        "X = \"it's\"  # a 'b'",
        "X = ('a'  # b\n\n     'c # d')  # e",
        pytest.param(
            "X = f'{a['# b']}' + f'{', # '.join(f'{a}#' for a in b)}'  # c",
            marks=pytest.mark.skipif(sys.version_info < (3, 12), reason="an error before 3.12"),
        ),
    ],
)
def test_comments_are_those_of_the_tokenizer(code):
    """Whatever quotes and hashes are in the strings before them."""
    left = without_prose(f"{code}\n")
    assert tokens(left) == tokens(f"{code}\n")
    assert left != f"{code}\n"
    assert left == without_prose(f"{code} Another word.\n")


def test_an_empty_line_in_a_text_is_seen():
    assert without_prose('X = """a\n\nb"""\n') != without_prose('X = """a\nb"""\n')


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.name)
def test_what_is_left_is_the_same_program(path):
    """But for docstrings, and bodies that consist of one alone."""

    class NoProse(ast.NodeTransformer):
        def visit_Expr(self, node):  # noqa: N802 (the name that ast looks for)
            is_text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
            return None if is_text else node

    whole = NoProse().visit(ast.parse(path.read_text()))
    left = without_prose(path.read_text())
    found = tokenize.generate_tokens(io.StringIO(left).readline)
    assert tokenize.COMMENT not in {token.type for token in found}
    try:
        assert ast.unparse(ast.parse(left)) == ast.unparse(whole)
    except SyntaxError:
        # A class or function whose docstring is its whole body.
        assert any(
            isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.body
            for node in ast.walk(whole)
        )


def test_relative_imports_are_followed(tmp_path, monkeypatch):
    """A method of one's own may import as it likes."""
    package = tmp_path / "workflow_scripts"
    for name in ("methods/mine.py", "solvers/ridge.py", "solvers/arrays.py"):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text("")
    (package / "methods/mine.py").write_text("from ..solvers.ridge import Ridge\n")
    (package / "solvers/ridge.py").write_text("from . import arrays\n")
    monkeypatch.setattr(fingerprints, "PACKAGE", package)
    names = [path.name for path in source_files(package / "methods/mine.py")]
    assert names == ["mine.py", "arrays.py", "ridge.py"]
