"""Repetitions: what is run in which folder, and what is counted of made-up claims."""

import subprocess
import sys

import pandas as pd
import pytest
import yaml

from tests.harness.mini import MINI_FILE
from tests.harness.workflow import dry_run
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import read_table, write_table
from workflow_scripts.evaluation import repeat as repeat_module
from workflow_scripts.evaluation.repeat import (
    MARKS,
    collect,
    main,
    parse_vary,
    plan,
    share,
    summary,
    write_into,
)


def claim(name, verdict, margin, part="overall", choice="median", population="networks"):
    """A row of claims.csv; the median is the configured choice."""
    return {
        "claim": name,
        "statement": f"{name} is true",
        "population": population,
        "choice": choice,
        "is_default": choice == "median",
        "part": part,
        "margin": margin,
        "verdict": verdict,
    }


def write_claims(repetition, *rows):
    folder = repetition.folder / "results/tables/networks"
    folder.mkdir(parents=True, exist_ok=True)
    write_table(pd.DataFrame(rows), folder / "claims.csv")


@pytest.fixture
def runs(monkeypatch):
    """Runs of the command in which a function takes the place of Snakemake; what it was told."""
    told = []

    class Process:
        def __init__(self, command):
            told.append(command[command.index("--snakefile") + 2 :])

        def wait(self):
            return snakemake(len(told))

    def snakemake(number):
        return 0

    def run(*arguments, instead=lambda number: 0):
        nonlocal snakemake
        snakemake = instead
        told.clear()
        monkeypatch.setattr(sys, "argv", ["repeat", *map(str, arguments)])
        main()
        return told

    monkeypatch.setattr(repeat_module.subprocess, "Popen", Process)
    # The handler would stay with the process of the tests.
    monkeypatch.setattr(repeat_module.signal, "signal", lambda *_: None)
    return run


# What is planned.


def test_each_seed_has_a_folder(tmp_path):
    one, two = plan(tmp_path, [0, 7])
    assert one.folder == tmp_path / "seed_0" and two.folder == tmp_path / "seed_7"
    assert two.changes == {"seed": 7}


def test_a_key_is_varied_with_every_seed(tmp_path):
    found = plan(tmp_path, [0, 1], *parse_vary("activations.n_trials=10,50"))
    folders = [str(item.folder.relative_to(tmp_path)) for item in found]
    assert folders == [f"activations.n_trials_{n}/seed_{seed}" for n in (10, 50) for seed in (0, 1)]
    assert found[-1].changes == {"activations": {"n_trials": 50}, "seed": 1}
    assert found[-1].names == {"activations.n_trials": "50", "seed": 1}


@pytest.mark.parametrize(
    ("text", "values", "folder"),
    [
        ("training.objective=supervised", ["supervised"], "training.objective_supervised"),
        ("training.bfloat16=true", [True], "training.bfloat16_true"),
        ("brains=null", [None], "brains_null"),
        ("stimuli.crop_scale=[0.2, 0.6]", [[0.2, 0.6]], "stimuli.crop_scale_0.2_0.6"),
    ],
)
def test_values_are_written_as_in_yaml(tmp_path, text, values, folder):
    key, parsed = parse_vary(text)
    assert parsed == values
    (found,) = plan(tmp_path, [0], key, parsed)
    assert found.folder.parent == tmp_path / folder


@pytest.mark.parametrize(
    "text", ["epochs", "=1", "epochs=", "epochs=[1", "seed=1,2", "population=null"]
)
def test_what_cannot_be_varied_is_refused(text):
    with pytest.raises(InputError, match=r"^--vary: found .*, expected a key other than seed"):
        parse_vary(text)


def test_two_runs_never_share_a_folder(tmp_path):
    with pytest.raises(InputError, match="seed_1: found two runs"):
        plan(tmp_path, [1, 1])


# What is run.


def test_snakemake_runs_in_each_folder_with_the_last_word_on_the_configuration(tmp_path, runs):
    def finish(number):
        for seed in (3, 4):
            write_claims(*plan(tmp_path, [seed]), claim("M1", "holds", 0.1))
        return 0

    arguments = ["--seeds", 3, 4, "--directory", tmp_path, "--configfile", MINI_FILE]
    told = runs(*arguments, "--", "--cores", 2, "all", instead=finish)
    files = [tmp_path / f"seed_{seed}/repetition.yaml" for seed in (3, 4)]
    assert told == [
        [
            *("--directory", str(file.parent), "--cores", "2", "all"),
            *("--configfile", MINI_FILE, str(file)),
        ]
        for file in files
    ]
    assert [yaml.safe_load(file.read_text()) for file in files] == [{"seed": 3}, {"seed": 4}]
    assert read_table(tmp_path / "claims.csv")["seed"].to_list() == [3, 4]
    assert "| M1 | M1 is true | networks | holds 2 |" in ((tmp_path / "claims.md").read_text())


def test_without_seeds_the_one_of_the_configuration_is_taken(tmp_path, runs):
    (told,) = runs("--directory", tmp_path, "--", "-n")
    assert told[1] == str(tmp_path / "seed_0")


def test_a_run_that_fails_ends_the_command_and_no_table_is_written(tmp_path, runs):
    counted = []

    def fail(number):
        counted.append(number)
        return 1 if number == 2 else 0

    with pytest.raises(SystemExit, match=r"seed_1: found a run that ended with status 1"):
        runs("--seeds", 0, 1, 2, "--directory", tmp_path, instead=fail)
    assert counted == [1, 2]
    assert not (tmp_path / "claims.csv").exists()


def test_an_interrupted_run_ends_the_command_when_snakemake_has_ended(tmp_path, runs):
    waits = []

    def interrupted(number):
        waits.append(number)
        if len(waits) == 1:
            raise KeyboardInterrupt
        return 0

    with pytest.raises(SystemExit, match="seed_0: interrupted; the same command continues it"):
        runs("--seeds", 0, 1, "--directory", tmp_path, instead=interrupted)
    assert waits == [1, 1]


def test_a_wrong_value_is_refused_before_anything_runs(tmp_path, runs):
    def never(number):
        raise AssertionError

    with pytest.raises(SystemExit, match=r"^config training.epochs: found "):
        runs("--vary", "training.epochs=1,none", "--directory", tmp_path, instead=never)
    with pytest.raises(SystemExit, match=r"^arguments: found --configfile or --directory after"):
        runs("--directory", tmp_path, "--", "--configfile", "other.yaml", instead=never)
    with pytest.raises(SystemExit, match=r"^arguments: found --configfile or --directory after"):
        runs("--directory", tmp_path, "--", "--directory=other", instead=never)
    with pytest.raises(SystemExit, match=r"^arguments: found --config after --, expected --vary"):
        runs("--directory", tmp_path, "--", "--config", "seed=7", instead=never)
    page = tmp_path / "page.md"
    with pytest.raises(SystemExit, match=r"page.md: found no place for the table"):
        runs("--directory", tmp_path, "--page", page, instead=never)


@pytest.mark.parametrize("argument", ["-n", "-nq", "--dry-run"])
def test_after_a_plan_no_table_is_written(tmp_path, runs, argument):
    runs("--directory", tmp_path, "--", argument)
    assert not (tmp_path / "claims.csv").exists()


def test_a_signal_ends_the_command_between_two_runs(tmp_path, runs, monkeypatch):
    """While Snakemake runs it goes to Snakemake, and afterwards to whom it went before."""
    handlers = ["default"]

    def signal(number, handler):
        handlers.append(handler)
        return handlers[-2]

    monkeypatch.setattr(repeat_module.signal, "signal", signal)
    while_running = []
    runs(
        *("--directory", tmp_path, "--", "-n"),
        instead=lambda number: while_running.append(handlers[-1]) or 0,
    )
    assert callable(while_running[0])
    assert handlers[-1] == "default"


def test_a_run_without_claims_is_named(tmp_path, runs):
    with pytest.raises(
        SystemExit, match=r"seed_0/results/tables: found no claims.csv in any folder"
    ):
        runs("--seeds", 0, "--directory", tmp_path)


def test_the_words_of_the_failing_run_are_those_of_the_command(tmp_path, workflow):
    """Snakemake's; the mini run does not know this target."""
    command = [
        *(sys.executable, "-m", "workflow_scripts.evaluation.repeat", "--seeds", "0"),
        *("--directory", str(tmp_path), "--configfile", MINI_FILE),
        *("--", "--cores", "1", "no_such_target"),
    ]
    done = subprocess.run(command, cwd=workflow.folder, capture_output=True, text=True)
    assert done.returncode == 1
    assert "no_such_target" in done.stderr
    assert f"{tmp_path}/seed_0: found a run that ended with status 1" in done.stderr


def test_a_small_study_is_planned_for_two_seeds(tmp_path, runs, workflow, capsys, monkeypatch):
    """Snakemake plans what it is told."""
    told = runs(
        *("--seeds", 0, 1, "--directory", tmp_path, "--configfile", MINI_FILE),
        *("--", "--cores", 1, "-n", "-q", "rules"),
    )
    folders = [tmp_path / f"seed_{seed}" for seed in (0, 1)]
    assert capsys.readouterr().out.splitlines() == [
        f"{folder}: run {number} of 2" for number, folder in enumerate(folders, start=1)
    ]
    # Snakemake itself starts processes.
    monkeypatch.undo()
    for folder, arguments in zip(folders, told, strict=True):
        status, output = dry_run(workflow.folder, *arguments)
        assert status == 0, output
        assert f"Working directory: {folder}\n" in output
        assert "train_model" in output and "check_claims" in output
    assert not (tmp_path / "claims.csv").exists()


# What is counted.


def test_verdicts_are_counted_and_margins_ranged(tmp_path):
    repetitions = plan(tmp_path, [0, 1, 2])
    outcomes = [("holds", 0.2), ("undecided", 0.01), ("holds", 0.1)]
    for repetition, (verdict, margin) in zip(repetitions, outcomes, strict=True):
        write_claims(
            repetition,
            claim("M1", verdict, margin),
            claim("M1", "fails", -0.3, choice="mean"),
            claim("M1", "holds", 0.4, choice="mean without the worst"),
            claim("B1", "not measured", 0.5, "all", population="mice"),
        )
    claims = collect(repetitions, [["networks"]] * 3)
    assert list(claims)[:2] == ["seed", "claim"]
    assert claims["seed"].to_list() == [seed for seed in (0, 1, 2) for _ in range(4)]
    assert summary(claims).splitlines() == [
        "| claim |  | population | verdicts | margin | other choices |",
        "|---|---|---|---|---|---|",
        "| M1 | M1 is true | networks | holds 2, undecided 1 | +0.010 to +0.200 "
        "| holds 3, fails 3 |",
        "| B1 | B1 is true | mice | not measured 3 |  |  |",
    ]


def test_claims_on_a_population_of_an_earlier_configuration_do_not_count(tmp_path):
    (repetition,) = plan(tmp_path, [0])
    for name in ("cat", "networks", "dog"):
        rows = [claim("M1", "holds", 0.1, population=name)]
        folder = repetition.folder / "results/tables" / name
        folder.mkdir(parents=True)
        write_table(pd.DataFrame(rows), folder / "claims.csv")
    found = collect([repetition], [["networks", "dog", "without_claims"]])
    assert found["population"].to_list() == ["networks", "dog"]


def test_a_claim_with_several_rows_counts_by_the_one_for_all(tmp_path):
    (repetition,) = plan(tmp_path, [0])
    parts = {"conv1": ("holds", 0.3), "conv2": ("fails", -0.2), "all": ("fails", -0.2)}
    write_claims(repetition, *(claim("M2", *found, part) for part, found in parts.items()))
    row = "| M2 | M2 is true | networks | fails 1 | -0.200 to -0.200 |  |"
    assert summary(collect([repetition], [["networks"]])).splitlines()[2:] == [row]


def test_values_of_a_key_stand_next_to_each_other(tmp_path):
    """Without brains there are no claims on them; with two, a claim has a row for each."""
    key, values = parse_vary("brains=null,{}")
    first, second = plan(tmp_path, [0], key, values)
    write_claims(first, claim("M1", "holds", 0.1))
    write_claims(
        second,
        claim("M1", "fails", -0.1),
        claim("B1", "holds", 0.1, population="cat"),
        claim("B2", "holds", 0.1, population="cat"),
        claim("B1", "fails", -0.1, population="dog"),
    )
    assert summary(collect([first, second], [["networks"]] * 2), key).splitlines() == [
        "| claim |  | population | verdicts, null | margin, null | other choices, null "
        "| verdicts, {} | margin, {} | other choices, {} |",
        "|---|---|---|---|---|---|---|---|---|",
        "| M1 | M1 is true | networks | holds 1 | +0.100 to +0.100 |  "
        "| fails 1 | -0.100 to -0.100 |  |",
        "| B1 | B1 is true | cat |  |  |  | holds 1 | +0.100 to +0.100 |  |",
        "|  |  | dog |  |  |  | fails 1 | -0.100 to -0.100 |  |",
        "| B2 | B2 is true | cat |  |  |  | holds 1 | +0.100 to +0.100 |  |",
    ]


def test_a_page_keeps_what_stands_around_its_table(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"before\n{MARKS[0]}old\n{MARKS[1]}after\n")
    write_into(page, "new\n")
    assert page.read_text() == f"before\n{MARKS[0]}new\n{MARKS[1]}after\n"
    page.write_text("no marks\n")
    with pytest.raises(InputError, match=r"page.md: found no place for the table"):
        write_into(page, "new\n")
    assert page.read_text() == "no marks\n"


class TestShare:
    """Runs with one seed train their networks once."""

    def earlier(self, folder):
        for name in ("results/models/a.safetensors", ".snakemake/metadata/b", "results/scores/c"):
            path = folder / name
            path.parent.mkdir(parents=True)
            path.write_text(name)
        return folder

    def test_what_is_trained_is_linked_with_how_it_was_made(self, tmp_path):
        earlier, later = self.earlier(tmp_path / "one"), tmp_path / "other"
        share(earlier, later)
        found = sorted(path.name for path in later.rglob("*") if path.is_file())
        assert found == ["a.safetensors", "b"]
        model, record = "results/models/a.safetensors", ".snakemake/metadata/b"
        assert (later / model).samefile(earlier / model)
        assert (later / record).read_text() == (earlier / record).read_text()

    def test_records_of_the_earlier_run_stay_its_own(self, tmp_path):
        """Snakemake writes a new record over the old one, in the same file."""
        earlier, later = self.earlier(tmp_path / "one"), tmp_path / "other"
        share(earlier, later)
        (later / ".snakemake/metadata/b").write_text("of the later run")
        assert (earlier / ".snakemake/metadata/b").read_text() == ".snakemake/metadata/b"

    def test_a_run_can_follow_its_own_dry_run(self, tmp_path):
        """A dry run leaves an empty folder of records, and no results."""
        earlier, later = self.earlier(tmp_path / "one"), tmp_path / "other"
        (later / ".snakemake/metadata").mkdir(parents=True)
        share(later, later)
        assert not (later / "results").exists()
        share(earlier, later)
        assert (later / "results/models/a.safetensors").exists()
        assert (later / ".snakemake/metadata/b").exists()

    def test_a_run_that_has_begun_is_left_alone(self, tmp_path):
        earlier, later = self.earlier(tmp_path / "one"), tmp_path / "other"
        (later / "results").mkdir(parents=True)
        share(earlier, later)
        assert not list((later / "results").iterdir())

    def test_values_share_with_the_first_run_of_their_seed(self, runs, tmp_path, monkeypatch):
        shared = []
        monkeypatch.setattr(repeat_module, "share", lambda *folders: shared.append(folders))
        runs(
            *("--seeds", "1", "2", "--vary", "activations.n_trials=5,6"),
            *("--directory", str(tmp_path), "--", "-n"),
        )
        names = [tuple(f"{p.parent.name[-1]} {p.name[-1]}" for p in pair) for pair in shared]
        assert names == [("5 1", "5 1"), ("5 2", "5 2"), ("5 1", "6 1"), ("5 2", "6 2")]
