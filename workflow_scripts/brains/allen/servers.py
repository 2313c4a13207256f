"""The two places from which the Allen Institute serves its sessions: warehouse and public bucket.

Runs in the AllenSDK environment. Of the warehouse, AllenSDK's own classes build the queries and
read the answers; the engine under them has time limits and retries, and gives the address of a
file instead of a stream, so that `download` fetches the file from either place.
"""

import json
import logging
import time
from pathlib import Path
from urllib.parse import urlsplit

import requests
from allensdk.brain_observatory.ecephys.ecephys_project_api import EcephysProjectWarehouseApi
from allensdk.brain_observatory.ecephys.ecephys_project_api.rma_engine import RmaEngine

from workflow_scripts.brains.allen.download import Patience, download
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import write_table

TABLES = ("sessions", "probes", "channels", "units")

PATIENCE_HELP = "time limits and tries as JSON"


class Engine(RmaEngine):
    """AllenSDK's engine of queries, which by itself waits for ever and takes any answer.

    Parameters
    ----------
    base_url : str
        Scheme and host of the warehouse.
    patience : Patience
        Time limits and tries of each page of an answer.
    """

    def __init__(self, base_url, patience):
        parts = urlsplit(base_url)
        if parts.path.strip("/"):
            raise InputError(
                f"config mouse.base_url: found {base_url!r}, expected the warehouse's address "
                "without a path"
            )
        super().__init__(parts.scheme, parts.netloc)
        self.patience = patience

    def get_rma(self, query):
        """Yield the rows of an answer, page by page.

        Raises
        ------
        InputError
            If the warehouse gives no usable answer in the tries, refuses the query, or ends before
            the number of rows that it announced, where AllenSDK would ask for ever.
        """
        url = f"{self.scheme}://{self.host}/{self.rma_prefix}/{self.format_query_string}?{query}"
        start, total = 0, None
        while total is None or start < total:
            answer = self._page(self.add_page_params(url, start))
            if not answer["success"]:
                raise InputError(f"{url}: the warehouse refuses the query: {answer['msg']}")
            total = answer["total_rows"]
            if start < total and not answer["num_rows"]:
                raise InputError(f"{url}: found {start} rows, expected the {total} announced")
            start += answer["num_rows"]
            yield answer["msg"]

    def _page(self, url):
        patience = self.patience
        for tried in range(patience.tries):
            if tried:
                time.sleep(min(patience.backoff_s * 2 ** (tried - 1), patience.longest_pause_s))
            try:
                answer = requests.get(url, timeout=(patience.connect_s, patience.read_s))
                answer.raise_for_status()
                return answer.json()
            except (requests.RequestException, ValueError) as error:
                found = error
                logging.warning("%s: try %d of %d: %s", url, tried + 1, patience.tries, found)
        raise InputError(f"{url}: found no usable answer in {patience.tries} tries: {found}")

    def stream(self, route):
        """Address of a file."""
        return f"{self.scheme}://{self.host}/{route.lstrip('/')}"


class Warehouse:
    """The warehouse, asked by AllenSDK.

    Parameters
    ----------
    base_url : str
    patience : Patience
    """

    def __init__(self, base_url, patience):
        self.api = EcephysProjectWarehouseApi(Engine(base_url, patience))

    def fetch_tables(self, folder):
        """Write the tables of sessions, probes, channels and units as CSV files."""
        for name in TABLES:
            table = getattr(self.api, f"get_{name}")()
            write_table(table.reset_index(), Path(folder, f"{name}.csv"))

    def session_url(self, session):
        """Address of a session's NWB file; InputError if there is not exactly one."""
        try:
            return self.api.get_session_data(session)
        except ValueError as error:
            raise InputError(f"session {session}: {error}") from error

    def scene_url(self, scene):
        """Address of a scene's template; InputError if there is not exactly one."""
        try:
            return self.api.get_natural_scene_template(scene)
        except ValueError as error:
            raise InputError(f"scene {scene}: {error}") from error


class Bucket:
    """The public bucket, by plain HTTPS; it is laid out as AllenSDK's cache folder is.

    Parameters
    ----------
    base_url : str
    patience : Patience
    """

    def __init__(self, base_url, patience):
        self.base_url, self.patience = base_url.rstrip("/"), patience

    def fetch_tables(self, folder):
        """Fetch the tables of sessions, probes, channels and units."""
        for name in TABLES:
            file = f"{name}.csv"
            download(f"{self.base_url}/{file}", Path(folder, file), patience=self.patience)

    def session_url(self, session):
        """Address of a session's NWB file."""
        return f"{self.base_url}/session_{session}/session_{session}.nwb"

    def scene_url(self, scene):
        """Address of a scene's template."""
        return f"{self.base_url}/natural_scene_templates/natural_scene_{scene}.tiff"


SOURCES = {
    "warehouse": (Warehouse, "http://api.brain-map.org"),
    "s3": (
        Bucket,
        "https://allen-brain-observatory.s3.amazonaws.com/visual-coding-neuropixels/ecephys-cache",
    ),
}


def open_source(settings, patience):
    """The configured place.

    Parameters
    ----------
    settings : dict
        ``source``, a key of `SOURCES`; ``base_url``, or None for the Allen Institute's.
    patience : Patience

    Returns
    -------
    Warehouse or Bucket
    """
    kind, base_url = SOURCES[settings["source"]]
    return kind(settings["base_url"] or base_url, patience)


def parse_patience(text):
    """Patience from a JSON object with its fields."""
    return Patience(**json.loads(text))
