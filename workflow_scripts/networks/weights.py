"""Weights of networks in files: one safetensors file for each group of seeds that is trained."""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from safetensors import SafetensorError, safe_open

from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike, replacing

if TYPE_CHECKING:
    import torch
    from torch import nn

# PyTorch is imported where it is needed: a figure reads weights without it.


def read_state_dict(path: PathLike) -> "dict[str, torch.Tensor]":
    """State dict of a file; code that a pickle holds is never run.

    Parameters
    ----------
    path : str or path-like
        A ``.safetensors`` file, or what ``torch.save`` writes. The state dict may be the entry
        ``state_dict`` of a checkpoint, and its keys may begin with ``module.``, as those of
        `torch.nn.DataParallel` do.

    Returns
    -------
    dict of str to torch.Tensor

    Raises
    ------
    InputError
        If the file is damaged, holds anything else, or has not every value of a tensor.
    """
    import torch
    from safetensors.torch import load_file

    try:
        if Path(path).suffix == ".safetensors":
            state: Any = load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except (
        *(OSError, RuntimeError, EOFError, ValueError, LookupError),
        *(pickle.UnpicklingError, SafetensorError),
    ) as error:
        raise InputError(
            path,
            f"a file that is damaged or holds more than tensors ({type(error).__name__})",
            "a state dict; pickled code is never run",
        ) from error
    if isinstance(state, dict) and isinstance(state.get("state_dict"), dict):
        state = state["state_dict"]
    if not isinstance(state, dict) or not all(
        isinstance(key, str) and isinstance(value, torch.Tensor) for key, value in state.items()
    ):
        raise InputError(path, "no state dict", "a tensor for each name")
    for key, value in state.items():
        is_plain = value.layout == torch.strided and not value.is_meta
        # A few bytes can announce any number of values, for which a model would then make room.
        if is_plain and value.nbytes > value.untyped_storage().nbytes():
            found = f"{key!r} of shape {tuple(value.shape)}, of which the file has only a part"
            raise InputError(path, found, "every value")
    if all(key.startswith("module.") for key in state):
        return {key.removeprefix("module."): value for key, value in state.items()}
    return state


def write_weights(networks: "Mapping[int, nn.Module]", path: PathLike) -> None:
    """Write the weights of networks; each name begins with the network's seed and a dot.

    Parameters
    ----------
    networks : dict of int to torch.nn.Module
        By seed.
    path : str or path-like
    """
    from safetensors.torch import save_file

    weights = {
        f"{seed}.{name}": value.cpu().contiguous()
        for seed, network in networks.items()
        for name, value in network.state_dict().items()
    }
    with replacing(path) as temporary:
        save_file(weights, temporary)


def read_weights(
    path: PathLike, seed: int, framework: Literal["pt", "np"] = "pt"
) -> dict[str, Any]:
    """State dict of one network of a file.

    Parameters
    ----------
    path : str or path-like
    seed : int
    framework : {"pt", "np"}
        Whether the weights are torch.Tensor or numpy.ndarray.

    Returns
    -------
    dict of str to torch.Tensor or numpy.ndarray

    Raises
    ------
    InputError
        If the file cannot be read or has no network of this seed.
    """
    prefix = f"{seed}."
    try:
        with safe_open(path, framework) as file:
            weights = {
                name.removeprefix(prefix): file.get_tensor(name)
                for name in file.keys()  # noqa: SIM118 (it is not a dict)
                if name.startswith(prefix)
            }
    except (OSError, SafetensorError) as error:
        raise InputError(path, str(error), "weights") from error
    if not weights:
        raise InputError(path, f"no network of seed {seed}", "one")
    return weights
