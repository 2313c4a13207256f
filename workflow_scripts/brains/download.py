"""Fetch one large file over HTTP. In the end it is whole and verified, or absent.

The next call resumes a download that failed: the bytes gather in ``<path>.part``, which outlives a
failed or killed job. Next to it lies ``<path>.part.json``, a note of the version of the file that
the bytes belong to, so that pieces of two versions are not put together. A server that names no
version is trusted to send the same file again. A process locks the note while it fetches, not the
``.part`` file: HDF5 locks every file that it opens, so that a locked file could not be verified.

It runs in the main environment and in that of AllenSDK, so it imports only requests and urllib3.
"""

import json
import logging
import os
import queue
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from pathlib import Path

import requests
import urllib3

from workflow_scripts.common.checksums import sha256_of
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike, lock, replacing

CHUNK = 1 << 20
"""Most bytes that are read at a time."""

MB = 1e6
"""Bytes of a megabyte, as messages give sizes."""

LARGEST = 2**36
"""Most bytes of a file: twenty times the largest session. A body without an end fills no disk."""

LEAST_SPEED = 1000
"""Fewest bytes per second, on average over the time that a server may be silent."""

LEAST_NEW = 2**16
"""Fewest new bytes for which the count of tries starts again."""

LOG_INTERVAL_S = 10
"""Shortest time between two messages on the progress of a file."""

WORTH_ANOTHER_TRY = (408, 425, 429)
"""HTTP statuses that may pass: the request timed out, came too early, or was one too many."""

NO_ADDRESS = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
)
"""Errors for an address that cannot be requested from any server."""

Verify = Callable[[Path], object]
"""Raises, with a message, if the file at a path is not what it should be."""


class DownloadError(InputError):
    """A file could not be fetched; the message says from where, what came, and what is kept."""


class _TryFailed(ValueError):
    """This try did not bring the whole file, but the next one may; `found` is what it brought."""

    def __init__(self, found: str, wait_s: float = 0.0) -> None:
        super().__init__(found)
        self.wait_s = wait_s


@dataclass(frozen=True)
class Patience:
    """How long to wait for a server.

    Attributes
    ----------
    connect_s, read_s : float
        Longest wait for a connection, and for the next byte.
    tries : int
        How many tries in a row may bring nothing new. The count starts again after a try that
        leaves more bytes here than there ever were.
    backoff_s, longest_pause_s : float
        Pause after a try, doubled with every try that brings nothing new. If the server asks for a
        longer pause, that is taken. No pause is longer than `longest_pause_s`.
    """

    connect_s: float = 10.0
    read_s: float = 60.0
    tries: int = 8
    backoff_s: float = 2.0
    longest_pause_s: float = 120.0


PATIENCE = Patience()
"""The default patience."""


@dataclass(frozen=True)
class Receipt:
    """What was fetched.

    Attributes
    ----------
    url : str
        Where the file is from.
    size : int
        Its size in bytes.
    sha256 : str
        Digest of the whole file, including bytes that earlier calls fetched.
    transferred : int
        Bytes of content that this call took from the network.
    seconds : float
        How long this call took.
    """

    url: str
    size: int
    sha256: str
    transferred: int
    seconds: float


@dataclass(frozen=True)
class _Version:
    """What tells one version of a file from another; None where the server did not say."""

    url: str
    validator: str | None
    tag: str | None
    size: int | None

    def __post_init__(self) -> None:
        if not isinstance(self.size, int | None) or not isinstance(self.tag, str | None):
            raise TypeError("a note of something else")

    def may_be(self, other: "_Version") -> bool:
        """Whether the two agree in everything that both know."""
        pairs = zip(asdict(self).values(), asdict(other).values(), strict=True)
        return all(a == b for a, b in pairs if a is not None and b is not None)


class _Piece:
    """The bytes that are here so far, and the version of the file that they belong to."""

    def __init__(self, path: Path, note: Path, url: str) -> None:
        self.path = path
        self.note = note
        self.written = 0
        self.version: _Version | None = None
        try:
            self.version = _Version(**json.loads(note.read_text()))
        except (ValueError, TypeError, RecursionError):
            logging.debug("%s: no note of a version", note)
        if self.version is None or self.version.url != url:
            self.discard()

    @property
    def size(self) -> int:
        """Number of bytes that are here."""
        return self.path.stat().st_size if self.path.exists() else 0

    def discard(self) -> None:
        """Remove the bytes, and forget which version they belong to."""
        self.path.unlink(missing_ok=True)
        self.version = None

    def begin(self, version: _Version) -> None:
        """Start again with bytes of `version`.

        The old bytes are removed first, so that no note ever describes bytes of another version.
        """
        self.discard()
        self.note.write_text(json.dumps(asdict(version)))
        self.version = version

    def append(self, arriving: Iterable[bytes], progress: "_Progress") -> None:
        """Write bytes as they come, so that what has arrived is kept, however this ends."""
        with open(self.path, "ab", buffering=0) as file:
            for chunk in arriving:
                rest = memoryview(chunk)
                while rest:
                    rest = rest[file.write(rest) :]
                self.written += len(chunk)
                progress(file.tell())
                if file.tell() > LARGEST:
                    raise _TryFailed(f"more than {LARGEST} bytes without an end")

    def rename(self, path: Path) -> None:
        """Give the bytes their final name, once they are on the disk."""
        with open(self.path, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(self.path, path)


class _Progress:
    """Log how much of a file is here, at most every `LOG_INTERVAL_S`."""

    def __init__(self, name: str, size: int, total: int | None) -> None:
        self.name = name
        self.total = total
        self.size = size
        self.time = time.monotonic()

    def __call__(self, size: int) -> None:
        elapsed = time.monotonic() - self.time
        if elapsed < LOG_INTERVAL_S:
            return
        rate = (size - self.size) / elapsed
        if self.total:
            share = f"{size / self.total:.0%}, {size / MB:.1f} of {self.total / MB:.1f} MB"
            left = timedelta(seconds=round((self.total - size) / rate)) if rate else "unknown time"
            left = f", {left} left"
        else:
            share, left = f"{size / MB:.1f} MB of an unknown size", ""
        logging.info("%s: %s, %.2f MB/s%s", self.name, share, rate / MB, left)
        self.size, self.time = size, time.monotonic()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Lock the file `path`, which is made if it is not there, for this process alone."""
    while True:
        with open(path, "ab") as file:
            lock(file, f"{path}: waiting for the process that fetches this file")
            # The process that held it may have removed it; then this is no longer the file `path`.
            if path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
                yield
                return


def _wait_asked_for(response: requests.Response) -> float:
    """Seconds that the header ``Retry-After`` asks for, as a number or as a date."""
    asked = response.headers.get("Retry-After", "")
    try:
        if re.fullmatch("[0-9]+", asked):
            return float(asked)
        return (parsedate_to_datetime(asked) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _check_answer(response: requests.Response, url: str) -> None:
    """Raise unless the answer is a file, or the rest of one."""
    if response.status_code not in (200, 206):
        found = f"the answer {response.status_code} {response.reason}"
        if response.status_code in WORTH_ANOTHER_TRY or response.status_code >= 500:
            raise _TryFailed(found, _wait_asked_for(response))
        raise DownloadError(url, found, "a file")
    coding = response.headers.get("Content-Encoding", "identity")
    if coding.lower() != "identity":
        raise _TryFailed(f"content in the coding {coding!r}, which was not asked for")
    kind = response.headers.get("Content-Type", "")
    if "html" in kind.lower():
        raise _TryFailed(f"a page ({kind}) as the answer")


def _content_range(response: requests.Response) -> tuple[int | None, int | None]:
    """First byte and size of the whole file, from ``Content-Range``; None where it is not said."""
    header = response.headers.get("Content-Range", "")
    number = "[0-9]{1,18}"
    match = re.fullmatch(rf"bytes (?:({number})-{number}|\*)/({number}|\*)", header)
    if match is None:
        return None, None
    start, size = (int(text) if text and text != "*" else None for text in match.groups())
    return start, size


def _described(response: requests.Response, url: str) -> tuple[int | None, _Version]:
    """First byte of the content, and the version of the file that it belongs to."""
    headers = response.headers
    # Only a strong tag promises that the bytes are the same; other weak ones are another version.
    tag = headers.get("ETag")
    is_strong = tag is not None and not tag.startswith("W/")
    validator = tag if is_strong else headers.get("Last-Modified")
    if response.status_code == 206:
        start, size = _content_range(response)
        return start, _Version(url, validator, tag, size)
    return 0, _Version(url, validator, tag, _length(headers.get("Content-Length")))


def _length(text: str | None) -> int | None:
    """Length that a header gives, perhaps several times, as proxies may leave it."""
    if text is None:
        return None
    lengths = {length.strip() for length in text.split(",")}
    length = lengths.pop()
    if lengths or not re.fullmatch("[0-9]{1,18}", length):
        raise _TryFailed(f"the length {text[:60]!r}")
    return int(length)


def chunks(response: requests.Response, patience: Patience) -> Iterator[bytes]:
    """Content of an answer as it arrives, not in whole chunks: a lost connection loses nothing.

    Raises
    ------
    _TryFailed
        If it arrives so slowly that it would never end.
    """
    began, received = time.monotonic(), 0
    while chunk := response.raw.read1(CHUNK, decode_content=False):
        yield chunk
        received += len(chunk)
        elapsed = time.monotonic() - began
        if elapsed > patience.read_s:
            if received < LEAST_SPEED * elapsed:
                raise _TryFailed(f"{received} bytes in {elapsed:.0f} s")
            began, received = time.monotonic(), 0


def _request(piece: _Piece, url: str, patience: Patience) -> requests.Response:
    """Ask for what is missing, or for the whole file if it is another version by now."""
    headers = {"Accept-Encoding": "identity"}
    if piece.size:
        headers["Range"] = f"bytes={piece.size}-"
        if piece.version is not None and piece.version.validator is not None:
            headers["If-Range"] = piece.version.validator
    return ask(url, headers, patience)


def ask(url: str, headers: dict[str, str], patience: Patience) -> requests.Response:
    """The answer to a request, of which only the headers are here.

    `requests` limits the wait for each byte of them, but not for all. A thread that waits longer is
    left to itself.

    Raises
    ------
    requests.RequestException
    _TryFailed
        If the headers do not end, or are none.
    """
    answers: queue.SimpleQueue[requests.Response | Exception] = queue.SimpleQueue()

    def wait() -> None:
        try:
            timeout = (patience.connect_s, patience.read_s)
            answers.put(requests.get(url, headers=headers, stream=True, timeout=timeout))
        except Exception as error:
            answers.put(error)

    threading.Thread(target=wait, daemon=True).start()
    # A host may have two addresses, and an answer may lead to another one.
    longest_s = 2 * (patience.connect_s + patience.read_s)
    try:
        answer = answers.get(timeout=longest_s)
    except queue.Empty:
        raise _TryFailed(f"no whole answer within {longest_s:g} s") from None
    if isinstance(answer, requests.Response):
        return answer
    if isinstance(answer, (ValueError, HTTPException)) and not isinstance(
        answer, requests.RequestException
    ):
        # A length or an address in the headers that none can be.
        raise _TryFailed(f"an answer that cannot be read ({answer})") from answer
    raise answer


def _complete(piece: _Piece, url: str, patience: Patience, *, can_verify: bool) -> None:
    """Fetch what is missing, in one request.

    Raises
    ------
    _TryFailed
        If the file is not whole afterwards, or may not be.
    DownloadError
        If another try cannot bring more.
    """
    have = piece.size
    if have and piece.version is not None and piece.version.size is not None:
        if have == piece.version.size:
            return
        if have > piece.version.size:
            piece.discard()
            have = 0
    with _request(piece, url, patience) as response:
        if response.status_code == 416 and have:
            _, size = _content_range(response)
            # A server that has fewer bytes than it said has another file by now.
            if size == have and (piece.version is None or piece.version.size in (None, have)):
                return
            piece.discard()
            raise _TryFailed(f"fewer than the {have} bytes that were here")
        _check_answer(response, url)
        start, version = _described(response, url)
        known = piece.version
        if not (have and start == have and known is not None and known.may_be(version)):
            piece.discard()
            if start != 0:
                raise _TryFailed(f"bytes that do not continue the {have} that were here")
            if version.size is None and not response.raw.chunked and not can_verify:
                raise DownloadError(
                    url,
                    "no length of the file",
                    "one, because without a length or a verification a cut file looks whole",
                )
            piece.begin(version)
        if (version.size or 0) > LARGEST:
            raise DownloadError(url, f"{version.size} bytes", f"at most {LARGEST}")
        progress = _Progress(piece.path.stem, piece.size, version.size)
        piece.append(chunks(response, patience), progress)
    if version.size is not None and piece.size != version.size:
        raise _TryFailed(f"{piece.size} of {version.size} bytes")


def _reason(error: BaseException, patience: Patience) -> str:
    """What a failed try found, in a few words."""
    if isinstance(error, _TryFailed):
        return str(error)
    if isinstance(error, requests.ConnectTimeout):
        return f"no connection within {patience.connect_s:g} s"
    if isinstance(error, (requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError)):
        return f"silence for {patience.read_s:g} s"
    while error.__context__ is not None:
        error = error.__context__
    # What a server sent may be in it.
    reason = " ".join(str(error).split())
    return f"a lost connection ({reason[:200]})"


def _verify(piece: _Piece, verify: Verify, refused: set[str]) -> None:
    """Let `verify` look at all bytes; what it refuses is discarded.

    A file whose length the server gave, and which was `refused` before, ends the download: the
    server has no other, and these files are too large to be fetched in vain again and again.
    """
    assert piece.version is not None
    try:
        verify(piece.path)
    except Exception as error:
        found = f"{piece.size} bytes that are not the file ({error})"
        version, digest = piece.version, sha256_of(piece.path)
        piece.discard()
        if version.size is not None and digest in refused:
            raise DownloadError(
                version.url, f"{found}, twice the same", "the file; nothing is kept"
            ) from error
        refused.add(digest)
        raise _TryFailed(found) from error


def _fetch(piece: _Piece, url: str, verify: Verify | None, patience: Patience) -> None:
    """Try until the file is whole and verified, or patience is at its end."""
    failures, furthest = 0, piece.size
    refused: set[str] = set()
    while True:
        try:
            _complete(piece, url, patience, can_verify=verify is not None)
            if verify is not None:
                _verify(piece, verify, refused)
            return
        except NO_ADDRESS as error:
            raise DownloadError(
                url, f"no address that can be asked ({error})", "the address of a file"
            ) from error
        except (_TryFailed, requests.RequestException, urllib3.exceptions.HTTPError) as error:
            found, asked_s = _reason(error, patience), getattr(error, "wait_s", 0.0)
        # Only bytes that were never here before are new; otherwise a server that starts again each
        # time, gives wrong files, or a single byte each time, would be asked forever.
        if piece.size >= furthest + LEAST_NEW:
            failures, furthest = 0, piece.size
        else:
            failures += 1
        if failures >= patience.tries:
            raise DownloadError(
                url,
                f"{found} in the last of {failures} tries that brought nothing new",
                f"the file; {piece.size} bytes are kept in {piece.path} for the next run",
            )
        pause = max(patience.backoff_s * 2 ** max(failures - 1, 0), asked_s)
        pause = min(pause, patience.longest_pause_s)
        logging.warning("%s: found %s; the next try follows in %.0f s", url, found, pause)
        time.sleep(pause)


def _fetch_locked(url: str, path: Path, verify: Verify | None, patience: Patience) -> int:
    """Fetch `path`, unless another process has done so; return the number of bytes transferred."""
    path.parent.mkdir(parents=True, exist_ok=True)
    piece_path = path.with_name(f"{path.name}.part")
    note = path.with_name(f"{path.name}.part.json")
    with _locked(note):
        try:
            if path.exists():
                return 0
            piece = _Piece(piece_path, note, url)
            _fetch(piece, url, verify, patience)
            piece.rename(path)
            return piece.written
        finally:
            if not piece_path.exists():
                note.unlink()


def _as_recorded(verify: Verify | None, receipt: Path) -> Verify | None:
    """The verification, and that the file is the one of an earlier download, if there was one."""
    if not receipt.is_file():
        return verify
    try:
        earlier = Receipt(**json.loads(receipt.read_text()))
    except (ValueError, TypeError, RecursionError) as error:
        raise InputError(
            receipt, f"no receipt of a download ({error})", "one; delete the file and run again"
        ) from error

    def check(path: Path) -> None:
        if verify is not None:
            verify(path)
        found = sha256_of(path)
        if found != earlier.sha256:
            raise ValueError(
                f"their SHA-256 is {found}, that of an earlier download in {receipt} is "
                f"{earlier.sha256}; delete this receipt if the file was published again"
            )

    return check


def download(
    url: str,
    path: PathLike,
    *,
    verify: Verify | None = None,
    patience: Patience = PATIENCE,
    receipt: PathLike | None = None,
) -> Receipt:
    """Fetch the file at `url` to `path`, from where an earlier call ended.

    Only the whole file, verified if `verify` is given, ever has the name `path`. What has arrived
    of it stays in ``<path>.part``. Calls for the same path wait for each other, in all processes;
    those that waited find the file there.

    Parameters
    ----------
    url : str
        Address of the file.
    path : str or path-like
        Final name. If it exists, it is verified but not fetched again.
    verify : callable, optional
        Called with the path of a whole file before the file gets its final name; raises, with a
        message, if the file is not what it should be. Such a file is fetched again.
    patience : Patience, optional
        How long to wait and how often to try.
    receipt : str or path-like, optional
        JSON file with the receipt of the first download, which is written if it is not there.
        Otherwise a file with another SHA-256 is refused.

    Returns
    -------
    Receipt

    Raises
    ------
    DownloadError
        If the server refuses, patience is at its end, the disk is full or `path` exists but is
        not what it should be.
    InputError
        If the file `receipt` is none.
    """
    path = Path(path)
    if receipt is not None:
        verify = _as_recorded(verify, Path(receipt))
    began = time.monotonic()
    transferred = 0
    try:
        existed = path.exists()
        if not existed:
            transferred = _fetch_locked(url, path, verify, patience)
        size, digest = path.stat().st_size, sha256_of(path)
    except OSError as error:
        raise DownloadError(
            error.filename or path,
            f"{error.strerror!r} while {url} was fetched",
            "a folder that takes the file; what has arrived is kept in "
            f"{path.name}.part for the next run",
        ) from error
    if existed and verify is not None:
        try:
            verify(path)
        except Exception as error:
            raise DownloadError(
                path, f"another file ({error})", f"that of {url}; remove it to fetch it again"
            ) from error
    seconds = time.monotonic() - began
    logging.info(
        "%s: whole, %.1f MB, of which %.1f MB fetched at %.2f MB/s",
        path.name,
        size / MB,
        transferred / MB,
        transferred / MB / seconds,
    )
    fetched = Receipt(url, size, digest, transferred, seconds)
    if receipt is not None and not Path(receipt).exists():
        with replacing(receipt) as temporary:
            temporary.write_text(json.dumps(asdict(fetched), indent=2))
    return fetched
