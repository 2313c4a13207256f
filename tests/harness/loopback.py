"""A server on this machine that plays the Allen data warehouse and its public bucket, and fails.

    with Loopback(folder, tables=example_tables([900001]), sessions={900001: "a.nwb"}) as server:
        server.fault("cut", "well_known_file_download", times=2)
        ...
        assert server.sent("well_known_file_download") == size

`folder` is served as the bucket: ``<url>/<path below folder>``. With `tables`, the server also
answers the queries that AllenSDK's `EcephysProjectCache` sends to the warehouse.
"""

import json
import re
import select
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

PRODUCT = 714914585
CHUNK = 1 << 16
# Queries can be hit by status, html, cut and silence; the other kinds are for files.
KINDS = (
    "cut",  # the length is given, and the connection is closed after `share` of the content
    "cut_without_length",  # the same without a length
    "no_length",  # all of the content, without a length
    "truncate",  # `share` of the content, with the length of that share
    "corrupt",  # all of the content, with one byte changed
    "silence",  # `share` of the content, then nothing until the client leaves or for `seconds`
    "slow",  # all of the content, spread over `seconds`
    "status",  # an error `status`, with a header Retry-After if `retry_after` is given
    "html",  # status 200 with a page
    "ignore_range",  # all of the content with status 200, whatever range is asked for
    "ignore_if_range",  # the range that is asked for, even of another version of the file
    "shift",  # status 206, but from the first byte
    "change",  # the file gets the new `content` before this request is answered
)


@dataclass
class Fault:
    """What goes wrong with the next `times` requests whose path contains `match`."""

    kind: str
    match: str
    times: float
    share: float = 0.5
    seconds: float = 60.0
    status: int = 503
    retry_after: str | None = None
    content: bytes = b""


@dataclass
class Request:
    """A request, and what was answered: `sent` counts the bytes of content that were sent."""

    path: str
    range: str | None
    status: int = 0
    sent: int = 0


def example_tables(sessions, *, channels=4, units_per_channel=2):
    """Rows of the warehouse's tables, with one probe in VISp for each session.

    The keys are the models that the client asks for; the rows have the columns that it reads.
    """
    tables = {
        "EcephysSession": [
            {
                "id": session,
                "date_of_acquisition": "2019-01-01T00:00:00Z",
                "isi_experiment_id": session + 1,
                "published_at": "2019-10-03T00:00:00Z",
                "specimen_id": session + 2,
                "stimulus_name": "brain_observatory_1.1",
                "fail_eye_tracking": False,
                "specimen": {
                    "donor": {"age": {"days": 110.0}, "sex": "M", "full_genotype": "wt/wt"}
                },
            }
            for session in sessions
        ],
        "EcephysProbe": [],
        "EcephysChannel": [],
        "EcephysUnit": [],
    }
    for number, session in enumerate(sessions):
        probe = 1000 + number
        tables["EcephysProbe"].append(
            {
                "id": probe,
                "ecephys_session_id": session,
                "name": "probeA",
                "phase": "3a",
                "sampling_rate": 30000.0,
                "lfp_sampling_rate": 2500.0,
                "lfp_temporal_subsampling_factor": 2.0,
                "air_channel_index": 374,
                "surface_channel_index": 345,
                "use_lfp_data": False,
            }
        )
        for row in range(channels):
            channel = 100 * probe + row
            tables["EcephysChannel"].append(
                {
                    "id": channel,
                    "ecephys_probe_id": probe,
                    "local_index": row,
                    "probe_horizontal_position": 43,
                    "probe_vertical_position": 20 * row,
                    "anterior_posterior_ccf_coordinate": 8000,
                    "dorsal_ventral_ccf_coordinate": 2000,
                    "left_right_ccf_coordinate": 8000,
                    "ecephys_structure_id": 385,
                    "ecephys_structure_acronym": "VISp",
                }
            )
            tables["EcephysUnit"] += [
                {
                    "id": 100 * channel + unit,
                    "ecephys_channel_id": channel,
                    "local_index": unit,
                    "cluster_id": unit,
                    "quality": "good",
                    "firing_rate": 5.0,
                    "isi_violations": 0.1,
                    "amplitude_cutoff": 0.01,
                    "presence_ratio": 0.99,
                    "snr": 3.0,
                }
                for unit in range(units_per_channel)
            ]
    return tables


class Loopback:
    """The server, started by ``with``.

    Parameters
    ----------
    folder : str or path-like
        Files that are served under their relative paths, as in the public bucket.
    tables : dict of str to list of dict, optional
        Rows of each model, as `example_tables` makes them.
    sessions : dict of int to str or path-like, optional
        NWB file of each session that has one, below `folder`.
    templates : dict of int to str or path-like, optional
        Template of each natural scene, below `folder`.
    validators : bool
        Whether answers carry an ETag.
    ranges : bool
        Whether requests for a range of bytes are answered with that range.
    """

    def __init__(
        self, folder, *, tables=None, sessions=(), templates=(), validators=True, ranges=True
    ):
        self.folder = Path(folder)
        self.tables = tables or {}
        self.validators = validators
        self.ranges = ranges
        self.requests = []
        self._faults = []
        self._answering = 0
        self._change = threading.Condition()
        self._well_known = {}
        for session, path in dict(sessions).items():
            self._add("EcephysNwb", "EcephysSession", session, path, f"/external/{session}.nwb")
        for scene, path in dict(templates).items():
            self._add("Stimulus", "Product", PRODUCT, path, f"/allen/natural_scenes/{scene}.tiff")
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.loopback = self
        self.host = f"127.0.0.1:{self._server.server_port}"
        self.url = f"http://{self.host}"

    def __enter__(self):
        # Polled often, so that tests need not wait for the server to end.
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def fault(self, kind, match="/", times=1, **details):
        """Let something go wrong; faults of the same path happen one after the other.

        Parameters
        ----------
        kind : str
            One of `KINDS`.
        match : str
            Text in the path of the requests that are hit.
        times : int or float
            How many requests are hit; ``math.inf`` for all.
        **details
            Other fields of `Fault`.
        """
        if kind not in KINDS:
            raise ValueError(f"kind is {kind!r}, expected one of {', '.join(KINDS)}")
        with self._change:
            self._faults.append(Fault(kind, match, times, **details))

    def asked(self, match="/"):
        """Requests so far whose path contains `match`; waits until all have been answered."""
        with self._change:
            if not self._change.wait_for(lambda: not self._answering, timeout=10):
                raise TimeoutError("a request is still being answered")
            return [request for request in self.requests if match in request.path]

    def sent(self, match="/"):
        """Bytes of content that were sent to these requests."""
        return sum(request.sent for request in self.asked(match))

    def answer_query(self, query):
        """Answer to a query of the warehouse client: one page of it."""
        model = re.search(r"model::(\w+)", query)[1]
        if model == "WellKnownFile":
            rows = self._find_well_known(query)
        elif "$in" in query or model not in self.tables:
            return {"success": False, "num_rows": 0, "total_rows": 0, "msg": f"no {query} here"}
        else:
            rows = [self._as_answered(model, row) for row in self.tables[model]]
        start, count = (int(re.search(rf"{key}\$eq(\d+)", query)[1]) for key in PAGE_KEYS)
        page = sorted(rows, key=lambda row: int(row["id"]))[start : start + count]
        return {"success": True, "num_rows": len(page), "total_rows": len(rows), "msg": page}

    def file_of(self, path):
        """File that `path` asks for, whether or not it exists."""
        download = re.fullmatch(r"/api/v2/well_known_file_download/(\d+)", path)
        if download is None:
            return self.folder / path.lstrip("/")
        row = self._well_known.get(int(download[1]))
        return self.folder / (row["file"] if row else "none")

    def _add(self, kind, attachable_type, attachable_id, file, path):
        number = 5000 + len(self._well_known)
        self._well_known[number] = {
            "kind": kind,
            "file": file,
            "answer": {
                "id": number,
                "attachable_id": attachable_id,
                "attachable_type": attachable_type,
                "download_link": f"/api/v2/well_known_file_download/{number}",
                "path": path,
                "well_known_file_type_id": 1,
            },
        }

    def _find_well_known(self, query):
        wanted = {key: text or number for key, text, number in CRITERION.findall(query)}
        return [
            row["answer"]
            for row in self._well_known.values()
            if wanted
            == {
                "name": row["kind"],
                "attachable_type": row["answer"]["attachable_type"],
                "attachable_id": str(row["answer"]["attachable_id"]),
            }
        ]

    def _as_answered(self, model, row):
        if model == "EcephysChannel":
            # Asked for as a table, in which the warehouse gives all values as text.
            return {key: None if value is None else str(value) for key, value in row.items()}
        if model == "EcephysSession":
            has_file = any(
                file["answer"]["attachable_id"] == row["id"] for file in self._well_known.values()
            )
            kind = {"well_known_file_type": {"name": "EcephysNwb"}}
            return row | {"well_known_files": [kind] if has_file else []}
        return row

    def begin(self, path, asked_range):
        """Note a request, and return the note and the fault that hits it, if any."""
        request = Request(path, asked_range)
        with self._change:
            self._answering += 1
            self.requests.append(request)
            hit = next((f for f in self._faults if f.match in path and f.times > 0), None)
            if hit is not None:
                hit.times -= 1
        return request, hit

    def end(self):
        """Note that a request is answered."""
        with self._change:
            self._answering -= 1
            self._change.notify_all()


PAGE_KEYS = ("start_row", "num_rows")
CRITERION = re.compile(r"\[(name|attachable_\w+)\$eq(?:'(\w+)'|(\d+))\]")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def handle(self):
        # A client may leave at any time, also between two requests.
        with suppress(ConnectionError):
            super().handle()

    def do_GET(self):  # noqa: N802 - the name that http.server calls
        path = re.sub("/+", "/", unquote(self.path))
        loopback = self.server.loopback
        self.request_note, fault = loopback.begin(path, self.headers.get("Range"))
        try:
            self.answer(loopback, path, fault)
        except ConnectionError:
            self.close_connection = True
        finally:
            loopback.end()

    def answer(self, loopback, path, fault):
        kind = fault.kind if fault else None
        if kind == "status":
            extra = {} if fault.retry_after is None else {"Retry-After": fault.retry_after}
            self.send_all(fault.status, b"out of order", "text/plain", extra)
        elif kind == "html":
            self.send_all(200, b"<html>maintenance</html>", "text/html; charset=utf-8")
        elif path.startswith("/api/v2/data/query.json?"):
            content = json.dumps(loopback.answer_query(path)).encode()
            if kind == "silence":
                self.be_silent(fault.seconds)
            elif kind == "cut":
                self.send_start(200, {"Content-Length": str(len(content))})
                self.send_bytes(content[: int(fault.share * len(content))])
                self.close_connection = True
            else:
                self.send_all(200, content, "application/json")
        else:
            file = loopback.file_of(path)
            if kind == "change":
                file.write_bytes(fault.content)
            if file.is_file():
                self.send_file(file, kind, fault)
            else:
                self.send_all(404, b"no such file", "text/plain")

    def send_start(self, status, headers):
        self.request_note.status = status
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def send_all(self, status, content, kind, headers=()):
        length = {"Content-Type": kind, "Content-Length": str(len(content))}
        self.send_start(status, length | dict(headers))
        self.send_bytes(content)

    def send_bytes(self, content):
        self.wfile.write(content)
        self.request_note.sent += len(content)

    def be_silent(self, seconds):
        # The connection becomes readable when the client leaves.
        select.select([self.connection], [], [], seconds)
        self.close_connection = True

    def send_file(self, file, kind, fault):
        stat = file.stat()
        size, start, status = stat.st_size, 0, 200
        headers = {"Content-Type": "application/octet-stream"}
        loopback = self.server.loopback
        if loopback.validators:
            headers["ETag"] = f'"{stat.st_mtime_ns:x}-{size:x}"'
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        valid = self.headers.get("If-Range") in (None, headers.get("ETag"))
        ranges = loopback.ranges and kind != "ignore_range"
        if asked and ranges and (valid or kind == "ignore_if_range"):
            start, status = 0 if kind == "shift" else int(asked[1]), 206
            if start >= size:
                headers["Content-Range"] = f"bytes */{size}"
                return self.send_all(416, b"", "text/plain", headers)
            headers["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
        count = size - start
        short = ("cut", "cut_without_length", "truncate", "silence")
        sent = int(fault.share * count) if kind in short else count
        if kind in ("no_length", "cut_without_length"):
            headers["Connection"] = "close"
        else:
            headers["Content-Length"] = str(sent if kind == "truncate" else count)
        self.send_start(status, headers)
        pause = fault.seconds * CHUNK / count if kind == "slow" else 0
        self.send_from(file, start, sent, pause, corrupt=kind == "corrupt")
        if kind == "silence":
            self.be_silent(fault.seconds)
        if kind in ("cut", "cut_without_length", "no_length"):
            self.close_connection = True

    def send_from(self, file, start, count, pause, *, corrupt):
        with file.open("rb") as opened:
            opened.seek(start)
            while count:
                content = opened.read(min(count, CHUNK))
                count -= len(content)
                if corrupt:
                    content = bytes([content[0] ^ 1]) + content[1:]
                    corrupt = False
                self.send_bytes(content)
                time.sleep(pause)
