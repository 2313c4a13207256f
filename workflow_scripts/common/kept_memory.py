"""How jobs keep memory for their next arrays."""

KEPT_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(2**28), "MALLOC_TRIM_THRESHOLD_": str(2**28)}
"""Environment variables that the C library reads when a program starts.

Arrays of up to 256 MiB stay with the process: giving the memory of each intermediate result back to
the system, and getting it again filled with zeros, is up to a fifth of a fit's time."""
