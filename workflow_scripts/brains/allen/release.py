"""What the Allen Institute released as Visual Coding - Neuropixels.

Siegle et al. (2021), Survey of spiking in the mouse visual system reveals functional hierarchy,
Nature 592:86-92, and the technical white paper of the data set.
"""

SESSION_TYPE = "brain_observatory_1.1"
"""Stimulus set of the sessions that showed natural scenes: 32 of the 58, as sessions.csv says."""

TEMPLATE_SHAPE = (918, 1174)
"""Height and width in pixels of the published picture of a natural scene."""


def scene_name(scene: int) -> str:
    """Name of a natural scene: that of its file."""
    return f"natural_scene_{scene}.tiff"
