"""Runs from outside: start, watch, stop, resume, compare; what is true of each is told here."""

from train.control.actions import delete, duplicate, force_stop, resume, start, stop, submit
from train.control.compare import compare
from train.control.truth import RunView, look, reconcile

__all__ = [
    "RunView",
    "compare",
    "delete",
    "duplicate",
    "force_stop",
    "look",
    "reconcile",
    "resume",
    "start",
    "stop",
    "submit",
]
