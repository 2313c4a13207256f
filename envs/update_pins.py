"""Resolve the newest versions that fit and write them wherever this repository pins them.

Run ``uv run python envs/update_pins.py`` at the top of the repository. It writes the constraints in
pyproject.toml, the files with hashes of the main environment, and the conda files;
envs/allensdk.txt is resolved by the command in its header.
The versions stand in pyproject.toml because a lock file of uv names the registry's host.
"""

import re
import subprocess
from pathlib import Path

ENVS = Path(__file__).parent
PROJECT = ENVS.parent / "pyproject.toml"
CONSTRAINTS = re.compile(r"constraint-dependencies = \[\n.*?^\]", re.DOTALL | re.MULTILINE)

CONDA = """\
# Written by envs/update_pins.py: the same versions as {source}, for `snakemake --sdm conda`.
channels:
  - conda-forge
dependencies:
  - python={python}
  - pip
  - pip:
{pins}
"""

HASHED = """\
# Written by envs/update_pins.py: the same versions as pyproject.toml, for `--require-hashes`.
{requirements}"""


def uv(*arguments):
    """Standard output of a uv command."""
    return subprocess.run(["uv", *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


def export(*arguments):
    """Resolved requirements of the project: ``name==version ; marker``, and hashes below it."""
    plain = ("--no-emit-project", "--no-header", "--no-annotate")
    return uv("export", *plain, *arguments)


def export_pins(*arguments):
    """Resolved requirements without hashes, one a line."""
    return export("--no-hashes", *arguments).splitlines()


def write_hashed(name, *arguments):
    """Write one requirements file with hashes."""
    (ENVS / f"{name}.txt").write_text(HASHED.format(requirements=export(*arguments)))


def requirement_lines(path):
    """Requirements of a hashed requirements file, without the hashes."""
    return re.findall(r"^[A-Za-z0-9][^\s\\]*==[^\s\\]+", path.read_text(), re.MULTILINE)


def write_conda(name, python, source, requirements):
    """Write one conda environment file."""
    pins = "\n".join(f'      - "{line}"' for line in requirements)
    text = CONDA.format(source=source, python=python, pins=pins)
    (ENVS / f"{name}.yaml").write_text(text)


def main():
    """Upgrade, then write every file that pins a version."""
    PROJECT.write_text(CONSTRAINTS.sub("constraint-dependencies = [\n]", PROJECT.read_text()))
    uv("lock", "--upgrade")
    pins = "\n".join(f'    "{line}",' for line in export_pins("--all-groups"))
    block = f"constraint-dependencies = [\n{pins}\n]"
    PROJECT.write_text(CONSTRAINTS.sub(lambda _: block, PROJECT.read_text()))
    write_hashed("workflow", "--no-dev")
    write_hashed("dev", "--only-group", "dev")
    write_conda("workflow", "3.12", "pyproject.toml", export_pins("--no-dev"))
    allensdk = requirement_lines(ENVS / "allensdk.txt")
    write_conda("allensdk", "3.11", "envs/allensdk.txt", allensdk)


if __name__ == "__main__":
    main()
