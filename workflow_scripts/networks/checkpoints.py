"""Checkpoints: what an ended training job needs to go on, one safetensors file a seed."""

import json
import logging
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from workflow_scripts.common.checksums import checksum_of
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import replacing


@dataclass(frozen=True)
class Checkpoints:
    """Where, and of which training, checkpoints are kept.

    Attributes
    ----------
    folder : pathlib.Path
    fingerprint : str
        See `fingerprint`; a checkpoint of another training is not resumed.
    minutes : float
        Time between two checkpoints.
    """

    folder: Path
    fingerprint: str
    minutes: float

    def path(self, seed):
        return Path(self.folder, f"{seed}.safetensors")

    def save(self, trainer):
        """Write the trainer's state; an earlier one stays until this one is whole."""
        tensors, numbers = trainer.state()
        tensors = {name: value.cpu().contiguous() for name, value in tensors.items()}
        facts = {"fingerprint": self.fingerprint, "numbers": json.dumps(numbers)}
        facts["sha256"] = _content(tensors, facts["numbers"])
        with replacing(self.path(trainer.seed)) as temporary:
            save_file(tensors, temporary, facts)

    def resume(self, trainer):
        """Bring a trainer to its last checkpoint of this training, if there is one.

        Raises
        ------
        InputError
            If the file cannot be read, or is not as it was written.
        """
        path = self.path(trainer.seed)
        if not path.exists():
            return
        try:
            with safe_open(path, "pt") as file:
                facts = file.metadata() or {}
                if facts.get("fingerprint") != self.fingerprint:
                    logging.warning("%s is of another training, starting anew", path)
                    return
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no dict)
        except (OSError, SafetensorError) as error:
            raise InputError(
                f"{path}: expected a checkpoint, found {error}, delete it to start training anew"
            ) from error
        if facts.get("sha256") != _content(tensors, facts.get("numbers", "")):
            raise InputError(
                f"{path}: found content that no training wrote, expected the SHA-256 in its "
                "metadata, delete it to start training anew"
            )
        trainer.restore(tensors, json.loads(facts["numbers"]))
        logging.info("%s: going on after step %d", path, trainer.step)

    def remove(self, seeds):
        """Delete the checkpoints of networks that are trained."""
        for seed in seeds:
            self.path(seed).unlink(missing_ok=True)


def _content(tensors, numbers):
    """Digest of a checkpoint. It is inside, so that no kill can part the two."""
    digest = sha256(numbers.encode())
    for name in sorted(tensors):
        digest.update(f"{name} {tensors[name].dtype} {list(tensors[name].shape)}".encode())
        digest.update(np.ascontiguousarray(tensors[name]))
    return digest.hexdigest()


def fingerprint(settings, code, files, device):
    """Digest of everything that decides on a training's result.

    Parameters
    ----------
    settings : dict
    code : object
        Digests of the modules that train.
    files : list of path-like
        Images, told apart by the checksums that their jobs wrote beside them.
    device : str

    Returns
    -------
    str
    """
    checksums = [checksum_of(path).read_text() for path in files]
    text = json.dumps([settings, code, checksums, device, torch.__version__], sort_keys=True)
    return sha256(text.encode()).hexdigest()
