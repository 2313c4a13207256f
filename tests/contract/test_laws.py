"""The laws of docs/design.md, tested by reading the code: who imports whom, how long verbs are."""

import ast
import re
import sys
from pathlib import Path

import pytest

from workflow_scripts.common.fingerprints import source_files, without_prose

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "workflow_scripts"
STAGES = ["images", "networks", "brains", "alignment", "evaluation", "figures", "report"]
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")
RULES = {path.stem: path.read_text() for path in (ROOT / "rules").glob("*.smk")}
VERBS = sorted(
    {
        PACKAGE / name
        for text in RULES.values()
        for name in re.findall(r'"\.\./workflow_scripts/(\S+\.py)"', text)
    }
    | {
        PACKAGE / f"{name.replace('.', '/')}.py"
        for text in RULES.values()
        for name in re.findall(r"-m workflow_scripts\.([\w.]+)", text)
    }
)
# Commands that a person runs; no rule does.
COMMANDS = [
    *(PACKAGE / "common/config.py", PACKAGE / "brains/check.py", PACKAGE / "evaluation/repeat.py"),
    PACKAGE / "figures/plot_requirements.py",
    *(PACKAGE / f"brains/converters/{name}.py" for name in ("arrays", "brainio", "nwb")),
]
LONGEST_VERB = 60


def name_of(path):
    return str(path.relative_to(PACKAGE))


def imported(path, everywhere=True):
    """Files of the package that a file imports; at its top level alone if not `everywhere`."""
    tree = ast.parse(path.read_text())
    nodes = ast.walk(tree) if everywhere else tree.body
    found = set()
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE.name):
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            files = [ROOT / f"{name.replace('.', '/')}.py" for name in names]
            found |= {file for file in files if file.is_file()}
    return found


def room(path):
    return path.relative_to(PACKAGE).parts[0]


def test_verbs_were_found():
    names = {path.stem for path in VERBS}
    assert {"train_model", "align_brain", "compute_metric", "fetch_session"} <= names
    assert all(path.is_file() for path in VERBS)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_room_knows_only_rooms_to_its_left(path):
    """Stages know stages before them; solvers and common know no science at all."""
    rooms = {room(other) for other in imported(path)}
    if room(path) == "common":
        allowed = {"common"}
    elif room(path) == "solvers":
        allowed = {"common", "solvers"}
    elif room(path) == "methods":
        allowed = {"common", "solvers"}
        assert {name_of(other) for other in imported(path) if room(other) == "alignment"} <= {
            "alignment/method.py"
        }
        rooms -= {"alignment"}
    elif room(path) == "plan.py":
        allowed = {"common", *STAGES}
    else:
        allowed = {"common", "solvers", *STAGES[: STAGES.index(room(path)) + 1]}
    assert rooms <= allowed


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_no_noun_imports_a_verb(path):
    assert not imported(path) & {*VERBS, *COMMANDS} - {PACKAGE / "common/config.py"}


@pytest.mark.parametrize("path", VERBS, ids=name_of)
def test_verbs_are_thin(path):
    code = without_prose(path.read_text()).splitlines()
    assert len(code) <= LONGEST_VERB


@pytest.mark.parametrize("path", VERBS, ids=name_of)
def test_no_verb_depends_on_the_configuration(path):
    """A job is told what it needs; a new key must not run every job again."""
    names = {name_of(file) for file in source_files(path)}
    assert "common/config.py" not in names
    assert not [name for name in names if name.endswith("plan.py")]
    assert "snakemake.config" not in path.read_text()


@pytest.mark.parametrize(
    "path", [path for path in VERBS if "brains/allen/" in str(path)], ids=name_of
)
def test_code_in_allensdks_environment_imports_only_what_is_there(path):
    """envs/allensdk.txt pins fewer and older libraries: there is no pydantic and no Snakemake."""
    if path.stem == "select_sessions":
        pytest.skip("runs in the environment of the workflow")
    there = {"allensdk", "h5py", "numpy", "pandas", "PIL", "requests", "urllib3", "xarray"}
    for file in source_files(path):
        names = set()
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom):
                names.add(node.module or "")
            elif isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
        heads = {name.split(".")[0] for name in names} - sys.stdlib_module_names
        assert heads <= {*there, PACKAGE.name}, name_of(file)


def test_only_the_rooms_of_the_sources_know_the_species():
    """Nothing else names an area, the number of scenes or the size of a template."""
    known = re.compile(r"\bVIS[a-z]+\b|\b118\b|\b918\b|\b1174\b|\b[Mm]ouse\b|\b[Mm]ice\b")
    for path in FILES:
        if room(path) == "brains" and ("allen" in path.parts or "simulated" in path.parts):
            continue
        found = known.findall(without_prose(path.read_text()))
        if path.name == "config.py":
            # The key of version 0.1, which is told its new place.
            found = [word for word in found if word != "mouse"]
        assert not found, name_of(path)


def test_every_stage_has_rules_and_scripts_of_one_name():
    assert {path.stem for path in (ROOT / "rules").glob("*.smk")} == {"common", *STAGES}
    included = re.findall(r'include: "rules/(\w+)\.smk"', (ROOT / "Snakefile").read_text())
    assert included == ["common", *STAGES]
    for stage in STAGES:
        assert (PACKAGE / stage / "plan.py").is_file()


def test_rules_run_the_verbs_of_their_stage():
    for stage in STAGES:
        scripts = re.findall(r'"\.\./workflow_scripts/(\w+)/\S+\.py"', RULES[stage])
        assert scripts
        assert set(scripts) == {stage}


def test_what_all_rules_share_stays_short():
    assert len(RULES["common"].splitlines()) <= 110


def test_tables_are_read_in_one_way():
    """pandas takes a method called null, NA or nan for a missing value."""
    allowed = {"common/files.py", "images/prepare_stimuli.py"}
    for path in FILES:
        if "allen" not in path.parts and "read_csv" in path.read_text():
            assert name_of(path) in allowed


def test_package_folders_have_no_code():
    for path in PACKAGE.rglob("__init__.py"):
        assert without_prose(path.read_text()) == ""
