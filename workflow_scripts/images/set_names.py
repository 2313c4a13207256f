"""Names of the stimulus sets, for modules that must not import NumPy."""

N_PHOTOGRAPHS = 18
"""Number of packaged photographs; crops of one are a group of stimuli, which is never divided."""

SETS = ("training", "validation", "population")
"""Stimulus sets, in the order in which they divide images among them."""
