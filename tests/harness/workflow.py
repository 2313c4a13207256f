"""Snakemake on the mini configuration, in a copy of this repository."""

import os
import re
import subprocess
import sys
import traceback
from tempfile import TemporaryFile

from tests.harness.mini import MINI_FILE


class Workflow:
    """A copy of this repository in which Snakemake runs on the mini configuration."""

    def __init__(self, folder):
        self.folder = folder

    def snakemake(self, *arguments, configfiles=(), check=True):
        """Run Snakemake to its end; its output, standard error included, as text."""
        done = subprocess.run(
            self.command(*arguments, configfiles=(MINI_FILE, *configfiles)),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if check and done.returncode:
            raise AssertionError(done.stdout[-8000:])
        return done.stdout

    @staticmethod
    def command(*arguments, configfiles=(MINI_FILE,)):
        """Command line of a run on two cores."""
        base = [sys.executable, "-m", "snakemake", "--cores", "2"]
        return [*base, *arguments, "--configfile", *configfiles]

    def dry_run(self, *arguments, configfiles=(), check=True):
        """Output of ``snakemake -n``, without the start of Python, which takes longer."""
        status, output = dry_run(self.folder, *arguments, "--configfile", MINI_FILE, *configfiles)
        assert status == 0 or not check, output
        return output

    def planned(self, *arguments, configfiles=()):
        """Number of jobs of each rule that a dry-run plans; empty when nothing is to be done."""
        return job_counts(self.dry_run("-q", "rules", *arguments, configfiles=configfiles))


def dry_run(folder, *arguments):
    """Exit status and output of ``snakemake -n``, in a fork of this process.

    A fork, because Snakemake keeps much of a run in its modules: the state of one dry-run ends with
    its process.

    Parameters
    ----------
    folder : pathlib.Path
        A copy of the repository, from which the rules and the package are read.
    *arguments : str
        More arguments of the command line.
    """
    # Imported here, before the fork, and not where tests make no plan.
    import snakemake.cli

    with TemporaryFile("w+") as output:
        child = os.fork()
        if child == 0:
            status = 70
            try:
                os.chdir(folder)
                for number in (1, 2):
                    os.dup2(output.fileno(), number)
                sys.stdout = sys.stderr = output
                # The copy's package is imported, as in a process of its own.
                for name in [name for name in sys.modules if name.startswith("workflow_scripts")]:
                    del sys.modules[name]
                sys.argv = ["snakemake", "-n", "--cores", "2", *arguments]
                snakemake.cli.main(sys.argv[1:])
            except SystemExit as end:
                status = end.code
                if isinstance(status, str):
                    print(status)
                    status = 1
            except BaseException:
                traceback.print_exc()
            finally:
                output.flush()
                os._exit(status or 0)
        _, status = os.waitpid(child, 0)
        output.seek(0)
        return os.waitstatus_to_exitcode(status), output.read()


def job_counts(output):
    """Number of jobs of each rule in what ``snakemake -n -q rules`` prints."""
    rows = re.findall(r"^([a-z_]+) +(\d+)$", output, re.MULTILINE)
    return {rule: int(count) for rule, count in rows if rule != "total"}
