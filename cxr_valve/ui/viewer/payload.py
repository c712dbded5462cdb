"""What travels to the browser: raw pixels by URL, everything else as a small JSON document.

Pixels go through Streamlit's media store, as ``st.image`` does: the browser fetches them once per
image, and a rerun sends their address again, not their bytes.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cxr_valve.findings import FINDINGS
from cxr_valve.imaging.geometry import Box
from cxr_valve.imaging.radiograph import Radiograph
from cxr_valve.reading.overlay import AGAINST_COLOUR, FOR_COLOUR, FULL_OPACITY
from cxr_valve.ui.viewer.layers import CONSENSUS, EvidenceLayer, ViewerImage

#: Longest side, in pixels, of what is sent.
LONGEST = 2048
#: Share of the evidence outside body or image from which the viewer says so.
OUTSIDE_NOTE = 0.15
#: Okabe-Ito; neither hue occurs in the evidence.
FINDING_COLOURS = {"mr": "#CC79A7", "as": "#009E73", "lvef": "#F0E442"}

Json = dict[str, object]
#: Takes bytes and their digest, returns the address at which the browser finds them.
Publish = Callable[[bytes, str], str]


@dataclass(frozen=True, eq=False)
class Blob:
    """Raw bytes for the browser: ``width`` × ``height`` samples, row by row, then the digest."""

    content: bytes
    digest: str
    width: int
    height: int


#: Images whose bytes are kept for the next rerun; the others are made again when shown again.
KEPT = 8

# An image is reduced and hashed once, however often the page reruns, and forgotten with it.
_sent: WeakKeyDictionary[Radiograph, Blob] = WeakKeyDictionary()
_lock = Lock()


def build_payload(
    images: Sequence[ViewerImage],
    publish: Publish,
    *,
    key: str,
    height: int,
    finding: str | None = None,
) -> Json:
    """The JSON document of one viewer; pixels are handed to ``publish``.

    Raises:
        ValueError: not one or two images, an empty key, a height under 320, or a ``finding``
            that no layer has.
    """
    if len(images) not in (1, 2):
        raise ValueError(f"Expected 1 or 2 images; found {len(images)}.")
    if not key:
        raise ValueError("Expected a key that names this viewer on its page; found ''.")
    if height < 320:
        raise ValueError(f"Expected a height of at least 320 CSS pixels; found {height}.")
    present = list(dict.fromkeys(layer.finding for image in images for layer in image.layers))
    if finding is not None and finding not in present:
        known = ", ".join(present) or "none"
        raise ValueError(f"Expected a finding with evidence ({known}); found {finding!r}.")
    return {
        "key": key,
        "height": height,
        "finding": finding,
        "findings": [_finding(name) for name in present],
        "scheme": {"for": FOR_COLOUR, "against": AGAINST_COLOUR, "opacity": FULL_OPACITY},
        "images": [_image(image, publish) for image in images],
    }


def pixel_blob(radiograph: Radiograph, longest: int = LONGEST) -> Blob:
    """Pixels as little-endian uint16, antialiased down to ``longest`` on the long side."""
    pixels = radiograph.pixels
    scale = min(1.0, longest / max(pixels.shape))
    if scale < 1:
        size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
        image = Image.fromarray(pixels.astype(np.float32))
        reduced = image.resize(size, Image.Resampling.BILINEAR, reducing_gap=3.0)
        pixels = np.rint(np.asarray(reduced)).clip(0, 65535).astype(np.uint16)
    return _blob(np.ascontiguousarray(pixels, "<u2"))


def view_blob(view: NDArray[np.float32]) -> Blob:
    """What the network saw, as one byte a pixel."""
    return _blob(np.rint(view * 255).astype(np.uint8))


def _blob(samples: NDArray[np.uint16] | NDArray[np.uint8]) -> Blob:
    content = samples.tobytes()
    digest = hashlib.blake2b(content, digest_size=16).hexdigest()
    # The media store recognises large files by their length, head, middle and tail: the digest at
    # the tail keeps two images with the same borders apart.
    rows, columns = samples.shape
    return Blob(content + digest.encode(), digest, columns, rows)


def _cached_pixels(radiograph: Radiograph) -> Blob:
    with _lock:
        blob = _sent.pop(radiograph, None)
    blob = blob or pixel_blob(radiograph)
    with _lock:
        _sent[radiograph] = blob
        for oldest in list(_sent)[:-KEPT]:
            del _sent[oldest]
    return blob


def _image(image: ViewerImage, publish: Publish) -> Json:
    radiograph = image.radiograph
    low, high = radiograph.display
    document: Json = {
        "title": image.title,
        "view": radiograph.view,
        "rows": radiograph.rows,
        "columns": radiograph.columns,
        "slope": float(radiograph.slope),
        "intercept": float(radiograph.intercept),
        "display": [float(low), float(max(high, low + 1))],
        "spacing": [float(side) for side in radiograph.spacing_mm or ()] or None,
        "pixels": _address(_cached_pixels(radiograph), publish),
        "layers": [_layer(layer) for layer in image.layers],
        "outlines": [
            {"name": line.name, "points": [[float(x), float(y)] for x, y in line.points]}
            for line in image.outlines
        ],
        "heart": image.heart.document() if image.heart else None,
        "network": None,
    }
    if image.network_view is not None and image.network_extent is not None:
        blob = view_blob(image.network_view)
        document["network"] = {
            **_address(blob, publish),
            "extent": _box(image.network_extent),
            "name": image.network_name,
        }
    return document


def _address(blob: Blob, publish: Publish) -> Json:
    url = publish(blob.content, blob.digest)
    return {"url": url, "digest": blob.digest, "width": blob.width, "height": blob.height}


def _layer(layer: EvidenceLayer) -> Json:
    rows, columns = layer.grid.shape
    return {
        "finding": layer.finding,
        "name": layer.name,
        "consensus": layer.name == CONSENSUS,
        "rows": rows,
        "columns": columns,
        "cells": [round(float(cell), 4) for cell in layer.grid.ravel()],
        "extent": _box(layer.extent),
        "seen": _box(layer.seen) if layer.seen is not None else None,
        "limit": float(layer.limit),
        "epsilon": float(layer.epsilon),
        "unit": layer.unit or None,
        "positive": layer.positive,
        "outside": float(layer.outside_share) if layer.outside_share > OUTSIDE_NOTE else None,
    }


def _finding(key: str) -> Json:
    finding = FINDINGS.get(key)
    return {
        "key": key,
        "short": finding.short if finding else key.upper(),
        "name": finding.name if finding else key,
        "colour": FINDING_COLOURS.get(key, "#999999"),
    }


def _box(box: Box) -> list[float]:
    """Left, top, right, bottom: the order of the browser's drawing calls."""
    return [float(box.left), float(box.top), float(box.right), float(box.bottom)]
