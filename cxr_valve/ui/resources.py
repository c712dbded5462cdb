"""What all visits share and is made once: opened networks and held-out scores."""

import threading
from collections.abc import Callable
from contextlib import suppress

import pandas as pd
import streamlit as st

from cxr_valve.active import active_sets
from cxr_valve.cards import CardError, WeightSet
from cxr_valve.reading.reader import Reader, open_reader
from cxr_valve.ui.memory import return_large_blocks


class SharedReader:
    """Opens the networks once, whoever asks first; the others wait for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reader: Reader | None = None
        self._warming = False

    @property
    def ready(self) -> bool:
        """Whether the networks are open."""
        return self._reader is not None

    def warm(self) -> None:
        """Start opening the networks in the background; whoever needs them waits in ``get``."""
        if not self._warming:
            self._warming = True
            threading.Thread(target=self._open_quietly, daemon=True).start()

    def _open_quietly(self) -> None:
        # What is wrong is said where the reader is asked for.
        with suppress(CardError, ValueError):
            self.get()

    def get(self, progress: Callable[[str], None] = lambda _: None) -> Reader:
        """The opened reader; ``progress`` is told what is being opened."""
        with self._lock:
            if self._reader is None:
                return_large_blocks()
                self._reader = open_reader("openvino", progress)
            return self._reader


@st.cache_resource(show_spinner=False, max_entries=1)
def _shared(weights: tuple[str, ...]) -> SharedReader:  # noqa: ARG001 (the cache key)
    """One reader for each choice of active weights; the last choice replaces the one before."""
    return SharedReader()


def shared_reader() -> SharedReader:
    """The reader of the active weights, opened or about to be.

    Raises:
        CardError: the active weights cannot be used.
    """
    return _shared(tuple(f"{key}:{found.folder}" for key, found in active_sets().items()))


@st.cache_data(show_spinner=False, max_entries=16)
def _held_out(path: str, checksum: str) -> pd.DataFrame:  # noqa: ARG001 (the cache key)
    return pd.read_csv(path)


def held_out_scores(weights: WeightSet, split: str = "test") -> pd.DataFrame:
    """The set's held-out scores of one split, as in its scores.csv."""
    scores = _held_out(str(weights.scores_file()), weights.card.scores_sha256)
    return scores[scores["split"] == split]
