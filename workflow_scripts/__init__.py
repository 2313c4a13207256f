"""Library and drivers of the model-brain alignment workflow."""
