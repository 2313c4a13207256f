"""Names of the stimulus sets, for modules that must not import NumPy."""

N_PHOTOGRAPHS = 18
"""Number of packaged photographs."""

SETS = ("training", "validation", "population")
"""Stimulus sets, in the order in which they divide images among them."""
