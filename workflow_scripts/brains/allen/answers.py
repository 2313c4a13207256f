"""What the Allen Institute's servers answer, checked before it is kept or believed.

A portal of a network answers any request with a page of its own, and a proxy may cut or convert
what it passes on. Runs in both environments.
"""

import csv
import json
import re
from pathlib import Path
from typing import Any

from workflow_scripts.brains.download import Patience, ask, chunks
from workflow_scripts.common.errors import InputError

ID, ANY = r"[0-9]{1,18}", r".*"
NUMBER = r"(?i:|nan|[-+]?(inf|[0-9]*\.?[0-9]+(e[-+]?[0-9]+)?|[0-9]+\.))"
"""A number in the tables; where a measure is not defined, there may be none."""

TABLES = {
    "sessions": {"id": ID, "session_type": r".+", "has_nwb": "(?i:true|false)"},
    "probes": {"id": ID, "ecephys_session_id": ID},
    "channels": {"id": ID, "ecephys_probe_id": ID, "ecephys_structure_acronym": ANY},
    "units": {
        **{"id": ID, "ecephys_channel_id": ID},
        **dict.fromkeys(["isi_violations", "amplitude_cutoff", "presence_ratio"], NUMBER),
    },
}
"""Tables that describe the release, named as in AllenSDK's cache: columns that are read, and what
may stand there."""

LARGEST_PAGE = 2**28
"""Most bytes of an answer to a query; that on all units has 60 MB."""


def check_table(path: Path, name: str) -> None:
    """Refuse a file that is not the table of this name.

    Raises
    ------
    InputError
    """
    columns = TABLES[name]
    expected = f"a CSV file with the columns {', '.join(columns)}, and each id once"
    ids = []
    try:
        with open(path, encoding="utf-8", newline="") as file:
            rows = csv.reader(file)
            header = next(rows, [])
            for column in columns:
                if column not in header:
                    raise InputError(path, f"no column {column!r}", expected)
            for row in rows:
                if len(row) != len(header):
                    raise InputError(path, "rows of other lengths", expected)
                values = dict(zip(header, row, strict=True))
                for column, pattern in columns.items():
                    if not re.fullmatch(pattern, values[column]):
                        found = f"{values[column][:60]!r} as {column} in line {rows.line_num}"
                        raise InputError(path, found, expected)
                ids.append(values["id"])
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(path, f"no table ({error})", expected) from error
    if not ids:
        raise InputError(path, "no rows", expected)
    if len(set(ids)) < len(ids):
        raise InputError(path, "an id twice", expected)


def read_page(url: str, patience: Patience) -> dict[str, Any]:
    """One page of an answer of the warehouse to a query.

    Returns
    -------
    dict
        ``success``, and ``msg``: the rows, or why there are none. With rows also ``num_rows``,
        their number, and ``total_rows``, that of all pages.

    Raises
    ------
    ValueError, requests.RequestException, urllib3.exceptions.HTTPError
        If there is no such answer.
    """
    with ask(url, {"Accept-Encoding": "identity"}, patience) as answer:
        answer.raise_for_status()
        coding = answer.headers.get("Content-Encoding", "identity")
        if coding.lower() != "identity":
            raise ValueError(f"content in the coding {coding!r}, which was not asked for")
        content = bytearray()
        for chunk in chunks(answer, patience):
            content += chunk
            if len(content) > LARGEST_PAGE:
                raise ValueError(f"more than {LARGEST_PAGE} bytes")
    try:
        page = json.loads(content)
    except RecursionError as error:
        raise ValueError("items inside each other without end") from error
    if not isinstance(page, dict) or not {"success", "msg"} <= set(page):
        raise ValueError("no answer to a query")
    if page["success"]:
        rows, numbers = page["msg"], [page.get("num_rows"), page.get("total_rows")]
        if not isinstance(rows, list) or not all(type(n) is int and n >= 0 for n in numbers):
            raise ValueError("no rows with their number")
        if len(rows) != numbers[0]:
            raise ValueError(f"{len(rows)} rows that are said to be {numbers[0]}")
    return page
