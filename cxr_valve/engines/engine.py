"""What every engine offers: a network in, its outputs out."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.float32]
Outputs = tuple[NDArray[np.float32], ...]
#: Least and greatest value that goes into a convolution, by the convolution's name in the network.
Ranges = Mapping[str, tuple[float, float]]

#: Engine names as the command line, readings and cards use them.
ENGINES = ("openvino", "openvino-fast", "torch")
CACHE_VARIABLE = "CXR_VALVE_CACHE"
MOST_AT_ONCE = 4


@dataclass(frozen=True)
class NetworkSource:
    """A network to run: ``checksum`` of its weights names it in caches, ``build`` makes the torch
    module (called only where no converted copy is cached), ``input_size`` in pixels, ``ranges``
    what the fast engine needs to compute convolutions in 8 bits (None: it uses floats)."""

    name: str
    checksum: str
    input_size: int
    build: Callable[[], Any]
    ranges: Ranges | None = None


class Runnable(Protocol):
    """A network ready to run. Safe to call from several threads."""

    def __call__(self, images: Images) -> Outputs:
        """Images (N, 1, S, S) in [0, 1] → what the network gives, in its order, float32 (N, …).

        A network of a finding gives logits (N,) and maps (N, h, w).
        """


class Engine(Protocol):
    """A way to run networks. ``name`` is one of ``ENGINES``."""

    @property
    def name(self) -> str:
        """How outputs name this engine."""

    @property
    def at_once(self) -> int:
        """How many images a network takes at the same time; more wait."""

    def open(self, source: NetworkSource) -> Runnable:
        """Make a network ready to run, converting it first if needed."""


def open_engine(name: str = "openvino", at_once: int = 1) -> Engine:
    """The engine of that name.

    ``at_once``: images that OpenVINO's networks take at the same time, sharing the cores. Each then
    takes longer and all of them less, since few cores on an image wait for each other less.

    Raises:
        ValueError: no such engine.
    """
    if name == "torch":
        from cxr_valve.engines.torch_engine import TorchEngine

        return TorchEngine()
    if name in ENGINES:
        from cxr_valve.engines.openvino_engine import OpenVinoEngine

        return OpenVinoEngine(fast=name == "openvino-fast", at_once=at_once)
    raise ValueError(f"Expected an engine out of {', '.join(ENGINES)}; found {name!r}.")


def many_at_once() -> int:
    """How many images to take at the same time where many are to be read: one a core, at most
    ``MOST_AT_ONCE``, since each holds its pixels."""
    return min(MOST_AT_ONCE, os.cpu_count() or 1)


def cache_folder() -> Path:
    """Where converted networks are kept: ``$CXR_VALVE_CACHE`` or ``.cache/engines`` beside the
    program."""
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named) if named else Path(__file__).resolve().parents[2] / ".cache" / "engines"
