"""A file is whole in the end, whatever fails, or absent with one sentence that says why."""

import errno
import hashlib
import json
import math
import os
import re
import resource
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import h5py
import pytest

from tests.harness.loopback import Loopback
from workflow_scripts.brains.download import DownloadError, Patience, download
from workflow_scripts.common.errors import InputError

ROOT = Path(__file__).parents[2]
SIZE = 2_000_003
CONTENT = os.urandom(SIZE)
OTHER = os.urandom(SIZE)
NAME = "session_1/session_1.nwb"
QUICK = Patience(connect_s=1, read_s=0.3, tries=3, backoff_s=0.01, longest_pause_s=0.05)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")


@pytest.fixture
def served(tmp_path):
    """The file that the server gives."""
    path = tmp_path / "served" / NAME
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    os.utime(path, (0, 0))  # so that the server tells a later version by its time
    return path


@pytest.fixture
def server(served, tmp_path):
    with Loopback(tmp_path / "served") as server:
        yield server


@pytest.fixture
def path(tmp_path):
    """Where the file is fetched to."""
    return tmp_path / "fetched" / "session_1.nwb"


def fetch(server, path, verify=None, patience=QUICK):
    return download(f"{server.url}/{NAME}", path, verify=verify, patience=patience)


def whole(path):
    """Verification that knows the content."""
    size = path.stat().st_size
    if size != SIZE:
        raise ValueError(f"{size} of {SIZE} bytes")


def killed(_):
    """Verification during which the job ends."""
    raise KeyboardInterrupt


def kept(path):
    """Bytes of the piece that is left."""
    piece = path.with_name(f"{path.name}.part")
    return piece.stat().st_size if piece.exists() else 0


def assert_fetched(path, content=CONTENT):
    """The file is there, and nothing else."""
    assert path.read_bytes() == content
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def assert_ends(server, path, sentence, **arguments):
    """The download ends in one sentence that names the address, and gives no file."""
    with pytest.raises(DownloadError, match=sentence) as caught:
        fetch(server, path, **arguments)
    assert f"{server.url}/{NAME}" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not path.exists()


def start(server, path):
    """The same call in a process of its own: it logs, then prints what it transferred."""
    program = (
        "import logging, sys; from workflow_scripts.brains.download import download; "
        "logging.basicConfig(level='INFO'); "
        "print(download(*sys.argv[1:]).transferred)"
    )
    command = [sys.executable, "-c", program, f"{server.url}/{NAME}", path]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, cwd=ROOT, text=True, **pipes)


def wait_for(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_file_is_fetched_once(server, path):
    receipt = fetch(server, path)
    assert_fetched(path)
    assert (receipt.size, receipt.transferred) == (SIZE, SIZE)
    assert receipt.sha256 == hashlib.sha256(CONTENT).hexdigest()
    again = fetch(server, path)
    assert (again.sha256, again.transferred) == (receipt.sha256, 0)
    assert server.sent() == SIZE


def test_a_cut_connection_costs_no_byte(server, path):
    server.fault("cut", share=0.4, times=5)
    receipt = fetch(server, path)
    assert_fetched(path)
    assert receipt.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert receipt.transferred == server.sent() == SIZE
    assert len(server.asked()) == 6


def test_a_cut_without_a_length_is_seen_by_verification(server, path):
    server.fault("cut_without_length")
    fetch(server, path, verify=whole)
    assert_fetched(path)


def test_without_a_length_and_verification_nothing_is_taken_for_whole(server, path):
    server.fault("cut_without_length")
    assert_ends(server, path, "found no length of the file, expected one")


def test_a_silent_server_is_left_and_asked_again(server, path):
    server.fault("silence", times=2)
    fetch(server, path)
    assert_fetched(path)
    assert server.sent() == SIZE


def test_a_busy_server_is_asked_again_after_the_pause_it_wants(server, path):
    server.fault("status", status=503, times=2, retry_after="1")
    began = time.monotonic()
    fetch(server, path, patience=Patience(tries=3, backoff_s=0.01, longest_pause_s=0.2))
    assert_fetched(path)
    assert 0.4 < time.monotonic() - began < 1


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_refusal_ends_at_once(server, path, status):
    server.fault("status", status=status, times=math.inf)
    assert_ends(server, path, f"found the answer {status} .*, expected a file")
    assert len(server.asked()) == 1
    assert not list(path.parent.iterdir())


def test_a_page_is_no_file_and_spoils_no_piece(server, path):
    server.fault("cut", share=0.5)
    server.fault("html", times=2)
    fetch(server, path)
    assert_fetched(path)
    assert [request.sent for request in server.asked()][::3] == [SIZE // 2, SIZE - SIZE // 2]


def test_a_slow_server_may_take_longer_than_the_longest_silence(server, path):
    server.fault("slow", seconds=0.8)
    receipt = fetch(server, path)
    assert_fetched(path)
    assert receipt.seconds > QUICK.read_s
    assert len(server.asked()) == 1


def test_a_truncated_file_is_refused_and_fetched_again(server, path):
    server.fault("truncate")
    fetch(server, path, verify=whole)
    assert_fetched(path)


def test_verification_may_open_the_file_with_hdf5(server, served, path):
    with h5py.File(served, "w") as file:
        file["values"] = range(1000)
    server.fault("truncate")
    fetch(server, path, verify=lambda piece: h5py.File(piece).close())
    assert_fetched(path, served.read_bytes())


def test_a_file_that_is_always_wrong_is_fetched_twice_only(server, path):
    server.fault("truncate", times=math.inf)
    assert_ends(server, path, "found .*1000001 of 2000003 bytes.*twice the same", verify=whole)
    assert len(server.asked()) == 2
    assert kept(path) == 0


def test_after_a_kill_only_the_rest_is_fetched(server, path):
    server.fault("slow", seconds=5)
    process = start(server, path)
    wait_for(lambda: kept(path) > SIZE / 10)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    had = kept(path)
    assert 0 < had < SIZE
    assert not path.exists()
    receipt = fetch(server, path)
    assert_fetched(path)
    assert receipt.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert receipt.transferred == server.asked()[-1].sent == SIZE - had


@pytest.mark.parametrize(("faults", "statuses"), [([], [200]), (["no_length"], [200, 416])])
def test_a_kill_after_the_last_byte_leaves_nothing_to_fetch(server, path, faults, statuses):
    for kind in faults:
        server.fault(kind)
    with pytest.raises(KeyboardInterrupt):
        fetch(server, path, verify=killed)
    assert kept(path) == SIZE
    assert not path.exists()
    assert fetch(server, path, verify=whole).transferred == 0
    assert_fetched(path)
    assert [request.status for request in server.asked()] == statuses


def test_two_processes_fetch_a_file_once(server, path):
    server.fault("slow", seconds=1)
    first = start(server, path)
    wait_for(lambda: kept(path))
    second = start(server, path)
    assert "waiting for the process that fetches this file" in second.stderr.readline()
    assert int(first.communicate()[0]) == SIZE
    assert int(second.communicate()[0]) == 0
    assert_fetched(path)
    assert server.sent() == SIZE


def test_the_second_process_continues_where_the_first_was_killed(server, path):
    server.fault("slow", seconds=5)
    first = start(server, path)
    wait_for(lambda: kept(path))
    second = start(server, path)
    assert "waiting" in second.stderr.readline()
    first.send_signal(signal.SIGKILL)
    first.communicate()
    had = kept(path)
    assert int(second.communicate()[0]) == SIZE - had
    assert_fetched(path)


@pytest.fixture
def small_disk(tmp_path):
    """A folder with room for half of the file; skipped where it cannot be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE // 2}", "tmpfs", folder]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("only root may mount a file system")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_ends_at_once(server, small_disk):
    path = small_disk / "session_1.nwb"
    assert_ends(server, path, os.strerror(errno.ENOSPC))
    assert len(server.asked()) == 1
    assert kept(path) > 0


def test_a_limit_on_the_disk_ends_at_once_and_the_rest_is_fetched_later(server, path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SIZE // 2, hard))
    try:
        assert_ends(server, path, os.strerror(errno.EFBIG))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert len(server.asked()) == 1
    assert kept(path) == SIZE // 2
    assert fetch(server, path).transferred == SIZE - SIZE // 2
    assert_fetched(path)


def test_a_fault_that_lasts_ends_in_a_sentence_and_keeps_the_piece(server, path):
    server.fault("cut", share=0.5)
    server.fault("status", status=503, times=QUICK.tries)
    assert_ends(
        server,
        path,
        rf"found the answer 503.*3 tries.*{SIZE // 2} bytes are kept in {re.escape(str(path))}",
    )
    assert kept(path) == SIZE // 2
    assert fetch(server, path).transferred == SIZE - SIZE // 2
    assert_fetched(path)


def test_a_server_that_is_away_is_named(served, path):
    with Loopback(served.parent) as server:
        pass
    assert_ends(server, path, "found a lost connection.*refused.*0 bytes are kept")


@pytest.mark.parametrize("kind", ["change", "ignore_if_range"])
def test_two_versions_are_never_put_together(server, served, path, kind):
    server.fault("cut", share=0.5)
    server.fault("status", status=404)
    assert_ends(server, path, "found the answer 404")
    assert kept(path) == SIZE // 2
    served.write_bytes(OTHER)
    server.fault(kind, content=OTHER)
    fetch(server, path)
    assert_fetched(path, OTHER)


def test_a_file_that_changes_between_two_tries_is_started_again(server, path):
    server.fault("cut", share=0.5)
    server.fault("change", content=OTHER)
    fetch(server, path)
    assert_fetched(path, OTHER)
    assert server.sent() == SIZE // 2 + SIZE


def test_without_tags_a_file_that_shrank_is_started_again(served, path, tmp_path):
    with Loopback(tmp_path / "served", validators=False) as server:
        server.fault("cut", share=0.5)
        server.fault("change", content=OTHER[:1000])
        fetch(server, path)
        assert_fetched(path, OTHER[:1000])


def test_without_tags_a_piece_is_continued(served, path, tmp_path):
    with Loopback(tmp_path / "served", validators=False) as server:
        server.fault("cut", share=0.5)
        assert fetch(server, path).transferred == SIZE
    assert_fetched(path)


def test_a_piece_of_another_address_is_not_continued(server, served, path):
    served.with_name("other.nwb").write_bytes(OTHER)
    with pytest.raises(KeyboardInterrupt):
        fetch(server, path, verify=killed)
    assert kept(path) == SIZE
    url = f"{server.url}/session_1/other.nwb"
    assert download(url, path, patience=QUICK).transferred == SIZE
    assert_fetched(path, OTHER)


def test_a_piece_without_its_note_is_not_continued(server, path):
    path.parent.mkdir()
    path.with_name(f"{path.name}.part").write_bytes(b"of whatever file")
    fetch(server, path)
    assert_fetched(path)


def test_a_server_without_ranges_starts_again(server, path):
    server.fault("cut", share=0.5)
    server.fault("ignore_range")
    assert fetch(server, path).transferred == SIZE // 2 + SIZE
    assert_fetched(path)


def test_a_server_without_ranges_that_always_cuts_is_left(served, path, tmp_path):
    with Loopback(tmp_path / "served", ranges=False) as server:
        server.fault("cut", share=0.5, times=math.inf)
        assert_ends(server, path, "found a lost connection.*3 tries that brought nothing new")
        assert len(server.asked()) == 1 + QUICK.tries


def test_a_server_that_falls_silent_for_good_is_left(server, path):
    server.fault("silence", times=math.inf, share=0)
    assert_ends(server, path, r"found silence for 0\.3 s in the last of 3 tries")


def test_a_range_that_ends_early_is_continued(server, path):
    server.fault("cut", share=0.5)
    server.fault("truncate", share=0.5)
    assert fetch(server, path).transferred == SIZE
    assert_fetched(path)
    assert len(server.asked()) == 3


def test_a_range_from_the_wrong_byte_is_not_put_in(server, path):
    server.fault("cut", share=0.5)
    server.fault("shift")
    fetch(server, path)
    assert_fetched(path)


def test_a_file_that_is_there_is_verified_and_never_removed(server, path):
    path.parent.mkdir()
    path.write_bytes(b"of the user")
    assert fetch(server, path).transferred == 0
    with pytest.raises(DownloadError, match="found another file .11 of 2000003 bytes.*remove it"):
        fetch(server, path, verify=whole)
    assert path.read_bytes() == b"of the user"
    assert not server.asked()


@pytest.fixture
def fetch_again(server, path, tmp_path):
    """Fetch the file as a job does that keeps the receipt of the first download."""

    def fetch_again():
        path.unlink(missing_ok=True)
        url, receipt = f"{server.url}/{NAME}", tmp_path / "downloads/session_1.json"
        return download(url, path, patience=QUICK, receipt=receipt), receipt

    return fetch_again


def test_other_bytes_than_those_of_the_first_download_are_refused(
    server, served, path, fetch_again
):
    """Also if they are of the same length, as where somebody else's server answers."""
    first, receipt = fetch_again()
    assert json.loads(receipt.read_text()) == asdict(first)
    assert fetch_again()[0].sha256 == first.sha256
    served.write_bytes(CONTENT[::-1])
    with pytest.raises(DownloadError) as error:
        fetch_again()
    assert str(error.value) == (
        f"{server.url}/{NAME}: found {SIZE} bytes that are not the file (their SHA-256 is "
        f"{hashlib.sha256(CONTENT[::-1]).hexdigest()}, that of an earlier download in {receipt} is "
        f"{first.sha256}; delete this receipt if the file was published again), twice the same, "
        "expected the file; nothing is kept"
    )
    assert not path.exists() and not kept(path)
    receipt.unlink()
    fetch_again()
    assert_fetched(path, CONTENT[::-1])


def test_a_file_that_a_bad_line_changed_is_fetched_again(server, path, fetch_again):
    fetch_again()
    server.fault("corrupt")
    fetch_again()
    assert_fetched(path)


def test_a_receipt_that_is_none_is_named_before_anything_is_fetched(server, path, fetch_again):
    _, receipt = fetch_again()
    receipt.write_text("[]")
    with pytest.raises(InputError, match="found no receipt of a download .*delete the file"):
        fetch_again()
    assert len(server.asked()) == 1


def test_an_address_that_is_none_is_named(path):
    with pytest.raises(DownloadError, match="^session_1.nwb: found no address"):
        download("session_1.nwb", path, patience=QUICK)


def test_the_log_says_how_far_a_file_is(server, path, caplog, monkeypatch):
    monkeypatch.setattr("workflow_scripts.brains.download.LOG_INTERVAL_S", 0)
    with caplog.at_level("INFO"):
        fetch(server, path)
    assert re.search(r"session_1.nwb: \d+%, \d\.\d of 2\.0 MB, .* MB/s, 0:00:00 left", caplog.text)
    assert "session_1.nwb: whole, 2.0 MB, of which 2.0 MB fetched" in caplog.text
