"""What a brain whose sessions are the Allen Institute's can have; see `release`.

Only the plan reads this file, so that another area here runs no job again.
"""

N_SCENES = 118
"""Natural scenes of these sessions: frames 0 to 117 of the stimulus ``natural_scenes``."""

SCENE_S = 0.25
"""Seconds for which a scene is shown; the next one follows at once."""

AREAS = ("VISp", "VISl", "VISrl", "VISal", "VISpm", "VISam")
"""The six visual areas of cortex at which the probes were aimed, by their acronyms in the files."""
