"""Features that several members share are computed once.

Two members share a trunk where everything but the classifier is the same, byte for byte, and both
take inputs of the same size: their cards then name the same ``trunk``. Each still gives exactly its
own logit and map.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cxr_valve.engines.engine import (
    Engine,
    Images,
    NetworkSource,
    Outputs,
    Ranges,
    Runnable,
)

if TYPE_CHECKING:
    from torch import Tensor

#: Images whose outputs are kept: as many as threads may read side by side.
KEPT = 4


def trunk_checksum(tensors: Mapping[str, "Tensor"], classifier: str) -> str:
    """SHA-256 over all tensors but those of ``classifier`` ("fc" …), as they lie in the file."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        if f".{classifier}." not in f".{name}":
            value = tensors[name]
            digest.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
            digest.update(value.contiguous().numpy().tobytes())
    return digest.hexdigest()


def open_shared(engine: Engine, sources: Sequence[NetworkSource]) -> tuple[Runnable, ...]:
    """Open members with one trunk as one network with several heads; a runnable for each.

    ``sources`` must share trunk and input size. One alone is opened as it is.
    """
    if len(sources) == 1:
        return (engine.open(sources[0]),)
    checksum = hashlib.sha256("".join(source.checksum for source in sources).encode()).hexdigest()
    first = sources[0]
    joined = NetworkSource(
        first.name, checksum, first.input_size, _builder(sources), _joined_ranges(sources)
    )
    trunk = _Trunk(engine.open(joined))
    return tuple(_Head(trunk, number) for number in range(len(sources)))


def _builder(sources: Sequence[NetworkSource]) -> Callable[[], Any]:
    def build() -> object:
        # torch is imported only where a network has to be converted.
        from cxr_valve.models.networks import ManyHeads

        return ManyHeads([source.build() for source in sources])

    return build


def _joined_ranges(sources: Sequence[NetworkSource]) -> Ranges | None:
    """Ranges that hold for every member; None where one has none."""
    widest: dict[str, tuple[float, float]] = {}
    for source in sources:
        if not source.ranges:
            return None
        for name, (low, high) in source.ranges.items():
            # As ``ManyHeads`` calls them.
            before = widest.get(f"trunk.{name}", (low, high))
            widest[f"trunk.{name}"] = min(low, before[0]), max(high, before[1])
    return widest


class _Trunk:
    """Runs all heads, and remembers the last few images: whoever asks next for the same image gets
    what is there. Safe to call from several threads."""

    def __init__(self, run: Runnable) -> None:
        self._run = run
        self._kept: OrderedDict[bytes, Outputs] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, images: Images) -> Outputs:
        key = hashlib.blake2b(np.ascontiguousarray(images).tobytes(), digest_size=16).digest()
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        outputs = self._run(images)
        with self._lock:
            self._kept[key] = outputs
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return outputs


class _Head:
    """One member of a trunk: its logits and maps out of everybody's."""

    def __init__(self, trunk: _Trunk, number: int) -> None:
        self._trunk, self._first = trunk, 2 * number

    def __call__(self, images: Images) -> Outputs:
        return self._trunk(images)[self._first : self._first + 2]
