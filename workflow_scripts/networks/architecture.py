"""Architectures: each file of ``architectures/`` is one.

Such a file has a `Card`, and a function ``build`` that returns a
`workflow_scripts.networks.blocks.Network`. The keyword-only arguments of ``build`` are the options
that a variant may set. Where ``build`` refuses a value, the place of its InputError is the name of
the option: it does not know the name of the variant.
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workflow_scripts.common.cards import PACKAGE, Gallery

if TYPE_CHECKING:
    import torch

    from workflow_scripts.networks.blocks import Network

Variant = Mapping[str, Any]
"""Settings of a variant: its architecture with its options, its objective, and its training."""


@dataclass(frozen=True)
class Card:
    """What an architecture is.

    Attributes
    ----------
    label : str
        Its name in figures and text.
    layers : tuple of str
        Layers that can be read, from the image upwards; empty for a model that can be read at
        every module that it names.
    trained : bool
        Whether networks of this architecture are trained here. Otherwise ``build`` gives a network
        its weights, and it can only be a candidate.
    reference : str
        Publication of the architecture.
    """

    label: str
    layers: tuple[str, ...]
    trained: bool
    reference: str


ARCHITECTURES = Gallery(PACKAGE / "networks/architectures", Card, "build")


def build_network(variant: Variant, generator: "torch.Generator") -> "Network":
    """Build a network with initial weights that its generator alone decides on.

    Parameters
    ----------
    variant : dict
        ``architecture``, and the options of the architecture; other keys are ignored.
    generator : torch.Generator
        CPU generator of the initial weights, as `initialise` draws them. Anything else that is
        drawn while the network is built comes from PyTorch's global generator, which has the same
        seed for that time and is restored afterwards.

    Returns
    -------
    workflow_scripts.networks.blocks.Network

    Raises
    ------
    InputError
        If the architecture refuses the value of an option.
    """
    import torch

    from workflow_scripts.networks.blocks import initialise

    name = variant["architecture"]
    options = {key: variant[key] for key in ARCHITECTURES.parameters(name) if key in variant}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(generator.initial_seed())
        network: Network = ARCHITECTURES.load(name).build(**options)
    if ARCHITECTURES.card(name).trained:
        initialise(network, generator)
    return network


def such_as(name: str, known: Iterable[str]) -> str:
    """The known names that are closest to another one, up to three, as the end of a sentence."""
    close = difflib.get_close_matches(name, list(known), n=3)
    return f", such as {', '.join(close)}" if close else ""
