"""Checkpoints: what a training needs to continue after its job ended, one file for each seed."""

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from workflow_scripts.common.checksums import checksum_of
from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike, replacing
from workflow_scripts.networks.trainer import Epoch, Trainer


def state(trainer: Trainer) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Everything that the next steps of a trainer depend on.

    Returns
    -------
    tensors : dict of str to torch.Tensor
        Weights, momenta, states of the random streams, and the sum of losses.
    numbers : dict
        ``step`` and ``curve``, which JSON can hold.

    Raises
    ------
    FloatingPointError
        If a gradient was not finite, so that the weights are lost.
    """
    trainer.require_finite()
    tensors = {f"modules.{name}": value for name, value in trainer.modules.state_dict().items()}
    for name, parameter in trainer.modules.named_parameters():
        if parameter in trainer.optimiser.state:
            momentum = trainer.optimiser.state[parameter]["momentum_buffer"]
            tensors[f"momentum.{name}"] = momentum
    tensors |= {f"stream.{name}": s.get_state() for name, s in trainer.streams.items()}
    tensors["loss_sum"] = trainer.loss_sum
    return tensors, {"step": trainer.step, "curve": [asdict(row) for row in trainer.curve]}


def restore(
    trainer: Trainer, tensors: Mapping[str, torch.Tensor], numbers: Mapping[str, Any]
) -> None:
    """Bring a trainer back to a `state`."""
    weights = {
        name.removeprefix("modules."): value
        for name, value in tensors.items()
        if name.startswith("modules.")
    }
    trainer.modules.load_state_dict(weights)
    for name, parameter in trainer.modules.named_parameters():
        if f"momentum.{name}" in tensors:
            momentum = torch.empty_like(parameter).copy_(tensors[f"momentum.{name}"])
            trainer.optimiser.state[parameter]["momentum_buffer"] = momentum
    for name, stream in trainer.streams.items():
        stream.set_state(tensors[f"stream.{name}"])
    trainer.loss_sum.copy_(tensors["loss_sum"])
    trainer.continue_after(numbers["step"], [Epoch(**row) for row in numbers["curve"]])


@dataclass(frozen=True)
class Checkpoints:
    """Where the checkpoints of one training are kept.

    Attributes
    ----------
    folder : str or path-like
    fingerprint : str
        See `fingerprint`; a checkpoint of another training is not resumed.
    minutes : float
        Time between two checkpoints.
    """

    folder: PathLike
    fingerprint: str
    minutes: float

    def path(self, seed: int) -> Path:
        """File of one network's checkpoint."""
        return Path(self.folder, f"{seed}.safetensors")

    def save(self, trainer: Trainer) -> None:
        """Write the trainer's state; an earlier one stays until this one is whole."""
        tensors, numbers = state(trainer)
        tensors = {name: value.cpu().contiguous() for name, value in tensors.items()}
        facts = {"fingerprint": self.fingerprint, "numbers": json.dumps(numbers)}
        facts["sha256"] = _content(tensors, facts["numbers"])
        with replacing(self.path(trainer.seed)) as temporary:
            save_file(tensors, temporary, facts)

    def resume(self, trainer: Trainer) -> None:
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
                    logging.warning("%s is of another training, which starts again", path)
                    return
                names = list(file.keys())
                tensors = {name: file.get_tensor(name) for name in names}
        except (OSError, SafetensorError) as error:
            raise InputError(
                path, str(error), "a checkpoint; delete the file to start the training again"
            ) from error
        if facts.get("sha256") != _content(tensors, facts.get("numbers", "")):
            raise InputError(
                path,
                "content that no training wrote",
                "the SHA-256 in its metadata; delete the file to start the training again",
            )
        restore(trainer, tensors, json.loads(facts["numbers"]))
        logging.info("%s: continuing after step %d", path, trainer.step)

    def remove(self, seeds: Iterable[int]) -> None:
        """Delete the checkpoints of networks that are trained."""
        for seed in seeds:
            self.path(seed).unlink(missing_ok=True)


def _content(tensors: Mapping[str, torch.Tensor], numbers: str) -> str:
    """Digest of a checkpoint. It is stored inside, so that no kill can separate the two."""
    digest = sha256(numbers.encode())
    for name in sorted(tensors):
        digest.update(f"{name} {tensors[name].dtype} {list(tensors[name].shape)}".encode())
        digest.update(np.ascontiguousarray(tensors[name]).data)
    return digest.hexdigest()


def fingerprint(
    settings: Mapping[str, Any], code: object, files: Iterable[PathLike], device: str
) -> str:
    """Digest of everything that decides on the result of a training.

    Parameters
    ----------
    settings : dict
    code : object
        Digests of the modules that train, in a form that JSON can hold.
    files : iterable of path-like
        Images, told apart by the checksums that their jobs wrote next to them.
    device : str

    Returns
    -------
    str
    """
    checksums = [checksum_of(path).read_text() for path in files]
    text = json.dumps([settings, code, checksums, device, torch.__version__], sort_keys=True)
    return sha256(text.encode()).hexdigest()
