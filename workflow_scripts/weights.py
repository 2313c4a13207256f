"""Weights of trained networks: one safetensors file a group of seeds."""

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from workflow_scripts.errors import InputError
from workflow_scripts.files import replacing


def write_weights(networks, path):
    """Write the weights of networks; each name begins with the network's seed and a dot.

    Parameters
    ----------
    networks : dict of int to torch.nn.Module
        By seed.
    path : str or path-like
    """
    weights = {
        f"{seed}.{name}": value.cpu().contiguous()
        for seed, network in networks.items()
        for name, value in network.state_dict().items()
    }
    with replacing(path) as temporary:
        save_file(weights, temporary)


def read_weights(path, seed):
    """State dict of one network of a file.

    Raises
    ------
    InputError
        If the file cannot be read or has no network of this seed.
    """
    prefix = f"{seed}."
    try:
        with safe_open(path, "pt") as file:
            weights = {
                name.removeprefix(prefix): file.get_tensor(name)
                for name in file.keys()  # noqa: SIM118 (it is no dict)
                if name.startswith(prefix)
            }
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path}: expected weights, found {error}") from error
    if not weights:
        raise InputError(f"{path}: found no network of seed {seed}, expected one")
    return weights
