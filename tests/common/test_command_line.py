"""Mistakes on the command line end in one sentence."""

import pytest

from workflow_scripts.common.command_line import check_configfiles, check_packages, check_targets
from workflow_scripts.common.errors import InputError

NAMES = ["all", "networks", "figure_1", "silhouette"]


def refusal(monkeypatch, *words):
    """What the check of ``snakemake --cores 1 --configfile <words>`` says."""
    monkeypatch.setattr("sys.argv", ["snakemake", "--cores", "1", "--configfile", *map(str, words)])
    with pytest.raises(SystemExit) as end:
        check_configfiles()
    return end.value.code


def test_a_target_after_configfile_is_told_its_place(monkeypatch, tmp_path):
    good = tmp_path / "good.yaml"
    good.write_text("seed: 1\n")
    assert refusal(monkeypatch, good, "figure_1") == (
        "--configfile: found 'figure_1', which is no file, expected YAML files; targets stand "
        "before --configfile, or after --"
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("population:\n\tseeds: [0, 1]\n", "character '\\t' that cannot start any token in line 2"),
        ("a: b: c\n", "mapping values are not allowed here in line 1, column 5"),
        ("- seed\n", "['seed'], expected a YAML file with keys at the top level"),
        ("", "nothing, expected a YAML file with keys at the top level"),
    ],
)
def test_a_file_that_is_not_yaml_with_keys_is_named(monkeypatch, tmp_path, text, found):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    assert refusal(monkeypatch, path).startswith(f"{path}: found {found}")


def test_right_files_pass(monkeypatch, tmp_path):
    paths = [tmp_path / "mine.yaml", tmp_path / "mine.json"]
    paths[0].write_text("seed: 1\n")
    paths[1].write_text('{\n\t"seed": 1\n}\n')
    for words in (["--configfile", *map(str, paths), "--", "networks"], ["networks"]):
        monkeypatch.setattr("sys.argv", ["snakemake", *words])
        check_configfiles()


def test_a_misspelt_target_is_told_what_is_close():
    check_targets(
        ["networks", "align_models", "results/x.csv", "x.svg"], NAMES, ["align_models"] + NAMES
    )
    with pytest.raises(InputError, match="^target: found the unknown name 'silhouet'") as error:
        check_targets(["silhouet"], NAMES, NAMES)
    assert str(error.value).endswith(
        " (did you mean 'silhouette'?), expected one of all, networks, figure_1, silhouette"
    )


def test_a_snakemake_without_the_packages_is_told_of_uv(monkeypatch):
    check_packages()
    monkeypatch.setattr("workflow_scripts.common.command_line.find_spec", lambda name: None)
    with pytest.raises(InputError, match="^packages: found no numpy in .*, expected .* uv run"):
        check_packages()
