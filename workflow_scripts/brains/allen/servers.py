"""The two places from which the Allen Institute serves its sessions: warehouse and public bucket.

Runs in the AllenSDK environment. AllenSDK's own classes build the queries to the warehouse and read
the answers; the engine under them has time limits and retries, and gives the address of a file
instead of a stream, so that `download` fetches the file from either place.
"""

import json
import logging
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from allensdk.brain_observatory.ecephys.ecephys_project_api import EcephysProjectWarehouseApi
from allensdk.brain_observatory.ecephys.ecephys_project_api.rma_engine import RmaEngine

from workflow_scripts.brains.allen.answers import TABLES, check_table, read_page
from workflow_scripts.brains.download import Patience, download
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike, write_table

PATIENCE_HELP = "time limits and tries as JSON"
"""Help on the option of all commands that fetch; see `parse_patience`."""


class Engine(RmaEngine):
    """AllenSDK's engine of queries, with time limits and checks, both of which AllenSDK lacks.

    Parameters
    ----------
    base_url : str
        Scheme and host of the warehouse.
    patience : Patience
        Time limits and tries of each page of an answer.
    """

    def __init__(self, base_url: str, patience: Patience) -> None:
        address = urlsplit(base_url)
        super().__init__(address.scheme, address.netloc)
        self.patience = patience

    def get_rma(self, query: str) -> Iterator[Any]:
        """Yield the rows of an answer, page by page.

        Raises
        ------
        InputError
            If no try brings a usable answer, or the warehouse refuses the query or has fewer rows
            than it announced. AllenSDK would ask for the missing rows forever.
        """
        url = f"{self.scheme}://{self.host}/{self.rma_prefix}/{self.format_query_string}?{query}"
        start, total = 0, None
        while total is None or start < total:
            answer = self._page(self.add_page_params(url, start))
            if not answer["success"]:
                raise InputError(url, f"the refusal {answer['msg']!r}", "an answer to the query")
            total = answer["total_rows"] if total is None else total
            has_ended = start < total and not answer["num_rows"]
            start += answer["num_rows"]
            if has_ended or start > total or answer["total_rows"] != total:
                raise InputError(url, f"{start} rows", f"the {total} that were announced")
            yield answer["msg"]

    def _page(self, url: str) -> dict[str, Any]:
        patience = self.patience
        found: Exception | None = None
        for tried in range(patience.tries):
            if tried:
                time.sleep(min(patience.backoff_s * 2 ** (tried - 1), patience.longest_pause_s))
            try:
                return read_page(url, patience)
            except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
                found = error
                logging.warning("%s: try %d of %d: %s", url, tried + 1, patience.tries, found)
        raise InputError(url, f"no answer in {patience.tries} tries ({found})", "rows as JSON")

    def stream(self, route: str) -> str:
        """Address of a file; AllenSDK's own engine returns the content here."""
        return f"{self.scheme}://{self.host}/{route.lstrip('/')}"


class Warehouse:
    """The warehouse, asked by AllenSDK.

    Parameters
    ----------
    base_url : str
    patience : Patience
    """

    def __init__(self, base_url: str, patience: Patience) -> None:
        self.api = EcephysProjectWarehouseApi(Engine(base_url, patience))

    def fetch_tables(self, folder: PathLike) -> None:
        """Write the tables of sessions, probes, channels and units as CSV files."""
        for name in TABLES:
            table = getattr(self.api, f"get_{name}")()
            write_table(table.reset_index(), Path(folder, f"{name}.csv"))

    def session_url(self, session: int) -> str:
        """Address of a session's NWB file; InputError if there is not exactly one."""
        try:
            url: str = self.api.get_session_data(session)
        except ValueError as error:
            # AllenSDK's message holds a table of several lines.
            raise InputError(
                f"session {session}", "none or several NWB files in the warehouse", "one"
            ) from error
        return url

    def scene_url(self, scene: int) -> str:
        """Address of a scene's template; InputError if there is not exactly one."""
        try:
            url: str = self.api.get_natural_scene_template(scene)
        except ValueError as error:
            raise InputError(
                f"scene {scene}", "none or several templates in the warehouse", "one"
            ) from error
        return url


class Bucket:
    """The public bucket, by plain HTTPS, which is laid out like AllenSDK's cache folder.

    Parameters
    ----------
    base_url : str
    patience : Patience
    """

    def __init__(self, base_url: str, patience: Patience) -> None:
        self.base_url, self.patience = base_url.rstrip("/"), patience

    def fetch_tables(self, folder: PathLike) -> None:
        """Fetch the tables of sessions, probes, channels and units."""
        for name in TABLES:
            file = f"{name}.csv"
            verify = partial(check_table, name=name)
            path = Path(folder, file)
            url, receipt = f"{self.base_url}/{file}", receipt_path(folder, path)
            download(url, path, verify=verify, patience=self.patience, receipt=receipt)

    def session_url(self, session: int) -> str:
        """Address of a session's NWB file."""
        return f"{self.base_url}/session_{session}/session_{session}.nwb"

    def scene_url(self, scene: int) -> str:
        """Address of a scene's template."""
        return f"{self.base_url}/natural_scene_templates/natural_scene_{scene}.tiff"


BASE_URLS = {
    "warehouse": "https://api.brain-map.org",
    "s3": "https://allen-brain-observatory.s3.amazonaws.com/visual-coding-neuropixels/ecephys-cache",
}
"""The Allen Institute's address of each place, by the name of the source in the configuration."""


def open_source(settings: dict[str, Any], patience: Patience) -> Warehouse | Bucket:
    """The configured place.

    Parameters
    ----------
    settings : dict
        ``brain``, its name in the configuration; ``source``, a key of `BASE_URLS`; ``base_url``, or
        None for the Allen Institute's.
    patience : Patience

    Raises
    ------
    InputError
        If the address of a warehouse has a path, which AllenSDK would leave out.
    """
    base_url = settings["base_url"] or BASE_URLS[settings["source"]]
    if settings["source"] == "s3":
        return Bucket(base_url, patience)
    if urlsplit(base_url).path.strip("/"):
        raise InputError(
            f"config brains.{settings['brain']}.base_url",
            repr(base_url),
            "the warehouse's address without a path",
        )
    return Warehouse(base_url, patience)


def receipt_path(folder: PathLike, path: Path) -> Path:
    """Receipt of a file of a folder of the brain; those of sessions lie in the same place."""
    return Path(folder).parent / "downloads" / f"{path.stem}.json"


def parse_patience(text: str) -> Patience:
    """Patience from a JSON object with its fields."""
    return Patience(**json.loads(text))
