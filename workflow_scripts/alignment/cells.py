"""Which source and target profiles each shard compares."""

from itertools import product

from workflow_scripts.common.profile import pool


def shard_cells(sources, targets):
    """Cells of the last subject with itself and, in both directions, with each one before it.

    Parameters
    ----------
    sources, targets : list of list of Profile
        Profiles of each subject, the shard's own subject last, at the method's source stage and
        target stage.

    Returns
    -------
    list of tuple of Profile
        Without pairs of a profile and itself.
    """
    own = [
        (source, target)
        for source, target in product(sources[-1], targets[-1])
        if source.part != target.part
    ]
    for earlier_sources, earlier_targets in zip(sources[:-1], targets[:-1], strict=True):
        own += product(sources[-1], earlier_targets)
        own += product(earlier_sources, targets[-1])
    return own


def direction_cells(direction, layers, mice):
    """Cells of one direction.

    Parameters
    ----------
    direction : {"model_to_mouse", "mouse_to_model"}
        To each mouse's areas from each layer, or to each layer from each area, pooled over mice.
    layers : list of Profile
    mice : list of dict of str to Profile

    Returns
    -------
    list of tuple of Profile
    """
    if direction == "model_to_mouse":
        return list(product(layers, [area for mouse in mice for area in mouse.values()]))
    pooled = [pool([mouse[area] for mouse in mice], area) for area in mice[0]]
    return list(product(pooled, layers))
