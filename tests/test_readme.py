"""The README's example of a method, followed literally, passes the contract without a test."""

import re
import subprocess
import sys


def test_the_method_in_the_readme_keeps_the_contract(workflow):
    readme = (workflow.folder / "README.md").read_text()
    code = re.search(r"```python\n(.*?)```", readme, re.DOTALL).group(1)
    name = re.search(r"`(\w+)\.py`, predicts", readme).group(1)
    path = workflow.folder / f"workflow_scripts/methods/{name}.py"
    path.write_text(code)
    command = [sys.executable, "-m", "pytest", "-q", "tests/test_methods_contract.py", "-k", name]
    try:
        done = subprocess.run(command, cwd=workflow.folder, capture_output=True, text=True)
    finally:
        path.unlink()
    assert done.returncode == 0, done.stdout
    assert re.search(r"\d+ passed", done.stdout)
