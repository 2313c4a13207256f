"""What one reads on the screen while Snakemake runs: one line per finished job, and the end."""

import csv
import logging
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from snakemake.settings.enums import Quietness
from snakemake_interface_logger_plugins.common import LogEvent

from workflow_scripts.common.files import PathLike
from workflow_scripts.common.verdicts import counted

BEGAN = time.time()
"""When Snakemake was started, which imports this module."""

BENCHMARKS = Path("results/benchmarks")
HIDDEN = {
    LogEvent.WORKFLOW_STARTED,
    LogEvent.JOB_INFO,
    LogEvent.JOB_STARTED,
    LogEvent.JOB_FINISHED,
    LogEvent.PROGRESS,
}
# What else Snakemake writes about each job.
HIDDEN_TEXTS = ("Select jobs to execute...", "Touching output file")


class Progress(logging.Handler):
    """One line per finished job, in place of the 19 that Snakemake writes about it.

    These are plain lines without movement: jobs write to the same terminal. Snakemake's own log in
    ``.snakemake/log`` still has everything.

    Parameters
    ----------
    screen : logging.Handler
        Snakemake's own handler, which writes these lines and everything else.
    stages : callable
        Returns the stage of each rule. It is called when all rules are known.
    """

    def __init__(self, screen: logging.Handler, stages: Callable[[], Mapping[str, str]]) -> None:
        super().__init__()
        self.screen = screen
        self._stages = stages
        self.stages: Mapping[str, str] = {}
        self.total: Counter[str] = Counter()
        self.done: Counter[str] = Counter()
        self.running: dict[int, tuple[str, str, list[str], float]] = {}
        self.most_running = 1
        self.earlier: dict[str, float] = {}
        self.seconds: dict[str, list[float]] = {}
        self.failed: dict[int, tuple[str, str, list[str]]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        event, facts = getattr(record, "event", None), record.__dict__
        if event is LogEvent.RUN_INFO:
            self._begin(facts["stats"])
        elif event is LogEvent.JOB_INFO:
            name = " ".join([facts["rule_name"], *map(str, facts["wildcards"].values())])
            # It may have failed before, and be tried again.
            self.failed.pop(facts["jobid"], None)
            # Where a storage plugin is in use, Snakemake adds this to names of files.
            logs = [str(log).removesuffix(" (send to storage)") for log in facts["log"]]
            self.running[facts["jobid"]] = facts["rule_name"], name, logs, time.monotonic()
            self.most_running = max(self.most_running, len(self.running))
        elif event is LogEvent.JOB_FINISHED and facts["job_id"] in self.running:
            self._finish(facts["job_id"])
        elif event is LogEvent.JOB_ERROR and facts["jobid"] in self.running:
            rule, name, logs, _ = self.running.pop(facts["jobid"])
            self.failed[facts["jobid"]] = rule, name, logs
        if event not in HIDDEN and not record.getMessage().startswith(HIDDEN_TEXTS):
            self.screen.handle(record)

    def _begin(self, planned: Mapping[str, int]) -> None:
        self.stages = self._stages()
        self.total = Counter({rule: n for rule, n in planned.items() if rule in self.stages})
        self.earlier = {rule: mean for rule in self.total if (mean := mean_seconds(rule))}

    def _finish(self, job: int) -> None:
        rule, name, _, started = self.running.pop(job)
        if rule not in self.stages:
            return
        self.done[rule] += 1
        seconds = time.monotonic() - started
        self.seconds.setdefault(rule, []).append(seconds)
        stage = self.stages[rule]
        rules = [other for other in self.total if self.stages[other] == stage]
        text = (
            f"{time.strftime('%H:%M:%S')}  {name}: {duration(seconds)}  |  "
            f"{stage}: {self._state(rules)}  |  all: {self._state(list(self.total))}"
        )
        line = _line(text)
        line.quietness = Quietness.PROGRESS
        self.screen.handle(line)

    def _state(self, rules: list[str]) -> str:
        """How many jobs of some rules are done, running, failed and left, and for how long."""
        counts = {
            "done": sum(self.done[rule] for rule in rules),
            "running": sum(rule in rules for rule, *_ in self.running.values()),
            "failed": sum(rule in rules for rule, *_ in self.failed.values()),
        }
        counts["left"] = sum(self.total[rule] for rule in rules) - sum(counts.values())
        text = ", ".join(f"{n} {what}" for what, n in counts.items() if n or what != "failed")
        seconds = self._seconds_left(rules)
        return f"{text}, about {duration(seconds)}" if seconds else text

    def _seconds_left(self, rules: Iterable[str]) -> float | None:
        """Seconds until jobs of these rules have ended; None if a rule has not run before."""
        total = 0.0
        for rule in rules:
            if unfinished := self.total[rule] - self.done[rule]:
                if rule not in self.seconds and rule not in self.earlier:
                    return None
                known = self.seconds.get(rule)
                total += unfinished * (sum(known) / len(known) if known else self.earlier[rule])
        return total / self.most_running

    def failures(self) -> list[str]:
        """Lines about the jobs that failed: which, why, and where to read more."""
        if not self.failed:
            return []
        lines = [
            f"  {name}: {reason(logs)}" + "".join(f" ({log})" for log in logs)
            for _, name, logs in self.failed.values()
        ]
        return [
            "Failed jobs:",
            *lines,
            "Correct this and start the same command again: it continues from here.",
        ]


class Overview(logging.Handler):
    """The number of jobs of each rule, which Snakemake 9.27 forgets in ``snakemake -n -q``.

    Parameters
    ----------
    screen : logging.Handler
        Snakemake's own handler.
    """

    def __init__(self, screen: logging.Handler) -> None:
        super().__init__()
        self.screen = screen

    def emit(self, record: logging.LogRecord) -> None:
        event = getattr(record, "event", None)
        if event is LogEvent.RUN_INFO:
            self.screen.handle(_line(record.getMessage()))
        elif event is not LogEvent.WORKFLOW_STARTED:
            self.screen.handle(record)


def follow(logger: logging.Logger, workflow: Any) -> Progress | None:
    """Put a `Progress`, or for ``-n -q`` an `Overview`, before what Snakemake writes to the screen.

    Parameters
    ----------
    logger : logging.Logger
        Snakemake's.
    workflow : snakemake.workflow.Workflow
        With ``--verbose``, all of Snakemake's lines are shown.

    Returns
    -------
    Progress or None
        None in a dry-run, with ``--verbose``, and where a plugin (``--logger``) writes instead.
    """
    settings = workflow.output_settings
    screens = [handler for handler in logger.handlers if handler.name == "DefaultStreamHandler"]
    if not screens or settings.verbose:
        return None
    if settings.dryrun:
        if set(settings.quiet or ()) == {Quietness.RULES, Quietness.PROGRESS}:
            _replace(logger, screens[0], Overview(screens[0]))
        return None
    progress = Progress(screens[0], lambda: stages(workflow))
    _replace(logger, screens[0], progress)
    return progress


def _replace(logger: logging.Logger, old: logging.Handler, new: logging.Handler) -> None:
    logger.removeHandler(old)
    logger.addHandler(new)


def _line(text: str) -> logging.LogRecord:
    """A line of our own, for Snakemake's handler."""
    return logging.makeLogRecord({"msg": text, "levelno": logging.INFO, "levelname": "INFO"})


def stages(workflow: Any) -> dict[str, str]:
    """The stage of each rule: the file that the rule is in."""
    files = {rule.name: Path(str(rule.snakefile)) for rule in workflow.rules}
    return {rule: file.stem for rule, file in files.items() if file.suffix == ".smk"}


def mean_seconds(rule: str) -> float | None:
    """How long a job of a rule took in earlier runs into the same folder; None if none did."""
    paths = [*BENCHMARKS.glob(f"{rule}.tsv"), *BENCHMARKS.glob(f"{rule}/**/*.tsv")]
    seconds = []
    for path in paths:
        with open(path, newline="") as file:
            seconds += [float(row["s"]) for row in csv.DictReader(file, delimiter="\t")]
    return sum(seconds) / len(seconds) if seconds else None


def duration(seconds: float) -> str:
    """A duration in its largest fitting unit."""
    if seconds < 100:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def reason(logs: Iterable[PathLike]) -> str:
    """Why a job failed, from its log: its last error, with the last line of a traceback."""
    if any("://" in str(log) for log in logs):
        return "its log, in the store, says why"
    lines = [
        line
        for log in logs
        if Path(log).is_file()
        for line in Path(log).read_text("utf-8", errors="replace").splitlines()
        if line.strip()
    ]
    errors = [index for index, line in enumerate(lines) if " ERROR " in line]
    if errors:
        text = lines[errors[-1]].partition(" ERROR ")[2]
        is_last = errors[-1] == len(lines) - 1
        return text if is_last else f"{text}: {lines[-1].strip()}"
    # A line of a driver that is not an error: it was stopped while it worked.
    if not lines or re.match(r"\d{4}-\d\d-\d\d .* (INFO|WARNING) ", lines[-1]):
        return (
            "it was stopped without a word of its own, as by Ctrl-C, a lack of memory, a time "
            "limit or the failure of another job of its group"
        )
    # Installers say what failed, and then why, from line to line.
    first = max((i for i, line in enumerate(lines) if line.lower().startswith("error")), default=-1)
    return " ".join(line.strip() for line in lines[first:])


def verdicts(tables: Iterable[PathLike]) -> str:
    """Claims with each verdict, by the configured choice, as text.

    Parameters
    ----------
    tables : iterable of str or path-like
        Tables of claims; the last row of a claim is about all of its parts.
    """
    found: dict[tuple[str, str], str] = {}
    for path in tables:
        with open(path, newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if row["is_default"] == "True":
                    found[row["population"], row["claim"]] = row["verdict"]
    return ", ".join(counted(found.values()))


def results(files: Iterable[str], page: str) -> list[str]:
    """What was found, where the figures are, and how to open the page of the whole run.

    A start that makes the page has brought everything up to date. One of a part of the run tells
    only of what it has made: the rest may be that of another configuration.

    Parameters
    ----------
    files : iterable of str
        Final files of the run, of which some may not have been asked for.
    page : str
        The report.
    """

    def is_new(path: Path) -> bool:
        return path.stat().st_mtime >= BEGAN

    made = [Path(file) for file in files if Path(file).is_file()]
    has_page = Path(page).is_file() and is_new(Path(page))
    if not has_page:
        made = [path for path in made if is_new(path)]
    claims = [path for path in made if path.name == "claims.csv"]
    figures = [path for path in made if path.suffix == ".svg"]
    lines = []
    if claims:
        lines.append(f"Claims: {verdicts(claims)} ({', '.join(map(str, claims))}).")
    if figures:
        lines.append(f"Figures: {len(figures)} in {Path('results/figures').absolute()}.")
    if has_page:
        lines.append(f"Report: open {Path(page).absolute()} in a browser.")
    return lines
