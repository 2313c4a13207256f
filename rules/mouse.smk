"""Mice: scenes, simulated sessions, and responses read by AllenSDK in its own environment."""
