"""What every driver does around its work: log, check files, and fail in one sentence."""

import argparse
import json
import logging
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from workflow_scripts.common.checksums import check, write_checksums
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike, lock


@contextmanager
def job(
    log: PathLike, inputs: Iterable[PathLike] = (), outputs: Iterable[PathLike] = ()
) -> Iterator[None]:
    """Log to a file and to standard error, check inputs, and write checksums of outputs.

    An error that a person can correct ends the job with its sentence. The same job never runs
    twice at a time: if Snakemake alone is killed, its jobs continue, and a second start of one
    would write the same temporary files and a checksum for the other's output.

    Parameters
    ----------
    log : str or path-like
        File to write.
    inputs : iterable of str or path-like
        Files and folders that are read; see `workflow_scripts.common.checksums.check`.
    outputs : iterable of str or path-like
        Files and folders that exist at the end, and get checksums.
    """
    with ExitStack() as stack:
        try:
            Path(log).parent.mkdir(parents=True, exist_ok=True)
            held = stack.enter_context(open(log, "ab"))
            lock(held, f"{log}: waiting for the same job of an earlier run")
            handlers: list[logging.Handler] = [
                logging.FileHandler(log, mode="w"),
                logging.StreamHandler(),
            ]
        except OSError as error:
            sys.exit(f"the log cannot be written: {error}")
        logging.basicConfig(
            level=logging.INFO,
            format="%(asctime)s %(levelname)s %(message)s",
            handlers=handlers,
            force=True,
        )
        logging.captureWarnings(True)
        try:
            check(inputs)
            yield
            write_checksums(outputs)
        except (InputError, FloatingPointError) as error:
            logging.error("%s", error)
            sys.exit(1)
        except OSError as error:
            # A full disk, a lost one, a folder without permission.
            logging.error("the system refused to read or write: %s", error)
            sys.exit(1)
        except MemoryError as error:
            found = f"memory ran out ({error})" if str(error) else "memory ran out"
            logging.error("%s; the job needs more, or smaller numbers in its settings", found)
            sys.exit(1)
        except Exception:
            logging.exception("this is a bug or an unforeseen input")
            sys.exit(1)


def parse_arguments(description: str | None, **files: str) -> argparse.Namespace:
    """Command line of a driver that runs in another environment: settings, files and a log.

    Parameters
    ----------
    description : str
    **files : str
        What each file of the driver is, by the name of its option.

    Returns
    -------
    argparse.Namespace
        ``settings``, ``log`` and the files.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--settings", required=True, type=json.loads, help="settings as JSON")
    parser.add_argument("--log", required=True, help="log file to write")
    for name, text in files.items():
        parser.add_argument(f"--{name}", required=True, help=text)
    return parser.parse_args()
