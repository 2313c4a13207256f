"""Fetch one large file over HTTP: resumed after any failure, whole and verified, or absent.

The bytes gather in ``<path>.part``, which outlives a failed or killed job. Beside it lies
``<path>.part.json``, a note of the version of the file that the bytes belong to, so that parts of
two versions are never put together. It is the note that a process locks while it fetches: HDF5
locks every file that it opens, so that a lock on the part would make its verification fail.

Runs in the main environment and in the AllenSDK one, hence nothing but requests is imported.
"""

import json
import logging
import os
import re
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import requests
import urllib3

from workflow_scripts.common.checksums import sha256_of
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import lock

CHUNK = 1 << 20

MB = 1e6

LOG_INTERVAL_S = 10

WORTH_ANOTHER_TRY = (408, 425, 429)

NO_ADDRESS = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
)


class DownloadError(InputError):
    """A file could not be fetched; the message says from where, why, and what is kept."""


class _TryFailed(Exception):
    """This try brought no whole file, but the next one may."""

    def __init__(self, found, wait_s=0.0):
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
        How many tries in a row may bring nothing new. A try that brings the part further than it
        ever was sets the count back to none.
    backoff_s, longest_pause_s : float
        Pause after a try, which doubles with every try that brought nothing, up to the longest.
        A pause that the server asks for is kept up to the longest, too.
    """

    connect_s: float = 10.0
    read_s: float = 60.0
    tries: int = 8
    backoff_s: float = 2.0
    longest_pause_s: float = 120.0


PATIENCE = Patience()


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
        Digest of the whole file, whichever calls its bytes came in.
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
    """What tells one version of a file from another; None is what the server did not say."""

    url: str
    validator: str | None
    size: int | None

    def may_be(self, other):
        """Whether nothing that both know differs."""
        pairs = zip(asdict(self).values(), asdict(other).values(), strict=True)
        return all(a == b for a, b in pairs if a is not None and b is not None)


class _Part:
    """The bytes that are here so far, and the version that they are of."""

    def __init__(self, path, note, url):
        self.path = path
        self.note = note
        self.written = 0
        self.version = None
        try:
            self.version = _Version(**json.loads(note.read_text()))
        except (ValueError, TypeError):
            logging.debug("%s: no note of a version", note)
        if self.version is None or self.version.url != url:
            self.discard()

    @property
    def size(self):
        """Number of bytes that are here."""
        return self.path.stat().st_size if self.path.exists() else 0

    def discard(self):
        """Forget the bytes, and whose they were."""
        self.path.unlink(missing_ok=True)
        self.version = None

    def begin(self, version):
        """Start anew with bytes of `version`; never are bytes under the note of another version."""
        self.discard()
        self.note.write_text(json.dumps(asdict(version)))
        self.version = version

    def append(self, chunks, progress):
        """Write `chunks` as they come, so that what has arrived is kept, however this ends."""
        with open(self.path, "ab", buffering=0) as file:
            for chunk in chunks:
                rest = memoryview(chunk)
                while rest:
                    rest = rest[file.write(rest) :]
                self.written += len(chunk)
                progress(file.tell())

    def rename(self, path):
        """Give the bytes their final name, once they are on the disk."""
        with open(self.path, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(self.path, path)


class _Progress:
    """Say how far a file is, at most every `LOG_INTERVAL_S`."""

    def __init__(self, name, size, total):
        self.name = name
        self.total = total
        self.size = size
        self.time = time.monotonic()

    def __call__(self, size):
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
def _locked(path):
    """Hold the file `path`, made if need be, which no other process holds meanwhile."""
    while True:
        with open(path, "ab") as file:
            lock(file, f"{path}: waiting for the process that fetches this file")
            # the process that held it may have removed it: then this is no longer the file `path`
            if path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
                yield
                return


def _wait_asked_for(response):
    """Seconds that the header ``Retry-After`` asks for, be it a number or a date."""
    asked = response.headers.get("Retry-After", "")
    if asked.isdigit():
        return float(asked)
    try:
        return (parsedate_to_datetime(asked) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return 0.0


def _check_answer(response, url):
    """Raise unless the answer is a file, whole or in part."""
    if response.status_code not in (200, 206):
        found = f"answered {response.status_code} {response.reason}"
        if response.status_code in WORTH_ANOTHER_TRY or response.status_code >= 500:
            raise _TryFailed(found, _wait_asked_for(response))
        raise DownloadError(f"{url}: {found}, expected a file")
    kind = response.headers.get("Content-Type", "")
    if "html" in kind.lower():
        raise _TryFailed(f"answered with a page ({kind})")


def _content_range(response):
    """First byte and size of the whole file by the header ``Content-Range``; None if not said."""
    header = response.headers.get("Content-Range", "")
    parts = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", header)
    if parts is None:
        return None, None
    return tuple(int(part) if part and part != "*" else None for part in parts.groups())


def _described(response, url):
    """First byte of the content, and the version that it is of."""
    headers = response.headers
    # only a strong tag says that the bytes are the same
    tag = headers.get("ETag", "W/")
    validator = headers.get("Last-Modified") if tag.startswith("W/") else tag
    if response.status_code == 206:
        start, size = _content_range(response)
    else:
        start, size = 0, headers.get("Content-Length")
    return start, _Version(url, validator, None if size is None else int(size))


def _chunks(response):
    """Content of an answer as it comes, not gathered up to a size: a cut then loses nothing."""
    while chunk := response.raw.read1(CHUNK, decode_content=False):
        yield chunk


def _request(part, url, patience):
    """Ask for what is missing, or for nothing if the file is of another version by now."""
    headers = {"Accept-Encoding": "identity"}
    if part.size:
        headers["Range"] = f"bytes={part.size}-"
        if part.version.validator is not None:
            headers["If-Range"] = part.version.validator
    timeout = (patience.connect_s, patience.read_s)
    return requests.get(url, headers=headers, stream=True, timeout=timeout)


def _complete(part, url, patience, *, can_verify):
    """Fetch what is missing, in one request.

    Raises
    ------
    _TryFailed
        If the file is not whole afterwards, or may not be.
    DownloadError
        If another try cannot bring more.
    """
    have = part.size
    if have and part.version.size is not None:
        if have == part.version.size:
            return
        if have > part.version.size:
            part.discard()
            have = 0
    with _request(part, url, patience) as response:
        if response.status_code == 416 and have:
            _, size = _content_range(response)
            if size == have:
                return
            part.discard()
            raise _TryFailed(f"has less than the {have} bytes that were here")
        _check_answer(response, url)
        start, version = _described(response, url)
        if not (have and start == have and part.version.may_be(version)):
            part.discard()
            if start != 0:
                raise _TryFailed(f"gave no bytes that go on after the {have} that were here")
            if version.size is None and not response.raw.chunked and not can_verify:
                raise DownloadError(
                    f"{url}: gives no length, and a file without a length can only be taken for "
                    "whole if it can be verified"
                )
            part.begin(version)
        part.append(_chunks(response), _Progress(part.path.stem, part.size, version.size))
    if version.size is not None and part.size != version.size:
        raise _TryFailed(f"ended after {part.size} of {version.size} bytes")


def _reason(error, patience):
    """What a failed try ran into, in a few words."""
    if isinstance(error, _TryFailed):
        return str(error)
    if isinstance(error, requests.ConnectTimeout):
        return f"gave no connection within {patience.connect_s:g} s"
    if isinstance(error, (requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError)):
        return f"was silent for {patience.read_s:g} s"
    while error.__context__ is not None:
        error = error.__context__
    return f"lost the connection ({error})"


def _verify(part, verify, refused):
    """Let `verify` look at the whole part; what it refuses is discarded.

    A file whose length the server gave and which was `refused` once already ends the download:
    the server has no other, and these files are too large to be fetched in vain again and again.
    """
    try:
        verify(part.path)
    except Exception as error:
        found = f"gave {part.size} bytes that are not the file ({error})"
        version, digest = part.version, sha256_of(part.path)
        part.discard()
        if version.size is not None and digest in refused:
            raise DownloadError(
                f"{version.url}: {found}, twice the same; nothing is kept"
            ) from error
        refused.add(digest)
        raise _TryFailed(found) from error


def _fetch(part, url, verify, patience):
    """Try until the part is whole and verified, or patience is at its end."""
    failures, furthest, refused = 0, part.size, set()
    while True:
        try:
            _complete(part, url, patience, can_verify=verify is not None)
            if verify is not None:
                _verify(part, verify, refused)
            return
        except NO_ADDRESS as error:
            raise DownloadError(f"{url}: is no address that can be asked ({error})") from error
        except (_TryFailed, requests.RequestException, urllib3.exceptions.HTTPError) as error:
            found, asked_s = _reason(error, patience), getattr(error, "wait_s", 0.0)
        # only what was never here before is new, so that even a server which starts over each
        # time, or gives wrong files, comes to an end
        failures = 0 if part.size > furthest else failures + 1
        furthest = max(furthest, part.size)
        if failures >= patience.tries:
            raise DownloadError(
                f"{url}: {found}, the last of {failures} tries that brought nothing new; "
                f"{part.size} bytes are kept in {part.path} for the next run"
            )
        pause = max(patience.backoff_s * 2 ** max(failures - 1, 0), asked_s)
        pause = min(pause, patience.longest_pause_s)
        logging.warning("%s: %s; trying again in %.0f s", url, found, pause)
        time.sleep(pause)


def _fetch_locked(url, path, verify, patience):
    """Fetch `path`, unless another process does so meanwhile; bytes that came over the network."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part_path = path.with_name(f"{path.name}.part")
    note = path.with_name(f"{path.name}.part.json")
    with _locked(note):
        try:
            if path.exists():
                return 0
            part = _Part(part_path, note, url)
            _fetch(part, url, verify, patience)
            part.rename(path)
            return part.written
        finally:
            if not part_path.exists():
                note.unlink()


def download(url, path, *, verify=None, patience=PATIENCE):
    """Fetch the file at `url` to `path`, going on where an earlier call ended.

    Nothing is ever under the name `path` but the whole file, verified if `verify` is given. What
    has arrived stays in ``<path>.part``. Calls for the same path, in whichever process, wait for
    each other; those who waited find the file there.

    Parameters
    ----------
    url : str
        Address of the file.
    path : str or path-like
        Final name. If it exists, it is verified but not fetched again.
    verify : callable, optional
        Called with the path of a whole file before that gets its final name; raises, with a
        message, if the file is not what it should be. Such a file is fetched anew.
    patience : Patience, optional
        How long to wait and how often to try.

    Returns
    -------
    Receipt

    Raises
    ------
    DownloadError
        If the server refuses, patience is at its end, the disk is full or `path` exists but is
        not what it should be.
    """
    path = Path(path)
    began = time.monotonic()
    transferred = 0
    try:
        existed = path.exists()
        if not existed:
            transferred = _fetch_locked(url, path, verify, patience)
        size, digest = path.stat().st_size, sha256_of(path)
    except OSError as error:
        raise DownloadError(
            f"{error.filename or path}: {error.strerror} while fetching {url}; what has arrived is "
            f"kept in {path.name}.part for the next run"
        ) from error
    if existed and verify is not None:
        try:
            verify(path)
        except Exception as error:
            raise DownloadError(
                f"{path}: is there but is not the file expected ({error}); remove it to fetch it "
                "again"
            ) from error
    seconds = time.monotonic() - began
    logging.info(
        "%s: whole, %.1f MB, of which %.1f MB fetched at %.2f MB/s",
        path.name,
        size / MB,
        transferred / MB,
        transferred / MB / seconds,
    )
    return Receipt(url, size, digest, transferred, seconds)
