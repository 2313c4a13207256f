"""What is read on the screen while Snakemake runs: one line per finished job, failures last."""

import logging
import os
from types import SimpleNamespace

import pytest
from snakemake.settings.enums import Quietness
from snakemake_interface_logger_plugins.common import LogEvent

from workflow_scripts.common.progress import (
    Progress,
    duration,
    follow,
    mean_seconds,
    reason,
    results,
    verdicts,
)

STAGES = {"train_model": "networks", "extract_activations": "networks", "plot_figure": "figures"}
PLANNED = {"train_model": 2, "extract_activations": 1, "plot_figure": 4, "all": 1, "total": 8}


class Screen(logging.Handler):
    """Snakemake's handler, of which the lines are kept."""

    def __init__(self):
        super().__init__()
        self.name = "DefaultStreamHandler"
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still unless it is set."""
    now = SimpleNamespace(seconds=0.0)
    monkeypatch.setattr("time.monotonic", lambda: now.seconds)
    monkeypatch.setattr("time.strftime", lambda form: "12:00:00")
    return now


def event(kind, text="", **facts):
    record = {"msg": text, "levelno": logging.INFO, "event": kind, **facts}
    return logging.makeLogRecord(record)


def started(job, rule, log=(), **wildcards):
    facts = {"jobid": job, "rule_name": rule, "wildcards": wildcards, "log": list(log)}
    return event(LogEvent.JOB_INFO, "rule:", **facts)


def finished(job):
    return event(LogEvent.JOB_FINISHED, "Finished", job_id=job)


def benchmark(tmp_path, name, *seconds):
    path = tmp_path / "results/benchmarks" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["s\tmax_rss", *(f"{value}\t1" for value in seconds)]) + "\n")


def shown(*records):
    """Lines on the screen, and the handler that wrote them."""
    screen = Screen()
    progress = Progress(screen, lambda: STAGES)
    for record in (event(LogEvent.RUN_INFO, "Job stats", stats=PLANNED), *records):
        progress.handle(record)
    return screen.lines, progress


def test_a_finished_job_is_one_line(clock):
    lines, _ = shown(
        event(LogEvent.WORKFLOW_STARTED, "SNAKEMAKE"),
        logging.makeLogRecord({"msg": "Select jobs to execute..."}),
        event(LogEvent.JOB_STARTED, "Execute 2 jobs..."),
        started(1, "train_model", variant="alexnet", seeds="0"),
        started(2, "plot_figure", figure="figure_1"),
        finished(2),
        event(LogEvent.PROGRESS, "1 of 8 steps", done=1, total=8),
        logging.makeLogRecord({"msg": "a warning of anything else"}),
    )
    assert lines == [
        "Job stats",
        "12:00:00  plot_figure figure_1: 1 s  |  figures: 1 done, 0 running, 3 left  |  "
        "all: 1 done, 1 running, 5 left",
        "a warning of anything else",
    ]


def test_time_left_comes_from_earlier_runs_until_a_job_of_the_rule_has_ended(tmp_path, clock):
    benchmark(tmp_path, "train_model/alexnet/0.tsv", 100)
    benchmark(tmp_path, "train_model/alexnet/1.tsv", 300)
    benchmark(tmp_path, "extract_activations.tsv", 20)
    lines, progress = shown(started(1, "extract_activations"))
    clock.seconds = 40
    progress.handle(finished(1))
    # Two trainings of 200 s are left, one at a time.
    assert "networks: 1 done, 0 running, 2 left, about 7 min" in lines[-1]
    # No figure was ever drawn.
    assert lines[-1].endswith("all: 1 done, 0 running, 6 left")
    for job in (2, 3):
        progress.handle(started(job, "train_model", seeds=job))
    clock.seconds = 100
    progress.handle(finished(2))
    # Now one training of 60 s is left, and two jobs ran at a time.
    assert "networks: 2 done, 1 running, 0 left, about 30 s" in lines[-1]


def test_failures_come_last_with_their_reason_and_log(tmp_path):
    log = tmp_path / "job.log"
    log.write_text("2026-01-01 10:00:00,000 ERROR x.nc: found 1, expected 2\n")
    failed = event(LogEvent.JOB_ERROR, "Error in rule", jobid=1)
    lines, progress = shown(
        started(1, "train_model", [str(log)], variant="alexnet"),
        started(2, "plot_figure"),
        failed,
        event(LogEvent.JOB_ERROR, "Error in rule", jobid=2),
        # A second attempt.
        started(2, "plot_figure"),
        finished(2),
    )
    assert "figures: 1 done, 0 running, 3 left" in lines[-1]
    assert "all: 1 done, 0 running, 1 failed, 5 left" in lines[-1]
    # Snakemake's own words about a failure are not hidden.
    assert lines.count("Error in rule") == 2
    assert progress.failures() == [
        "Failed jobs:",
        f"  train_model alexnet: x.nc: found 1, expected 2 ({log})",
        "Correct this and start the same command again: it continues from here.",
    ]


def test_the_log_of_a_job_with_a_storage_plugin_is_read_where_it_can_be(tmp_path):
    log = tmp_path / "job.log"
    log.write_text("2026-01-01 10:00:00,000 ERROR x.nc: found 1, expected 2\n")
    bucket = "s3://lab/results/logs/job.log"
    _, progress = shown(
        started(1, "train_model", [f"{log} (send to storage)"]),
        event(LogEvent.JOB_ERROR, "Error in rule", jobid=1),
        started(2, "plot_figure", [f"{bucket} (send to storage)"]),
        event(LogEvent.JOB_ERROR, "Error in rule", jobid=2),
    )
    assert progress.failures()[1:3] == [
        f"  train_model: x.nc: found 1, expected 2 ({log})",
        f"  plot_figure: its log, in the store, says why ({bucket})",
    ]


def test_without_a_failed_job_nothing_is_said_of_failures():
    assert shown(started(1, "plot_figure"), finished(1))[1].failures() == []


STAMP = "2026-01-01 10:00:00,000"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{STAMP} ERROR a: found 1\n{STAMP} ERROR b: found 2\n", "b: found 2"),
        (
            f"{STAMP} ERROR this is a bug\nTraceback:\n  x\nKeyError: 'a'\n",
            "this is a bug: KeyError: 'a'",
        ),
        (f"{STAMP} INFO source 3 of 15\n", "it was stopped without a word of its own"),
        ("", "it was stopped without a word of its own"),
        (None, "it was stopped without a word of its own"),
        ("Resolving\nwaiting\n", "waiting"),
        ("error: x\nerror: no page\n  cause: dns\n\n", "error: no page cause: dns"),
    ],
)
def test_the_reason_is_the_last_error_of_the_log(tmp_path, text, expected):
    log = tmp_path / "a.log"
    if text is not None:
        log.write_text(text)
    assert reason([log]).startswith(expected)


def test_a_rule_that_never_ran_has_no_duration(tmp_path):
    assert mean_seconds("train_model") is None
    benchmark(tmp_path, "train_model.tsv", 2, 4)
    # A rule of which the name only begins alike.
    benchmark(tmp_path, "train_model_again.tsv", 100)
    assert mean_seconds("train_model") == 3


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "1 s"), (99, "99 s"), (150, "2 min"), (9000, "2.5 h")]
)
def test_a_duration_is_short(seconds, text):
    assert duration(seconds) == text


def test_the_results_are_three_lines(tmp_path):
    header = "claim,population,is_default,verdict\n"
    rows = {
        # M1 has rows of parts before that of all together, and M3 is another choice of measure.
        "networks": "M1,networks,True,holds\nM1,networks,True,undecided\nM3,networks,False,fails\n",
        "mouse": "B1,mouse,True,holds\nB2,mouse,True,holds\nB3,mouse,True,fails\n",
    }
    files = []
    for name, text in rows.items():
        files.append(f"results/tables/{name}/claims.csv")
        path = tmp_path / files[-1]
        path.parent.mkdir(parents=True)
        path.write_text(header + text)
    files += ["results/figures/networks/figure_1.svg", "results/figures/networks/not_drawn.svg"]
    (tmp_path / "results/figures/networks").mkdir(parents=True)
    (tmp_path / files[2]).touch()
    assert verdicts(files[:2]) == "2 hold, 1 fails, 1 is undecided"
    (tmp_path / "results/report.html").touch()
    assert results(files, "results/report.html") == [
        "Claims: 2 hold, 1 fails, 1 is undecided (results/tables/networks/claims.csv, "
        "results/tables/mouse/claims.csv).",
        f"Figures: 1 in {tmp_path}/results/figures.",
        f"Report: open {tmp_path}/results/report.html in a browser.",
    ]


def test_a_run_of_a_part_says_nothing_of_the_rest(tmp_path, monkeypatch):
    assert results(["results/tables/claims.csv", "results/a.svg"], "results/report.html") == []
    files = [f"results/figures/{name}.svg" for name in "ab"]
    (tmp_path / "results/figures").mkdir(parents=True)
    for number, name in enumerate(["results/report.html", *files]):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (number, number))
    figures = f"in {tmp_path}/results/figures."
    page = f"Report: open {tmp_path}/results/report.html in a browser."
    # The second figure alone, or the page and thus everything, is made after the start.
    monkeypatch.setattr("workflow_scripts.common.progress.BEGAN", 2)
    assert results(files, "results/report.html") == [f"Figures: 1 {figures}"]
    monkeypatch.setattr("workflow_scripts.common.progress.BEGAN", 0)
    assert results(files, "results/report.html") == [f"Figures: 2 {figures}", page]


def logger_and_workflow(**settings):
    given = {"dryrun": False, "verbose": False, "quiet": None} | settings
    logger = logging.Logger("snakemake")
    logger.addHandler(Screen())
    return logger, SimpleNamespace(output_settings=SimpleNamespace(**given), rules=[])


def test_snakemakes_own_lines_stay_in_a_dry_run_and_if_they_are_asked_for():
    for settings in ({"dryrun": True}, {"verbose": True}):
        logger, workflow = logger_and_workflow(**settings)
        assert follow(logger, workflow) is None
        assert isinstance(logger.handlers[0], Screen)
    logger, workflow = logger_and_workflow()
    assert logger.handlers == [follow(logger, workflow)]


def test_a_quiet_dry_run_shows_the_number_of_jobs():
    """Snakemake's own filter drops it."""
    logger, workflow = logger_and_workflow(dryrun=True, quiet={Quietness.RULES, Quietness.PROGRESS})
    screen = logger.handlers[0]
    screen.addFilter(lambda record: not hasattr(record, "event"))
    follow(logger, workflow)
    logger.handle(event(LogEvent.WORKFLOW_STARTED, "SNAKEMAKE"))
    logger.handle(event(LogEvent.RUN_INFO, "Job stats", stats={}))
    assert screen.lines == ["Job stats"]
