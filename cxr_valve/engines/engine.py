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


@dataclass(frozen=True)
class NetworkSource:
    """A network to run: ``checksum`` of its weights names it in caches, ``build`` makes the torch
    module (called only where no converted copy is cached), ``input_size`` in pixels, ``ranges``
    what the fast engine needs to compute convolutions in 8 bits (None: it uses bfloat16)."""

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

    def open(self, source: NetworkSource) -> Runnable:
        """Make a network ready to run, converting it first if needed."""


def open_engine(name: str = "openvino") -> Engine:
    """The engine of that name.

    Raises:
        ValueError: no such engine; or the fast engine on a processor without bfloat16.
    """
    if name == "torch":
        from cxr_valve.engines.torch_engine import TorchEngine

        return TorchEngine()
    if name in ENGINES:
        from cxr_valve.engines.openvino_engine import OpenVinoEngine

        return OpenVinoEngine(fast=name == "openvino-fast")
    raise ValueError(f"Expected an engine out of {', '.join(ENGINES)}; found {name!r}.")


def cache_folder() -> Path:
    """Where converted networks are kept: ``$CXR_VALVE_CACHE`` or ``.cache/engines`` beside the
    program."""
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named) if named else Path(__file__).resolve().parents[2] / ".cache" / "engines"
