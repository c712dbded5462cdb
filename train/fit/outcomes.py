"""How training ends other than well: an error to act on, or a stop that was asked for."""

import errno


class TrainingError(RuntimeError):
    """Training cannot go on; the message says what was expected, what was found and what to do.

    It is shown, logged and exported: no identifier and no path of a radiograph belongs in it.
    """


class Stopped(Exception):  # noqa: N818  (a stop is an answer, not a defect)
    """Somebody asked for a graceful stop; everything is on disk and the run can go on."""


def reason(error: OSError) -> str:
    """Why a file could not be read or written, without its path."""
    if error.errno == errno.ENOSPC:
        return "the disk is full"
    if isinstance(error, FileNotFoundError):
        return "the file is missing"
    return (error.strerror or type(error).__name__).lower()
