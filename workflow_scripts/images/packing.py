"""Decode images once into one array that can be mapped into memory.

The squares gather in ``<images>.part`` in the order of the files, without those that cannot be
decoded and without copies of others. Next to it lies ``<images>.part.jsonl``, a journal: its first
line says what is being packed, and each other line stands for a chunk of files that is on the disk.
Both outlive a job that fails or is killed, and the next job continues after the last whole line.

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


class Copies:
    """Pictures with the same pixels as another one, which are left out.

    Otherwise networks could be trained on one of them, and be shown the other as a new picture.

    Parameters
    ----------
    shown : path-like, optional
        Packed images that networks are shown after a training on those that are packed now. Copies
        of these are then left out, and no others: a picture may be trained on twice.
    """

    def __init__(self, shown: PathLike | None = None) -> None:
        images = np.load(shown, mmap_mode="r") if shown else []
        self.names = {_pixels(image): f"row {row} of {shown}" for row, image in enumerate(images)}
        """Where the pixels are already, by their digest."""
        self.is_whole = shown is not None

    def add(self, pixels: Sequence[str], names: Sequence[str]) -> None:
        """Note what is packed."""
        if not self.is_whole:
            self.names.update(zip(pixels, names, strict=True))

    def take_out(
        self, squares: np.ndarray, names: Sequence[str], reasons: dict[int, str]
    ) -> tuple[np.ndarray, list[str]]:
        """Leave out what has the pixels of another one.

        Parameters
        ----------
        squares : numpy.ndarray of uint8, shape (n_decoded, side, side, 3)
        names : sequence of str
            Of all files, in their order.
        reasons : dict of int to str
            Why files have no square, by index in `names`; copies are added.

        Returns
        -------
        squares : numpy.ndarray of uint8, shape (n_kept, side, side, 3)
        pixels : list of str
            A digest of each.
        """
        decoded = [index for index in range(len(names)) if index not in reasons]
        kept, found = [], []
        for row, (index, square) in enumerate(zip(decoded, squares, strict=True)):
            pixels = _pixels(square)
            if pixels in self.names:
                reasons[index] = f"same pixels as {self.names[pixels]}"
            else:
                self.add([pixels], [names[index]])
                kept.append(row)
                found.append(pixels)
        return squares[kept], found


def _pixels(square: np.ndarray) -> str:
    return sha256(np.ascontiguousarray(square).data).hexdigest()[:32]


def _header(n: int, side: int) -> bytes:
    """Beginning of a .npy file of `n` images; NumPy pads it to the same length for any `n`."""
    header = BytesIO()
    shape = (n, side, side, 3)
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|u1", "fortran_order": False, "shape": shape}
    )
    return header.getvalue()


def _fingerprint(folder: PathLike, paths: Sequence[str], side: int, copies: Copies) -> str:
    """Digest of everything that the squares depend on."""
    facts = side, CHUNK, PIL.__version__, fingerprints(Path(__file__)), list(copies.names)
    digest = sha256(repr(facts).encode())
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
        For each chunk that is kept: ``pixels``, a digest of each square, and ``reasons``, why the
        other files of the chunk have none, by their index in it.
    """
    journal.touch()
    lines = journal.read_text().splitlines(keepends=True)
    # A killed job may have left an incomplete line.
    lines = [line for line in lines if line.endswith("\n")]
    if lines:
        first, *chunks = [json.loads(line) for line in lines]
        n_squares = sum(len(chunk["pixels"]) for chunk in chunks)
        size = len(_header(0, side)) + n_squares * side * side * 3
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


def pack_tree(
    folder: PathLike, side: int, partial: Path, workers: int, copies: Copies
) -> pd.DataFrame:
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
    copies : Copies

    Returns
    -------
    pandas.DataFrame
        `list_class_images`, and ``reason`` where an image is left out.

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
    finished = _resume(partial, journal, _fingerprint(folder, paths, side, copies), side)
    for number, noted in enumerate(finished):
        names = paths[number * CHUNK : (number + 1) * CHUNK]
        copies.add(
            noted["pixels"],
            [name for index, name in enumerate(names) if str(index) not in noted["reasons"]],
        )
    starts = range(0, len(paths), CHUNK)[len(finished) :]
    n_finished = min(len(finished) * CHUNK, len(paths))
    if finished:
        logging.info("%s: continuing after %d of %d files", partial, n_finished, len(paths))
    names_of_chunks = [paths[start : start + CHUNK] for start in starts]
    chunks = [[f"{folder}/{path}" for path in names] for names in names_of_chunks]
    with (
        open(partial, "ab") as array,
        open(journal, "a") as notes,
        tqdm(total=len(paths), initial=n_finished, unit="image", mininterval=5) as progress,
        closing(_decoded(chunks, side, workers)) as decoded,
    ):
        for names, (squares, reasons) in zip(names_of_chunks, decoded, strict=True):
            squares, pixels = copies.take_out(squares, names, reasons)
            array.write(squares.data)
            array.flush()
            # The squares reach the disk before the journal names them, in case the power fails.
            os.fsync(array.fileno())
            finished.append({"pixels": pixels, "reasons": reasons})
            notes.write(json.dumps(finished[-1]) + "\n")
            notes.flush()
            progress.update(len(names))
    left_out = {
        number * CHUNK + int(index): reason
        for number, noted in enumerate(finished)
        for index, reason in noted["reasons"].items()
    }
    table["reason"] = pd.Series(left_out, dtype=object)
    return table


def pack_archives(archives: Sequence[Path], partial: Path, copies: Copies) -> pd.DataFrame:
    """Bring the images of archives into the form of `pack_tree`, at their own 64 pixels."""
    table = list_archived_images(archives)
    paths = table["path"].tolist()
    left_out: dict[int, str] = {}
    n_read = 0
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
                reasons: dict[int, str] = {}
                squares, _ = copies.take_out(block, paths[n_read : n_read + len(block)], reasons)
                array.write(np.ascontiguousarray(squares).data)
                left_out |= {n_read + index: reason for index, reason in reasons.items()}
                n_read += len(block)
                progress.update(len(block))
    table["reason"] = pd.Series(left_out, dtype=object)
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
            "%d of %d files could not be decoded or are copies, and are left out, see %s; "
            "the first are %s",
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
