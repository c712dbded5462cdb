"""The largest file and the largest image that are read."""

MAX_BYTES = 100_000_000
MAX_PIXELS = 100_000_000
