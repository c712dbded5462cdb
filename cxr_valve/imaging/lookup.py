"""DICOM lookup tables: the Modality LUT and VOI LUT sequences."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class LookupTable:
    """Maps ``first`` to ``values[0]``, and so on; inputs beyond the ends take the end values."""

    first: int
    values: NDArray[np.uint16]

    def apply(self, stored: NDArray[Any]) -> NDArray[np.uint16]:
        """Look every integer of ``stored`` up; the result has its shape."""
        index = stored.astype(np.int64 if stored.dtype.itemsize > 2 else np.int32) - self.first
        return np.asarray(self.values[np.clip(index, 0, self.values.size - 1)])


def read_table(
    dataset: Any, keyword: str, signed_input: bool, little_endian: bool
) -> LookupTable | None:
    """The first table of the sequence ``keyword``; None where there is none that can be used."""
    try:
        items = getattr(dataset, keyword, None)
        if not items:
            return None
        descriptor = [int(value) for value in items[0].LUTDescriptor]
        data = items[0].LUTData
    except Exception:  # a broken table is reported by the caller as one that is missing
        return None
    if len(descriptor) != 3 or data is None:
        return None
    # PS3.3 C.11.1.1: an entry count of 0 means 65,536; negative counts come from a wrong VR.
    count = descriptor[0] % 65536 or 65536
    first = descriptor[1]
    if signed_input and first >= 32768:
        first -= 65536
    elif not signed_input and first < 0:
        first += 65536
    values = _values(data, count, little_endian)
    return None if values is None or values.size < 2 else LookupTable(first, values)


def _values(data: Any, count: int, little_endian: bool) -> NDArray[np.uint16] | None:
    if isinstance(data, bytes):
        if len(data) >= 2 * count:
            order = "<" if little_endian else ">"
            return np.frombuffer(data, f"{order}u2", count).astype(np.uint16)
        # Tables of 8 bits are packed two to a word.
        return np.frombuffer(data, np.uint8, min(count, len(data))).astype(np.uint16)
    try:
        return np.asarray([int(value) & 0xFFFF for value in data][:count], np.uint16)
    except (TypeError, ValueError):
        return None
