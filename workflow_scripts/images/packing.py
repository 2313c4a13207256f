"""Decode images once into one array that can be mapped into memory.

The squares gather in ``<images>.part`` in the order of the files, without those that cannot be
decoded. Next to it lies ``<images>.part.jsonl``, a journal: its first line says what is being
packed, and each other line stands for a chunk of files that is on the disk. Both outlive a job that
fails or is killed, and the next job continues after the last whole line.

Workers decode and one process writes to a file: a full disk is then an error that can be reported.
It would kill a process that writes to mapped memory.
"""

import json
import logging
import multiprocessing
import os
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import PIL
from tqdm import tqdm

from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike, replacing
from workflow_scripts.common.fingerprints import fingerprints
from workflow_scripts.common.provenance import stamp
from workflow_scripts.images.listing import (
    ARCHIVE_SIDE,
    list_archived_images,
    list_class_images,
    read_archive,
)
from workflow_scripts.images.squares import decode_files, prepare_worker

CHUNK = 512
"""Images that a worker decodes at a time, which takes seconds; each chunk is a journal line."""


def journal_of(partial: Path) -> Path:
    """Journal of the file in which squares gather."""
    return partial.with_name(f"{partial.name}.jsonl")


def _header(n: int, side: int) -> bytes:
    """Beginning of a .npy file of `n` images; NumPy pads it to the same length for any `n`."""
    header = BytesIO()
    shape = (n, side, side, 3)
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|u1", "fortran_order": False, "shape": shape}
    )
    return header.getvalue()


def _fingerprint(folder: PathLike, paths: Sequence[str], side: int) -> str:
    """Digest of everything that the squares depend on."""
    digest = sha256(repr((side, CHUNK, PIL.__version__, fingerprints(Path(__file__)))).encode())
    for path in paths:
        try:
            stat = os.stat(f"{folder}/{path}")
        except OSError as error:
            raise InputError(
                f"{folder}/{path}", str(error.strerror), "a file that can be read"
            ) from error
        digest.update(os.fsencode(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\0"))
    return digest.hexdigest()


def _resume(partial: Path, journal: Path, fingerprint: str, side: int) -> list[dict[str, Any]]:
    """Keep the whole chunks that an earlier job left, or start again.

    Returns
    -------
    list of dict
        For each chunk that is kept: ``n``, the number of squares, and ``reasons``, why the other
        files of the chunk could not be decoded, by their index in it.
    """
    journal.touch()
    lines = journal.read_text().splitlines(keepends=True)
    # A killed job may have left an incomplete line.
    lines = [line for line in lines if line.endswith("\n")]
    if lines:
        first, *chunks = [json.loads(line) for line in lines]
        size = len(_header(0, side)) + sum(chunk["n"] for chunk in chunks) * side * side * 3
        whole = partial.exists() and partial.stat().st_size >= size
        if whole and first["fingerprint"] == fingerprint:
            os.truncate(journal, sum(len(line) for line in lines))
            os.truncate(partial, size)
            return chunks
        logging.warning("%s: the files, the side or the code changed, starting again", partial)
    os.truncate(journal, 0)
    partial.write_bytes(_header(0, side))
    journal.write_text(json.dumps({"fingerprint": fingerprint}) + "\n")
    return []


def _decoded(
    chunks: Sequence[Sequence[str]], side: int, workers: int
) -> Generator[tuple[np.ndarray, dict[int, str]], None, None]:
    """`decode_files` of each chunk in order, a few chunks ahead of what is asked for."""
    pool = ProcessPoolExecutor(
        workers, multiprocessing.get_context("spawn"), initializer=prepare_worker
    )
    waiting: deque[Future[tuple[np.ndarray, dict[int, str]]]] = deque()
    try:
        for chunk in chunks:
            waiting.append(pool.submit(decode_files, chunk, side))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except (BrokenProcessPool, MemoryError) as error:
        raise InputError(
            "a worker process",
            "that the system ended it, as it does where memory runs out",
            f"memory for {workers} workers; what is decoded is kept for the next run",
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def pack_tree(folder: PathLike, side: int, partial: Path, workers: int) -> pd.DataFrame:
    """Decode all images of a folder with one sub-folder per class, from where a job ended.

    Parameters
    ----------
    folder : str or path-like
    side : int
        Side of the squares in pixels.
    partial : pathlib.Path
        File in which the squares gather: a .npy file, except for the number in its header.
    workers : int
        Number of processes that decode.

    Returns
    -------
    pandas.DataFrame
        `list_class_images`, and ``reason`` where an image could not be decoded.

    Raises
    ------
    InputError
        If there is no image, a file cannot be read at all, or a worker is killed.
    OSError
        If the squares cannot be written.
    """
    table = list_class_images(folder)
    paths = table["path"].tolist()
    journal = journal_of(partial)
    finished = _resume(partial, journal, _fingerprint(folder, paths, side), side)
    starts = range(0, len(paths), CHUNK)[len(finished) :]
    n_finished = min(len(finished) * CHUNK, len(paths))
    if finished:
        logging.info("%s: continuing after %d of %d files", partial, n_finished, len(paths))
    chunks = [[f"{folder}/{path}" for path in paths[start : start + CHUNK]] for start in starts]
    with (
        open(partial, "ab") as array,
        open(journal, "a") as notes,
        tqdm(total=len(paths), initial=n_finished, unit="image", mininterval=5) as progress,
        closing(_decoded(chunks, side, workers)) as decoded,
    ):
        for chunk, (squares, reasons) in zip(chunks, decoded, strict=True):
            array.write(squares.data)
            array.flush()
            # The squares reach the disk before the journal names them, in case the power fails.
            os.fsync(array.fileno())
            finished.append({"n": len(squares), "reasons": reasons})
            notes.write(json.dumps(finished[-1]) + "\n")
            notes.flush()
            progress.update(len(chunk))
    failed = {
        number * CHUNK + int(index): reason
        for number, noted in enumerate(finished)
        for index, reason in noted["reasons"].items()
    }
    table["reason"] = pd.Series(failed, dtype=object)
    return table


def pack_archives(archives: Sequence[Path], partial: Path) -> pd.DataFrame:
    """Bring the images of archives into the form of `pack_tree`, at their own 64 pixels."""
    table = list_archived_images(archives).assign(reason=None)
    # The squares here are overwritten, so that the journal of a tree no longer describes them.
    journal_of(partial).write_text("")
    with (
        open(partial, "wb") as array,
        tqdm(total=len(table), unit="image", mininterval=5) as progress,
    ):
        array.write(_header(0, ARCHIVE_SIDE))
        for file in archives:
            images = read_archive(file, "data").reshape(-1, 3, ARCHIVE_SIDE, ARCHIVE_SIDE)
            for start in range(0, len(images), CHUNK):
                block = images[start : start + CHUNK].transpose(0, 2, 3, 1)
                array.write(np.ascontiguousarray(block).data)
                progress.update(len(block))
    return table


def finish(
    partial: Path, table: pd.DataFrame, side: int, settings: dict[str, Any], output: Any
) -> None:
    """Write labels, manifest and what made them, and give all files their final names.

    Parameters
    ----------
    partial : pathlib.Path
        File with the squares of all images without a reason.
    table : pandas.DataFrame
        What `pack_tree` or `pack_archives` returns.
    side : int
        Side of the squares in pixels.
    settings : dict
        ``path``, the folder that config names; all settings are written into the stamp.
    output : object
        Final names as its attributes ``images``, ``labels``, ``manifest`` and ``config``.

    Raises
    ------
    InputError
        If no image could be decoded.
    """
    decoded = table["reason"].isna()
    failed = table[~decoded]
    examples = "; ".join(f"{row.path}: {row.reason}" for row in failed.head(5).itertuples())
    if not decoded.any():
        raise InputError(
            "config stimuli.path",
            f"no image that can be decoded among {len(table)} files of {settings['path']}",
            f"some; the first are {examples}",
        )
    if len(failed):
        logging.warning(
            "%d of %d files could not be decoded and are left out, see %s; the first are %s",
            len(failed),
            len(table),
            output.manifest,
            examples,
        )
    row = (decoded.cumsum() - 1).where(decoded).astype("Int64")
    table = table[["path", "class", "label"]].assign(row=row, reason=table["reason"])
    with open(partial, "r+b") as array:
        array.write(_header(int(decoded.sum()), side))
        os.fsync(array.fileno())
    with (
        replacing(output.config) as config,
        replacing(output.manifest) as manifest,
        replacing(output.labels) as labels,
    ):
        np.save(labels, table.loc[decoded, "label"].to_numpy(np.int64))
        # File names need not be valid text.
        table.to_csv(manifest, index=False, errors="surrogateescape")
        facts = stamp(settings, seed=None, data_kind="networks")
        config.write_text(json.dumps({**facts, "parameters": settings}, indent=2))
        os.replace(partial, output.images)
    journal_of(partial).unlink()
