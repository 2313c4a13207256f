"""Whatever a server sends, a file is right or absent, in a limited time, and the reason is said."""

import gzip
import json
import os
import socket
import threading
import time
from contextlib import suppress

import numpy as np
import pytest
import requests
import urllib3

from workflow_scripts.brains import download as module
from workflow_scripts.brains.allen.answers import TABLES, check_table, read_page
from workflow_scripts.brains.download import DownloadError, Patience, download
from workflow_scripts.common.errors import InputError

CONTENT = b"id,session_type,has_nwb\n" + b"".join(
    b"%d,brain_observatory_1.1,True\n" % number for number in range(715093703, 715098703)
)
SIZE = len(CONTENT)
QUICK = Patience(connect_s=0.5, read_s=0.2, tries=2, backoff_s=0.001, longest_pause_s=0.01)


def head(*fields, status="200 OK"):
    return "\r\n".join([f"HTTP/1.1 {status}", *fields, "", ""]).encode("latin-1")


LENGTH = f"Content-Length: {SIZE}"
WHOLE = head(LENGTH, 'ETag: "a"') + CONTENT


class Server:
    """Answers each connection with the next of some conversations; the last one is repeated.

    A conversation is bytes, or a list of them and of pauses in seconds. After it the connection is
    closed.
    """

    def __init__(self, *conversations):
        self.conversations = list(conversations)
        self.asked = 0
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}/sessions.csv"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with suppress(OSError):
            while True:
                connection, _ = self.listening.accept()
                chosen = self.conversations[min(self.asked, len(self.conversations) - 1)]
                self.asked += 1
                arguments = connection, chosen
                threading.Thread(target=self.talk, args=arguments, daemon=True).start()

    @staticmethod
    def talk(connection, conversation):
        pieces = [conversation] if isinstance(conversation, bytes) else conversation
        with suppress(OSError), connection:
            connection.recv(1 << 16)
            for piece in pieces:
                if isinstance(piece, bytes):
                    connection.sendall(piece)
                else:
                    time.sleep(piece)

    def close(self):
        self.listening.close()


@pytest.fixture
def serve(monkeypatch):
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    servers = []

    def start(*conversations):
        servers.append(Server(*conversations))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def verify(path):
    check_table(path, "sessions")


def fetch(server, path, patience=QUICK):
    """What became of a download: its content, or a sentence without a file."""
    try:
        download(server.url, path, verify=verify, patience=patience)
    except DownloadError as error:
        assert not path.exists()
        assert ": found " in str(error) and "\n" not in str(error)
        return str(error)
    return path.read_bytes()


PORTAL = b"Welcome to our network.\nPlease log in.\n"
DRIP = [b"x", 0.02] * 10**6
ENDLESS = [head(LENGTH).replace(b"\r\n\r\n", b"\r\n"), *[b"X-More: x\r\n", 0.02] * 10**6]
LOCATIONS = ["http://[::1/", "http://\xff\xfe/", "//", "file:///etc/passwd", "http://127.0.0.1:1/"]


@pytest.mark.parametrize(
    ("conversation", "found"),
    [
        (head(f"Content-Length: {len(PORTAL)}", "Content-Type: text/plain") + PORTAL, "no column"),
        (head(f"Content-Length: {len(PORTAL)}") + PORTAL, "no column 'id'"),
        (head("Content-Encoding: gzip") + gzip.compress(CONTENT), "the coding 'gzip', which was"),
        ([head(LENGTH), *DRIP], " bytes in "),
        ([head(), *DRIP], " bytes in "),
        (ENDLESS, "no whole answer within 1.4 s"),
        ([b"HTTP/1.1 100 Continue\r\n\r\n", 0.02] * 10**6, "no whole answer within 1.4 s"),
        (head("Content-Length: abc") + CONTENT, "the length 'abc'"),
        (head("Content-Length: -1") + CONTENT, "the length '-1'"),
        (head("Content-Length: " + "9" * 5000) + CONTENT, "the length '999"),
        (head(f"Content-Length: {2**40}") + CONTENT, f"{2**40} bytes, expected at most"),
        (head("Retry-After: \xb2", status="503 Busy"), "the answer 503 Busy"),
        (head("Retry-After: " + "9" * 400, status="503 Busy"), "the answer 503 Busy"),
        *((head(f"Location: {place}", status="302 Found"), ": found ") for place in LOCATIONS),
    ],
)
def test_what_is_not_the_file_ends_in_a_sentence(serve, tmp_path, conversation, found):
    assert found in fetch(serve(conversation), tmp_path / "sessions.csv")


def test_a_length_that_a_proxy_gives_twice_is_that_length(serve, tmp_path):
    """As RFC 9110 allows it."""
    server = serve(head(f"Content-Length: {SIZE}, {SIZE}") + CONTENT)
    assert fetch(server, tmp_path / "sessions.csv") == CONTENT


def test_after_a_portal_the_table_is_fetched(serve, tmp_path):
    server = serve(head(f"Content-Length: {len(PORTAL)}") + PORTAL, WHOLE)
    assert fetch(server, tmp_path / "sessions.csv") == CONTENT


def test_a_byte_for_each_try_is_not_waited_for(serve, tmp_path):
    conversations = [
        head(f"Content-Range: bytes {n}-{SIZE - 1}/{SIZE}", 'ETag: "a"', status="206 Partial")
        + CONTENT[n : n + 1]
        for n in range(1, 100)
    ]
    server = serve(head(LENGTH, 'ETag: "a"') + CONTENT[:1], *conversations)
    assert "tries that brought nothing new" in fetch(server, tmp_path / "sessions.csv")
    assert server.asked == 2


def test_a_body_without_an_end_fills_no_disk(serve, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LARGEST", 10**6)
    endless = [head("Transfer-Encoding: chunked"), *[b"10000\r\n" + bytes(2**16) + b"\r\n"] * 200]
    assert "more than 1000000 bytes" in fetch(serve(endless), tmp_path / "sessions.csv")
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 2 * 10**6


@pytest.mark.parametrize("tags", [('W/"a"', 'W/"b"'), ('"a"', 'W/"a"'), ('W/"a"', '"a"')])
def test_parts_with_other_weak_tags_are_not_joined(serve, tmp_path, tags):
    first, second = (f"ETag: {tag}" for tag in tags)
    other = CONTENT.replace(b"True", b"False")[:SIZE]
    half = SIZE // 2
    rest = head(f"Content-Range: bytes {half}-{SIZE - 1}/{SIZE}", second, status="206 Partial")
    whole = head(LENGTH, second) + CONTENT
    server = serve(head(LENGTH, first) + other[:half], rest + CONTENT[half:], whole)
    assert fetch(server, tmp_path / "sessions.csv", Patience(0.5, 0.2, 4, 0.001)) == CONTENT


def test_a_server_that_has_fewer_bytes_than_it_said_is_not_believed(serve, tmp_path):
    half = SIZE // 2
    none = head(f"Content-Range: bytes */{half}", "Content-Length: 0", status="416 No Range")
    server = serve(head(LENGTH, 'ETag: "a"') + CONTENT[:half], none, WHOLE)
    assert fetch(server, tmp_path / "sessions.csv", Patience(0.5, 0.2, 4, 0.001)) == CONTENT


@pytest.mark.parametrize(
    "note", ["[" * 10**5, '{"url": 1}', "null", '{"url": "URL", "tag": 1, "size": "9"}', "\0"]
)
def test_a_note_of_something_else_is_not_believed(serve, tmp_path, note):
    server = serve(WHOLE)
    path = tmp_path / "sessions.csv"
    path.with_name("sessions.csv.part").write_bytes(os.urandom(99))
    path.with_name("sessions.csv.part.json").write_text(note.replace("URL", server.url))
    assert fetch(server, path) == CONTENT


@pytest.mark.parametrize("seed", range(200))
def test_a_mutated_conversation_gives_the_file_or_a_sentence(serve, tmp_path, seed):
    """Bytes of the headers, of their ends and of the lengths of chunks are changed or lost."""
    random = np.random.default_rng(seed)
    chunked = head("Transfer-Encoding: chunked", 'ETag: "a"') + b"".join(
        b"%x\r\n%s\r\n" % (len(part), part)
        for part in (CONTENT[:1000], CONTENT[1000:70000], CONTENT[70000:], b"")
    )
    mutated = bytearray(WHOLE if seed % 2 else chunked)
    end = mutated.index(b"\r\n\r\n") + 12
    for place in random.integers(end, size=random.integers(1, 4)):
        match random.integers(3):
            case 0:
                mutated[place] ^= 1 << random.integers(8)
            case 1:
                mutated[place : place + 1] = random.bytes(random.integers(3))
            case 2:
                mutated[place:place] = mutated[random.integers(end) :][:5]
    conversations = [bytes(mutated)] * random.integers(1, 3)
    began = time.monotonic()
    result = fetch(serve(*conversations, WHOLE), tmp_path / "sessions.csv")
    # What is cut off without a length and ends with a whole row looks like a shorter table.
    assert isinstance(result, str) or result == CONTENT or CONTENT.startswith(result)
    assert time.monotonic() - began < 60


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "no column 'id'"),
        ("id,session_type,has_nwb\n", "no rows"),
        ("id,session_type,has_nwb\n1,a\n", "rows of other lengths"),
        ("\0\0\0", "no column 'id'"),
        ("id,session_type\n1,a\n", "no column 'has_nwb'"),
        ("<html>id</html>", "no column 'id'"),
        ("id,session_type,has_nwb\nx,a,True\n", "'x' as id in line 2"),
        ("id,session_type,has_nwb\n1,a,True\n1,b,True\n", "an id twice"),
        # pandas would take both for True.
        ("id,session_type,has_nwb\n1,a,False\n2,a,\n", "'' as has_nwb in line 3"),
        ("id,session_type,has_nwb\n1,a,False\n2,a,Tr\0e\n", r"'Tr\\x00e' as has_nwb in line 3"),
    ],
)
def test_what_is_no_table_is_named(tmp_path, text, found):
    path = tmp_path / "sessions.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=found):
        check_table(path, "sessions")
    assert set(TABLES) == {"sessions", "probes", "channels", "units"}


def test_measures_that_are_not_defined_are_accepted(tmp_path):
    path = tmp_path / "units.csv"
    row = "950907205,850249267,,3.4e-05,inf"
    path.write_text(f"{','.join(TABLES['units'])}\n{row}\n")
    check_table(path, "units")
    path.write_text(f"{','.join(TABLES['units'])}\n{row.replace('inf', 'high')}\n")
    with pytest.raises(InputError, match="'high' as presence_ratio in line 2"):
        check_table(path, "units")


def page(**changes):
    answer = {"success": True, "num_rows": 1, "total_rows": 1, "msg": [{"id": 1}], **changes}
    return {name: value for name, value in answer.items() if value is not None}


WRONG_PAGES = [
    *(page(num_rows=-1), page(num_rows=2), page(total_rows="1"), page(total_rows=-5)),
    *(page(msg=None), page(msg="x"), page(success=None), page(num_rows=True), page(num_rows=1.0)),
    *([], "x", 1, None, {}),
]


@pytest.mark.parametrize(
    "content",
    [*(json.dumps(wrong).encode() for wrong in WRONG_PAGES), PORTAL, b"[" * 10**5, b"\xff\xfe"],
)
def test_what_is_no_answer_to_a_query_is_refused(serve, content):
    """Each of them would be asked for without end, or end in a traceback."""
    server = serve(head(f"Content-Length: {len(content)}") + content)
    with pytest.raises((ValueError, requests.RequestException, urllib3.exceptions.HTTPError)):
        read_page(server.url, QUICK)


def test_an_answer_to_a_query_is_read(serve):
    content = json.dumps(page()).encode()
    server = serve(head(f"Content-Length: {len(content)}") + content)
    assert read_page(server.url, QUICK) == page()


def test_a_page_that_would_be_larger_when_it_is_unpacked_is_refused(serve):
    bomb = gzip.compress(bytes(10**7))
    server = serve(head("Content-Encoding: gzip", f"Content-Length: {len(bomb)}") + bomb)
    with pytest.raises(ValueError, match="the coding 'gzip', which was not asked for"):
        read_page(server.url, QUICK)
