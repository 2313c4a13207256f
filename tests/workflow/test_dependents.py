"""Which rule depends on which module: a golden file, so that a false edge is seen in review.

Write it again with ``uv run python tests/workflow/test_dependents.py``.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests/goldens/dependents.txt"
sys.path.insert(0, str(ROOT))  # the workflow is not an installed package

from workflow_scripts.alignment.method import METHODS  # noqa: E402
from workflow_scripts.common.fingerprints import source_files  # noqa: E402
from workflow_scripts.evaluation.metric import METRICS  # noqa: E402
from workflow_scripts.figures.panel import PANELS  # noqa: E402
from workflow_scripts.networks.architecture import ARCHITECTURES  # noqa: E402

PACKAGE = ROOT / "workflow_scripts"
GALLERIES = {
    "architecture": ARCHITECTURES,
    "method": METHODS,
    "metric": METRICS,
    "panel": PANELS,
}


def dependents():
    """One line for each module: the rules, and the members of galleries, that depend on it."""
    rules = {}
    for file in sorted((ROOT / "rules").glob("*.smk")):
        blocks = re.split(r"^rule (\w+):$", file.read_text(), flags=re.MULTILINE)[1:]
        for rule, text in zip(blocks[::2], blocks[1::2], strict=True):
            for driver in re.findall(r'\bcode=code\("(\S+)"\)', text):
                rules[rule] = PACKAGE / driver
    for kind, gallery in GALLERIES.items():
        for name in gallery.names():
            rules[f"{kind}:{name}"] = gallery.path(name)
    needed = {}
    for rule, path in rules.items():
        for module in source_files(path):
            needed.setdefault(str(module.relative_to(PACKAGE)), []).append(rule)
    return "".join(f"{module}: {' '.join(rules)}\n" for module, rules in sorted(needed.items()))


def test_rules_depend_on_the_modules_of_the_golden_file():
    assert dependents() == GOLDEN.read_text()


if __name__ == "__main__":
    GOLDEN.parent.mkdir(exist_ok=True)
    GOLDEN.write_text(dependents())
