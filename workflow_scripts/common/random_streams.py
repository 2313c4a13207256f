"""Random streams derived from one master seed by name, never by order of execution."""

from hashlib import sha256

import numpy as np


def derive_seed(master: int, *names: str | int) -> int:
    """Seed of the stream called `names`.

    Parameters
    ----------
    master : int
        Master seed of the run.
    *names : str or int
        Name of the stream, from the general to the particular, such as
        ``"train_model", "alexnet", 0, "initialisation"``.

    Returns
    -------
    int
        63-bit non-negative integer; equal arguments give equal seeds on every machine.
    """
    text = "/".join(str(name) for name in (master, *names))
    return int.from_bytes(sha256(text.encode()).digest()[:8], "big") >> 1


def generator(master: int, *names: str | int) -> np.random.Generator:
    """NumPy generator of the stream called `names` (see `derive_seed`)."""
    return np.random.default_rng(derive_seed(master, *names))
