"""A network with its weights, from a file or drawn from a seed."""

from typing import Any

from workflow_scripts.common.errors import InputError
from workflow_scripts.common.files import PathLike
from workflow_scripts.common.random_streams import derive_seed
from workflow_scripts.networks.architecture import ARCHITECTURES, build_network, such_as
from workflow_scripts.networks.blocks import TOKENS, Network, torch_generator
from workflow_scripts.networks.weights import read_weights


def load_network(weights: PathLike, seed: int, settings: dict[str, Any]) -> Network:
    """Network that was trained here, or somebody else's model.

    Parameters
    ----------
    weights : str or path-like
        File of `write_weights`. Ignored for an architecture that is not trained here, whose variant
        names the file of its weights, or None for random ones.
    seed : int
        Seed of the network.
    settings : dict
        ``seed`` (the master seed of the run), ``variant_name``, ``variant``, and ``layers``, the
        names of the layers that are going to be read.

    Raises
    ------
    InputError
        If the weights cannot be read, an option of the variant is refused, or the network has no
        such layer.
    """
    variant, name = settings["variant"], settings["variant_name"]
    if ARCHITECTURES.card(variant["architecture"]).trained:
        network = build_network(variant, torch_generator(0))
        network.load_state_dict(read_weights(weights, seed))
    else:
        # The name of the stream is older than the name of the architecture.
        initialisation = derive_seed(settings["seed"], "external", seed)
        try:
            network = build_network(variant, torch_generator(initialisation))
        except InputError as error:
            place, found, expected = error.args
            if place in variant:
                place = f"config variants.{name}.{place}"
            raise InputError(place, found, expected) from error
    known = network.activations()
    for layer in settings["layers"]:
        module, at, tokens = layer.partition("@")
        expected = None
        if module not in known:
            expected = f"names of its modules{such_as(module, known)}"
        elif at and tokens not in TOKENS:
            expected = f"@{', @'.join(TOKENS)} or nothing behind the name of a module"
        if expected:
            raise InputError("config candidates", f"the layer {layer!r} of {name}", expected)
    return network
