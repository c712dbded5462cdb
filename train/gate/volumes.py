"""Views that few archives hold, made from public volumes: oblique and lateral chests, and slices.

One chest CT projected under many angles teaches what a lateral or an oblique view is; its slices,
and those of head CT and MR, teach what a cross-section is. Used in training only.
"""

import gzip
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Image2d = NDArray[np.float32]
Volume = NDArray[np.float32]

#: NIfTI codes of the sample types found in these volumes.
_TYPES = {2: "<u1", 4: "<i2", 8: "<i4", 16: "<f4", 512: "<u2"}
#: Up to this turn from facing the detector the view still counts as frontal, in degrees …
FRONTAL_UP_TO = 10
#: … and from this turn on it counts as another view; what lies between teaches nothing.
OTHER_FROM = 35
#: Attenuation of water per mm, as in the chest phantom.
MU_WATER = 0.021


def read_nifti(file: Path) -> Volume:
    """A gzipped NIfTI-1 volume (x, y, z), scaled as its header says."""
    data = gzip.decompress(file.read_bytes())
    rank, *lengths = struct.unpack_from("<8h", data, 40)
    code, offset = struct.unpack_from("<h", data, 70)[0], struct.unpack_from("<f", data, 108)[0]
    slope, intercept = struct.unpack_from("<2f", data, 112)
    if code not in _TYPES:
        raise ValueError(f"{file.name}: Expected samples of a known type, found code {code}.")
    shape = tuple(lengths[:rank])
    values = np.frombuffer(data, _TYPES[code], int(np.prod(shape)), int(offset))
    volume = values.reshape(shape, order="F").astype(np.float32)
    return volume * slope + intercept if slope else volume


def body_only(hounsfield: Volume) -> Volume:
    """The volume with everything outside the body (table, clothes) turned to air."""
    dense = ndimage.binary_opening(hounsfield > -400, iterations=2)
    labels, _ = ndimage.label(dense)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    body = labels == int(sizes.argmax())
    filled = [ndimage.binary_fill_holes(body[..., k]) for k in range(body.shape[2])]
    return np.where(np.stack(filled, axis=-1), hounsfield, np.float32(-1000))


def projections(
    hounsfield: Volume, mm: tuple[float, float], angles: Iterator[float]
) -> Iterator[tuple[float, Image2d]]:
    """Radiographs of a CT (x to the patient's left, y to the front, z up), seen under ``angles``.

    ``mm``: voxel size in the axial plane and along z. Each is the optical density of a parallel
    beam, bright = dense, scaled to [0, 1]; 0 degrees is the frontal view as it is displayed.
    """
    water = np.clip(body_only(hounsfield) + 1000, 0, None) / 1000
    # Bone attenuates more than its density says.
    attenuation = water * np.clip(water, 1.0, 1.6)
    for angle in angles:
        turned = ndimage.rotate(attenuation, angle, axes=(0, 1), reshape=False, order=1)
        path = ndimage.zoom(turned.sum(axis=1).T[::-1], (mm[1] / mm[0], 1), order=1)
        path = path * np.float32(mm[0] * MU_WATER)
        # Scatter adds a haze that grows with the body and flattens dense parts.
        signal = np.exp(-path)
        signal = signal + 0.35 * ndimage.gaussian_filter(signal, 12) + 2e-3
        yield angle, scaled(-np.log(signal))


def slices(
    volume: Volume, mm: tuple[float, float], window: tuple[float, float], step: int
) -> Iterator[Image2d]:
    """Axial, coronal and sagittal slices of square pixels, ``window`` (low, high) → [0, 1]."""
    low, high = window
    windowed = np.clip((volume - low) / (high - low), 0, 1)
    for axis in (2, 1, 0):
        length = windowed.shape[axis]
        for at in range(length // 8, length - length // 8, step):
            part = np.take(windowed, at, axis=axis).T[::-1]
            if axis != 2:
                part = ndimage.zoom(part, (mm[1] / mm[0], 1), order=1)
            if part.mean() > 0.02:
                yield np.ascontiguousarray(part, np.float32)


def scaled(image: NDArray[np.floating]) -> Image2d:
    """The image between its 0.2nd and 99.8th percentiles, in [0, 1]."""
    low, high = np.percentile(image, (0.2, 99.8))
    return np.asarray(np.clip((image - low) / max(high - low, 1e-6), 0, 1), np.float32)
