"""What every driver does around its work: log to the rule's log file, and fail in one sentence."""

import argparse
import json
import logging
import sys
from contextlib import contextmanager
from pathlib import Path

from workflow_scripts.errors import InputError


@contextmanager
def logged(path):
    """Log to `path` and to standard error; what one can mend ends the job with its sentence."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(message)s",
        handlers=[logging.FileHandler(path, mode="w"), logging.StreamHandler()],
        force=True,
    )
    logging.captureWarnings(True)
    try:
        yield
    except (InputError, FloatingPointError) as error:
        logging.error("%s", error)
        sys.exit(1)
    except Exception:
        logging.exception("this is a bug or an unforeseen input")
        sys.exit(1)


def parse_arguments(description, **files):
    """Command line of a driver that runs in another environment: settings, files and a log.

    Parameters
    ----------
    description : str
    **files : str
        What each file is that the driver reads or writes, by the name of its option.

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
