"""Memory that is free again is given back to the system."""

import ctypes
import sys
from contextlib import suppress

_M_MMAP_THRESHOLD = -3
LARGE = 1 << 20


def return_large_blocks() -> None:
    """Let blocks of 1 MiB and more go back to the system as soon as they are freed.

    After the first large block is freed, glibc keeps later ones in its heap, where images of
    changing size leave holes: a visit of hundreds of radiographs would grow although nothing is
    kept. Does nothing with another C library.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL("libc.so.6").mallopt(_M_MMAP_THRESHOLD, LARGE)
