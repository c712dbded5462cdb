"""Keeps the readers' own chatter in: pydicom's messages quote element values, names among them."""

import logging
import warnings

from PIL import Image


def silence_readers() -> None:
    """Silence the warnings and the log of pydicom and Pillow, for the whole process.

    Called before each read, as filters set once are lost when someone else's
    ``warnings.catch_warnings`` ends; catching them here instead would not be thread-safe.
    Setting the same filter again does not add another.
    """
    logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)
    warnings.filterwarnings("ignore", module=r"(pydicom|PIL)(\.|$)")
    warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
