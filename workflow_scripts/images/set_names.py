"""Names of the stimulus sets, for modules that must not import NumPy."""

SETS = ("training", "validation", "population")
"""Stimulus sets, in the order in which they divide images among them."""
